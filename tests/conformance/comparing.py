"""Compare two summaries figure by figure, each kind by the rule that fits it.

Integers are equal. Cardinalities are within 3 %. Lists of top items have the same estimates, and
the same names above the lowest estimate shown: which of those that tie there are shown is open.
Quantiles are equal while the sketch holds every value (up to 200), else each is within the rank
error of the sketch, against the true values.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EXACT_UP_TO = 200
RANK_ERROR = 0.0165
CARDINALITY_ERROR = 0.03
RANKS = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}

# The true values behind a quantile metric, sorted, by the metric's path.
Truth = Callable[[str], Sequence[float]]


@dataclass(frozen=True)
class Finding:
    """One figure: `verdict` is `equal`, `within` its tolerance, or `different`."""

    path: str
    theirs: Any
    ours: Any
    verdict: str


def compare(theirs: Any, ours: Any, truth: Truth, path: str = "") -> Iterator[Finding]:
    """A finding for every figure either side has."""
    name = path.rpartition(".")[2]
    if theirs == ours and not isinstance(theirs, Mapping):
        yield Finding(path, theirs, ours, "equal")
    elif isinstance(theirs, Mapping) or isinstance(ours, Mapping):
        theirs, ours = theirs or {}, ours or {}
        if "p50" in {*theirs, *ours}:
            yield _quantiles(theirs, ours, truth, path)
            return
        for key in sorted({*theirs, *ours}):
            below = f"{path}.{key}" if path else key
            yield from compare(theirs.get(key), ours.get(key), truth, below)
    elif theirs is None or ours is None:
        yield Finding(path, theirs, ours, "different")
    elif ".cardinality." in path:
        near = abs(theirs - ours) <= math.ceil(CARDINALITY_ERROR * theirs)
        yield Finding(path, theirs, ours, "within" if near else "different")
    elif name.startswith("top_"):
        yield Finding(path, theirs, ours, "within" if same_top(theirs, ours) else "different")
    else:
        yield Finding(path, theirs, ours, "different")


def same_top(theirs: Sequence[Mapping[str, Any]], ours: Sequence[Mapping[str, Any]]) -> bool:
    """Whether two lists of top items say the same, ties at the end aside."""
    left, right = ([(item["name"], item["estimate"]) for item in side] for side in (theirs, ours))
    if sorted(e for _, e in left) != sorted(e for _, e in right):
        return False
    cut = min((estimate for _, estimate in left), default=0)
    return {item for item in left if item[1] > cut} == {item for item in right if item[1] > cut}


def rank_error(values: Sequence[float], value: float, rank: float) -> float:
    """How far the ranks that `value` has among sorted values are from `rank`."""
    low, high = (side(values, value) / len(values) for side in (bisect_left, bisect_right))
    return max(low - rank, rank - high, 0.0)


def _quantiles(
    theirs: Mapping[str, Any], ours: Mapping[str, Any], truth: Truth, path: str
) -> Finding:
    if theirs == ours:
        return Finding(path, theirs, ours, "equal")
    values = truth(path) if theirs and ours else ()
    near = len(values) > EXACT_UP_TO and all(
        rank_error(values, ours[key], rank) <= RANK_ERROR for key, rank in RANKS.items()
    )
    return Finding(path, theirs, ours, "within" if near else "different")
