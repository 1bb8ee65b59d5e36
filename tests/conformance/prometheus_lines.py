"""Compare two Prometheus texts: families, types, labels and values."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

__all__ = ["text_differences"]

Key = tuple[str, tuple[tuple[str, str], ...]]
Lines = dict[Key, float]

_TIED = "estimates of a list, whose ties the original breaks by chance"


def text_differences(ours: str, theirs: str) -> Iterator[str]:
    """Where our text differs from the original's; nothing where it says the same.

    Families have the same names and types, and lines the same labels and values: integers equal,
    cardinalities, and quantiles of up to 200 values, within 3 %. Left out are quantiles and
    ranges of more (those of the JSON are compared), rates (the original samples the seconds of
    the clock) and `_sum` (where the original shows the largest value instead).
    """
    mine, other = _families(ours), _families(theirs)
    for name in sorted({*mine, *other}):
        if "_rates_" in name or name.endswith("_rates"):
            continue
        if name not in mine or name not in other:
            yield f"{name}: only in {'theirs' if name in other else 'ours'}"
        elif mine[name].type != other[name].type:
            yield f"{name}: type {mine[name].type}, theirs {other[name].type}"
        else:
            yield from _family_differences(name, mine[name], other[name])


def _families(text: str) -> dict[str, Family]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def _family_differences(name: str, ours: Family, theirs: Family) -> Iterator[str]:
    mine, other = _lines(ours), _lines(theirs)
    if "_top_" in name:
        shapes = [
            sorted((tuple(sorted(dict(labels))), value) for (_, labels), value in lines.items())
            for lines in (mine, other)
        ]
        if shapes[0] != shapes[1]:
            yield f"{name}: {_TIED}: {shapes[0]}, theirs {shapes[1]}"
        return
    for key in sorted({*mine, *other}):
        if key[0].endswith("_sum") or _many(key, mine):
            continue
        if key not in mine or key not in other:
            yield f"{key}: only in {'theirs' if key in other else 'ours'}"
        elif mine[key] != other[key] and not (
            (ours.type == "summary" or "cardinality" in name)
            and abs(mine[key] - other[key]) <= 0.03 * max(abs(other[key]), 1)
        ):
            yield f"{key}: {mine[key]}, theirs {other[key]}"


def _many(key: Key, lines: Lines) -> bool:
    """Whether a line is a quantile or range of more than 200 values, which sketches guess at."""
    rest = tuple(label for label in key[1] if label[0] not in ("quantile", "le"))
    count = lines.get((f"{key[0].removesuffix('_bucket')}_count", rest), 0)
    return len(rest) < len(key[1]) and count > 200


def _lines(family: Family) -> Lines:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for sample in family.samples
    }
