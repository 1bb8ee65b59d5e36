"""What states are made of when they travel: plain values, checked when they come back."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from pktvisor.batches import Array

__all__ = [
    "Plain", "column_bytes", "entries", "integer", "number", "read_column", "read_sketch",
    "sketch_bytes", "texts",
]  # fmt: skip

Plain: TypeAlias = "int | float | str | bytes | list[Plain] | dict[str, Plain] | None"

_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


def integer(value: object, least: int = _LEAST, most: int = _MOST) -> int:
    """An integer of 64 bits, by default; ValueError for anything else or outside the bounds."""
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{value!r:.40} is not an integer from {least} to {most}")
    return value


def number(value: object) -> float:
    """A number, infinite ones included; ValueError for anything else."""
    if type(value) not in (int, float):
        raise ValueError(f"{value!r:.40} is not a number")
    return value  # type: ignore[return-value]


def entries(value: object, *names: str) -> list[Any]:
    """The values of a dict that has exactly these names, in their order; ValueError otherwise."""
    if not isinstance(value, dict) or set(value) != set(names):
        raise ValueError(f"{value!r:.40} is not an object of {', '.join(names)}")
    return [value[name] for name in names]


def texts(value: object, most: int, longest: int) -> list[str]:
    """A list of at most `most` texts of `longest` bytes; ValueError for anything else."""
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"{value!r:.40} is not a list of texts")
    if len(value) > most:
        raise ValueError(f"{len(value)} texts; allowed are {most}")
    if any(len(text.encode(errors="replace")) > longest for text in value):
        raise ValueError(f"a text of more than {longest} bytes")
    return value


def column_bytes(values: Array) -> bytes:
    """A column of integers, eight bytes each, little endian."""
    return values.astype("<i8").tobytes()


def read_column(value: object, most: int, least: int = 0) -> Array:
    """The integers of `column_bytes`, none below `least`; ValueError for more than `most`."""
    if not isinstance(value, bytes) or len(value) % 8 or len(value) > 8 * most:
        raise ValueError(f"{value!r:.40} is not a column of up to {most} integers")
    found = np.frombuffer(value, "<i8").astype(np.int64)
    if len(found) and int(found.min()) < least:
        raise ValueError(f"a column with {int(found.min())}; allowed is {least} or more")
    if found.astype(np.float64).sum() > _MOST // 2:
        raise ValueError("a column whose sum is beyond 64 bits")
    return found


def sketch_bytes(sketch: Any) -> bytes | None:
    """A sketch as Apache DataSketches writes it; None for none."""
    return None if sketch is None else bytes(sketch.serialize())


def read_sketch(kind: Any, value: object) -> Any:
    """The sketch of a class of `datasketches` in `sketch_bytes`; ValueError when it is broken."""
    if value is None:
        return None
    if not isinstance(value, bytes):
        raise ValueError(f"{value!r:.40} is not a sketch")
    try:
        return kind.deserialize(value)
    except Exception as error:  # the library raises several kinds for bytes it cannot use
        raise ValueError(f"broken {kind.__name__}: {error!s:.80}") from None
