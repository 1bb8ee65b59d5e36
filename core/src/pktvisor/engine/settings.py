"""Settings of taps, policies and handlers as the engine takes them, checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from pktvisor.streams import HandlerSpec

__all__ = ["HandlerChoice", "Limits", "PolicySettings", "build_config"]

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
    times within `errors_within_s` seconds is stopped; 0 errors: never.
    """

    queue_bytes: int = 64 << 20
    errors: int = 10
    errors_within_s: int = 60

    def __post_init__(self) -> None:
        for name, low in (("queue_bytes", 1 << 20), ("errors", 0), ("errors_within_s", 1)):
            value = getattr(self, name)
            if value < low:
                raise ValueError(f"{name} {value} is out of range; allowed is {low} or more")


def build_config(where: str, kind: type, values: Mapping[str, Any]) -> Any:
    """An instance of a plugin's config dataclass; ValueError names the key and what is allowed."""
    assert is_dataclass(kind)
    allowed = [field.name for field in fields(kind)]
    for key in values:
        if key not in allowed:
            raise ValueError(
                f"{where}: unknown key {key!r}; allowed are {', '.join(allowed) or 'none'}"
            )
    types = {field.name: str(field.type) for field in fields(kind)}
    if all(
        types[key] == "Any" or type(value) is _PLAIN.get(types[key])
        for key, value in values.items()
    ):
        try:
            return kind(**values)  # nothing to convert: spares the import of pydantic
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {place}: {first['msg']}, not {first['input']!r}") from None
