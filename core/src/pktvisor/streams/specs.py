"""What plugins declare: frozen descriptions of input streams and stream handlers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pktvisor.batches import Table
from pktvisor.metrics import Bucket

__all__ = [
    "API_VERSION",
    "Factory",
    "HandlerSpec",
    "InputSpec",
    "NoSettings",
    "SinkSpec",
    "resolve",
]

API_VERSION = 1

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_VERSION = re.compile(r"\d+\.\d+\Z")

Factory = Callable[..., Any] | str


def _check(kind: str, name: str, version: str, factory: Factory) -> None:
    if not _NAME.match(name):
        raise ValueError(
            f"{kind} name {name!r}: allowed are lower-case letters, digits and _, a letter first"
        )
    if not _VERSION.match(version):
        raise ValueError(f"{kind} {name!r}: version {version!r} is not of the form 1.0")
    if isinstance(factory, str) and factory.count(":") != 1:
        raise ValueError(f"{kind} {name!r}: factory {factory!r} is not of the form module:object")


def resolve(factory: Factory) -> Callable[..., Any]:
    """The callable behind a factory; a `module:object` string is imported now."""
    if not isinstance(factory, str):
        return factory
    module, _, name = factory.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


@dataclass(repr=False)
class NoSettings:
    """The config of a type that has no settings."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class InputSpec:
    """An input stream type.

    `factory(config, context)` makes an `InputStream`; `config` is a dataclass that describes and
    checks its settings; `emits` is the batch type of its batches. `file_key` is the config key that
    takes a file's path, if it reads files; among several inputs that do, the lowest `preference`
    is the default.
    """

    name: str
    version: str
    config: type = NoSettings
    factory: Factory
    emits: type[Table]
    file_key: str = ""
    preference: int = 100
    doc: str = ""
    api_version: int = API_VERSION

    def __post_init__(self) -> None:
        _check("input", self.name, self.version, self.factory)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class HandlerSpec:
    """A stream handler type.

    `factory(config, context)` makes a `StreamHandler`; `bucket` declares its metrics; `accepts`
    lists the batch types it reads, or what they are kinds of; `needs` the names of the stages whose
    tables it reads. With a `companion` word the agent gives each new stream one such handler, as
    policy `<stream>-<word>`. `reflects` names metrics of the bucket that are shown, period by
    period, where the API describes a handler.
    """

    name: str
    version: str
    config: type = NoSettings
    bucket: type[Bucket]
    factory: Factory
    accepts: tuple[type[Table], ...]
    needs: frozenset[str] = frozenset()
    doc: str = ""
    api_version: int = API_VERSION
    companion: str = ""
    reflects: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check("handler", self.name, self.version, self.factory)
        if not self.accepts:
            raise ValueError(f"handler {self.name!r}: accepts names no batch type")
        if not re.match(r"[a-zA-Z_][a-zA-Z0-9_]*\Z", self.bucket.schema):
            raise ValueError(
                f"handler {self.name!r}: bucket schema {self.bucket.schema!r} is not a name"
            )
        for name in self.reflects:
            if name not in self.bucket.metrics:
                raise ValueError(f"handler {self.name!r}: bucket has no metric {name!r} to reflect")

    def reads(self, batch: type[Table]) -> bool:
        """Whether the handler reads batches of a type."""
        return issubclass(batch, self.accepts)

    def mismatch(self, source: InputSpec) -> str:
        """Why the handler cannot be attached to an input."""
        return (
            f"handler {self.name!r} does not read {source.emits.__name__}, which input"
            f" {source.name!r} emits; it reads {', '.join(kind.__name__ for kind in self.accepts)}"
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SinkSpec:
    """A sink type: `factory(config)` makes a `Sink`, which gets every bucket when it is sealed."""

    name: str
    version: str
    config: type = NoSettings
    factory: Factory
    doc: str = ""
    api_version: int = API_VERSION

    def __post_init__(self) -> None:
        _check("sink", self.name, self.version, self.factory)
