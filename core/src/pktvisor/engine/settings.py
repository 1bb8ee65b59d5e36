"""Settings of taps, policies and handlers as the engine takes them, checked before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from pktvisor.policies.errors import ConfigError, shown
from pktvisor.streams import HandlerSpec, InputSpec, SinkSpec

__all__ = [
    "HandlerChoice",
    "HandlerPlan",
    "Limits",
    "PolicyPlan",
    "PolicySettings",
    "SinkPlan",
    "StreamPlan",
    "build_config",
    "config_keys",
]

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_PLAIN = {"str": str, "bool": bool, "int": int}

HandlerChoice = str | HandlerSpec | tuple[str | HandlerSpec, Mapping[str, Any]]


@dataclass(frozen=True)
class PolicySettings:
    """How a policy keeps time and samples: 1-10 periods, deep sampling 1-100 percent, top-N size."""

    periods: int = 5
    deep_sample_rate: int = 100
    top_n_count: int = 10
    top_n_percentile: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("periods", 1, 10),
            ("deep_sample_rate", 1, 100),
            ("top_n_count", 1, 6144),
            ("top_n_percentile", 0, 100),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} {value} is out of range; allowed is {low} to {high}")


@dataclass(frozen=True)
class Limits:
    """Bounds of each stream.

    `queue_bytes` of batches may wait between capture and handlers. A handler that raises `errors`
    times within `errors_within_s` seconds is stopped; 0 errors: never. Who asks an agent for figures
    waits at most `answer_s` seconds for the batch under way.
    """

    queue_bytes: int = 64 << 20
    errors: int = 10
    errors_within_s: int = 60
    answer_s: float = 5.0

    def __post_init__(self) -> None:
        for name, low in (
            ("queue_bytes", 1 << 20),
            ("errors", 0),
            ("errors_within_s", 1),
            ("answer_s", 0),
        ):
            value = getattr(self, name)
            if value < low:
                raise ValueError(f"{name} {value} is out of range; allowed is {low} or more")


class HandlerPlan(NamedTuple):
    """One handler instance to be: its name, its checked config, how it keeps time, its groups.

    `shown` is the configuration as it was written, for whoever asks.
    """

    name: str
    spec: HandlerSpec
    config: Any
    settings: PolicySettings
    groups: frozenset[str]
    shown: Mapping[str, Any] = _NOTHING


class StreamPlan(NamedTuple):
    """What a policy does with one stream: chains of handlers, most of them of one handler.

    The stream is made from `config` unless one of that name is there already.
    """

    name: str
    tap: str
    spec: InputSpec
    config: Any
    chains: tuple[tuple[HandlerPlan, ...], ...]
    shown: Mapping[str, Any] = _NOTHING

    @property
    def handlers(self) -> list[HandlerPlan]:
        """All handlers, first to last in each chain."""
        return [plan for chain in self.chains for plan in chain]


class SinkPlan(NamedTuple):
    """A sink to be: its name and its checked config."""

    name: str
    spec: SinkSpec
    config: Any


class PolicyPlan(NamedTuple):
    """A policy whose every part is checked. `companion` is one the agent adds to a new stream."""

    name: str
    streams: tuple[StreamPlan, ...]
    merge_like_handlers: bool = False
    companion: bool = False


def config_keys(kind: type) -> list[str]:
    """The keys a config dataclass takes, in the order it declares them."""
    assert is_dataclass(kind)
    return [f.name for f in fields(kind) if not f.metadata.get("rest")]


def build_config(where: str, kind: type, values: Mapping[str, Any]) -> Any:
    """An instance of a plugin's config dataclass; ConfigError names the key and what is allowed.

    A field with `rest` in its metadata takes all keys that are not fields, as a mapping.
    """
    assert is_dataclass(kind)
    allowed = config_keys(kind)
    rest = [f.name for f in fields(kind) if f.metadata.get("rest")]
    values = dict(values)
    if rest:
        others = {key: values.pop(key) for key in list(values) if key not in allowed}
        values[rest[0]] = others
    for key in values:
        if key not in allowed and key not in rest:
            raise ConfigError(
                f"{where}: unknown key {shown(key)}; allowed are {', '.join(allowed) or 'none'}",
                key=key,
            )
    types = {f.name: str(f.type) for f in fields(kind)}
    for key, value in values.items():
        _check_type(where, key, types[key], value)
    try:
        if all(
            types[key] == "Any" or type(value) is _PLAIN.get(types[key])
            for key, value in values.items()
        ):
            return kind(**values)  # nothing to convert: spares the import of pydantic
        return _converted(where, kind, values)
    except ConfigError:
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise ConfigError(f"{where}: {error}", key=_named(str(error), values)) from None


def _named(text: str, values: Mapping[str, Any]) -> str:
    """The key an error text begins with, if it does."""
    word = re.match(r"\w*", text)
    return word[0] if word is not None and word[0] in values else ""


def _check_type(where: str, key: str, annotation: str, value: Any) -> None:
    """Refuse what conversion would let pass: a flag for a number, a number for a flag."""
    plain = _PLAIN.get(annotation.removesuffix("| None").strip())
    if plain is not None and value is not None and type(value) is not plain:
        words = {str: "text", bool: "true or false", int: "an integer"}
        raise ConfigError(f"{where}: {key} must be {words[plain]}, not {shown(value)}", key=key)


def _converted(where: str, kind: type, values: Mapping[str, Any]) -> Any:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        cause = first.get("ctx", {}).get("error")
        said = str(cause) if cause is not None else f"{first['msg']}, not {shown(first['input'])}"
        key = str(first["loc"][0]) if first["loc"] else _named(said, values)
        said = f"{place}: {said}" if place else said
        raise ConfigError(f"{where}: {said}", key=key) from None
