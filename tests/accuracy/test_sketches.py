"""How near the estimates are to the truth over a million events; each test prints what it found.

The bounds are those people may rely on: distinct keys within 2 % (root mean square, three times
that for any one set), nine of the ten heaviest keys, quantiles within 1.65 % of rank; and the same
for periods that were merged.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pktvisor.batches import Array
from pktvisor.metrics import (
    Addresses,
    Bucket,
    Cardinality,
    MetricSettings,
    Quantiles,
    Rate,
    Seconds,
    Texts,
    TopN,
    ipv4_text,
)

pytestmark = pytest.mark.slow

EVENTS = 1_000_000
BATCH = 16384
RANKS = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
NS = 1_000_000_000


class _Bucket(Bucket):
    addresses = Cardinality("addresses", "distinct addresses")
    names = Cardinality("names", "distinct names")
    top_addresses = TopN("top_addresses", "heaviest addresses", label="ip", describe=ipv4_text)
    top_names = TopN("top_names", "heaviest names", label="name")
    times = Quantiles("times", "times", unit="us")
    rate = Rate("rate", "events per second")


Feed = Callable[[_Bucket, slice], None]


def _filled(feed: Feed, periods: int) -> _Bucket:
    """All events, in batches, in so many periods that are sealed and merged, newest first."""
    buckets = []
    for period in range(periods):
        bucket = _Bucket(MetricSettings())
        low, high = period * EVENTS // periods, (period + 1) * EVENTS // periods
        for start in range(low, high, BATCH):
            feed(bucket, slice(start, min(start + BATCH, high)))
        for state in bucket.states.values():
            state.seal()
        buckets.append(bucket)
    return _Bucket.merged(reversed(buckets))


def _addresses(numbers: Array) -> Addresses:
    """A different IPv4 address for each number, all over the address space."""
    spread = numbers.astype(np.uint64) * np.uint64(2654435761) & np.uint64(0xFFFFFFFF)
    return Addresses(np.full(len(numbers), 4, np.uint8), np.zeros(len(numbers), np.uint64), spread)


def _names(numbers: Array) -> Texts:
    """A different name for each number."""
    encoded = [b"host-%d.example.org" % number for number in range(int(numbers.max()) + 1)]
    length = np.array([len(name) for name in encoded], np.int32)
    offset = np.cumsum(length, dtype=np.int64) - length
    arena = np.frombuffer(b"".join(encoded), np.uint8)
    return Texts(arena, offset[numbers], length[numbers], np.arange(len(numbers)))


def _zipf(seed: int, distinct: int, exponent: float) -> Array:
    """EVENTS numbers below `distinct`, the n-th most frequent 1 / n**exponent as often."""
    weights = 1.0 / np.arange(1, distinct + 1) ** exponent
    rng = np.random.default_rng(seed)
    return rng.permutation(distinct)[rng.choice(distinct, EVENTS, p=weights / weights.sum())]


@pytest.mark.parametrize("periods", [1, 5])
@pytest.mark.parametrize("kind", ["addresses", "names"])
def test_distinct_keys_are_estimated_within_two_percent(kind: str, periods: int) -> None:
    errors = []
    for seed, distinct in enumerate((1_500, 10_000, 50_000, 100_000, 300_000, 600_000) * 2):
        numbers = np.random.default_rng(seed).integers(0, distinct, EVENTS)
        keys = _addresses(numbers) if kind == "addresses" else _names(numbers)

        def feed(bucket: _Bucket, part: slice, keys: Addresses | Texts = keys) -> None:
            getattr(bucket, kind).add(keys, np.arange(part.start, part.stop))

        estimate = getattr(_filled(feed, periods), kind).estimate
        errors.append(estimate / len(np.unique(numbers)) - 1)
    spread = float(np.sqrt(np.mean(np.square(errors))))
    print(f"{kind}, {periods} periods: rms {spread:.2%}, worst {max(map(abs, errors)):.2%}")
    assert spread <= 0.02
    assert max(map(abs, errors)) <= 0.06


@pytest.mark.parametrize("periods", [1, 5])
def test_a_million_different_keys_are_estimated_within_six_percent(periods: int) -> None:
    keys = _addresses(np.arange(EVENTS))

    def feed(bucket: _Bucket, part: slice) -> None:
        bucket.addresses.add(keys, np.arange(part.start, part.stop))

    error = _filled(feed, periods).addresses.estimate / EVENTS - 1
    print(f"a million addresses, {periods} periods: {error:+.2%}")
    assert abs(error) <= 0.06


@pytest.mark.parametrize("periods", [1, 5])
@pytest.mark.parametrize("kind", ["top_addresses", "top_names"])
def test_nine_of_the_ten_heaviest_of_many_keys_are_found(kind: str, periods: int) -> None:
    """200,000 keys, 33 times what the table holds, the heaviest with a few percent of the events."""
    numbers = _zipf(7, 200_000, 0.9)
    rows = np.arange(EVENTS)
    addresses, names = _addresses(numbers), _names(numbers)

    def feed(bucket: _Bucket, part: slice) -> None:
        if kind == "top_addresses":
            bucket.top_addresses.add_addresses(addresses, rows[part])
        else:
            bucket.top_names.add_texts(names, rows[part])

    counts = np.bincount(numbers)
    true = np.argsort(-counts, kind="stable")[:10]
    if kind == "top_addresses":
        lows = _addresses(true).lo.tolist()
        expected = {
            ipv4_text((0, low, b"")): int(n) for low, n in zip(lows, counts[true], strict=True)
        }
    else:
        expected = {f"host-{n}.example.org": int(counts[n]) for n in true.tolist()}
    found = dict(getattr(_filled(feed, periods), kind).estimates(10))
    hits = expected.keys() & found.keys()
    off = max(abs(found[key] / expected[key] - 1) for key in hits)
    print(f"{kind}, {periods} periods: {len(hits)} of 10, counts within {off:.2%}")
    assert len(hits) >= 9
    assert all(found[key] >= expected[key] for key in hits), "an estimate is an upper bound"
    assert off <= 0.05


@pytest.mark.parametrize("periods", [1, 5])
def test_quantiles_are_within_their_rank_error(periods: int) -> None:
    values = np.random.default_rng(3).lognormal(9, 1.5, EVENTS).astype(np.int64)

    def feed(bucket: _Bucket, part: slice) -> None:
        bucket.times.add(values[part])

    shown = _filled(feed, periods).times.to_json()
    assert shown is not None
    ordered = np.sort(values)
    errors = []
    for name, rank in RANKS.items():
        low = np.searchsorted(ordered, shown[name], "left") / EVENTS
        high = np.searchsorted(ordered, shown[name], "right") / EVENTS
        errors.append(max(low - rank, rank - high, 0.0))
    print(f"quantiles, {periods} periods: rank error {max(errors):.2%}")
    assert max(errors) <= 0.0165


@pytest.mark.parametrize("periods", [1, 5])
def test_rates_of_an_hour_are_exact(periods: int) -> None:
    """3,000 seconds: each has its own count, so every quantile is that of the true counts."""
    seconds = np.sort(np.random.default_rng(5).integers(0, 3_000, EVENTS)) + 1_700_000_000

    def feed(bucket: _Bucket, part: slice) -> None:
        runs = Seconds.of(seconds[part] * NS)
        bucket.rate.add(runs.seconds, runs.count())

    ordered = np.sort(np.bincount(seconds - seconds[0]))
    expected = {
        name: int(ordered[int(np.ceil(rank * len(ordered))) - 1]) for name, rank in RANKS.items()
    }
    assert _filled(feed, periods).rate.to_json() == expected
