"""Read YAML (and so JSON) that resolves nothing: maps, lists and text.

The loader follows the parser's events with a stack of its own, so that depth is bounded before
anything recurses. It refuses what a configuration has no use for and an attacker has: aliases
(documents that unfold to gigabytes), keys given twice, more than 32 levels or 256 KiB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from pktvisor.policies.errors import ConfigError, Path, shown

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Loaded", "load"]

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Loaded:
    """A document as nested dicts, lists and text; `lines` says on which line each value stands."""

    value: Any
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int | None:
        """The line (from 1) of a value, or of what is nearest above it.

        In a list of maps, a name stands for the item that has it.
        """
        place: Path = ()
        value = self.value
        for part in path:
            if isinstance(value, list) and isinstance(part, str):
                owners = [
                    n for n, item in enumerate(value) if isinstance(item, dict) and part in item
                ]
                if not owners:
                    break
                place, value = (*place, owners[0]), value[owners[0]]
            if (*place, part) not in self.lines:
                break
            place, value = (*place, part), value[part]
        return self.lines.get(place)


@dataclass
class _Frame:
    """A map or list that is being read; `key` is a map's key whose value is still to come."""

    value: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None


@dataclass
class _Builder:
    frames: list[_Frame] = field(default_factory=list)
    lines: dict[Path, int] = field(default_factory=dict)
    documents: int = 0
    root: Any = None

    def take(self, event: yaml.Event) -> None:
        mark = event.start_mark
        line = 0 if mark is None else mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f"line {line}: aliases are not allowed", self._place())
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise ConfigError(f"line {line}: only one document is allowed")
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(_text(event.value, line), line)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open({}, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open([], line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.frames.pop()

    def _place(self) -> Path:
        """Where the next value belongs."""
        if not self.frames:
            return ()
        top = self.frames[-1]
        if isinstance(top.value, list):
            return (*top.path, len(top.value))
        return top.path if top.key is None else (*top.path, top.key)

    def _scalar(self, text: str, line: int) -> None:
        top = self.frames[-1] if self.frames else None
        if top is None or top.key is not None or isinstance(top.value, list):
            self._put(text, line)
        elif text in top.value:
            raise ConfigError(f"line {line}: key {shown(text)} is there twice", top.path)
        else:
            top.key = text

    def _open(self, value: dict[str, Any] | list[Any], line: int) -> None:
        if len(self.frames) == MAX_DEPTH:
            raise ConfigError(
                f"line {line}: nested deeper than {MAX_DEPTH} levels", self._place()[:4]
            )
        path = self._place()
        top = self.frames[-1] if self.frames else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            raise ConfigError(f"line {line}: an identifier must be a scalar", path)
        self._put(value, line)
        self.frames.append(_Frame(value, path))

    def _put(self, value: Any, line: int) -> None:
        self.lines[self._place()] = line
        if not self.frames:
            self.root = value
            return
        top = self.frames[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        else:
            assert top.key is not None
            top.value[top.key] = value
            top.key = None


def load(data: bytes | str) -> Loaded:
    """Read one document. Raises ConfigError with the line and what is wrong.

    Every scalar is text, quoted or not; `null`, `yes` and `1` too.
    """
    try:
        raw = data if isinstance(data, bytes) else data.encode()
        if len(raw) > MAX_BYTES:
            raise ConfigError(f"{len(raw)} bytes are too many; allowed are {MAX_BYTES}")
        text = raw.decode("utf-8-sig")
    except UnicodeError as error:
        raise ConfigError(f"not UTF-8 text: {error}") from None
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigError(f"{place}not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"not YAML: {error}") from None
    if builder.root is None or builder.root == "":
        raise ConfigError("the document is empty; needed is a map with the key visor")
    return Loaded(builder.root, builder.lines)


def _text(value: str, line: int) -> str:
    """A scalar whose escaped surrogate pairs, as JSON writes them, are joined."""
    try:
        return (
            value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16")
        )
    except UnicodeError:
        raise ConfigError(f"line {line}: text holds half a surrogate pair") from None
