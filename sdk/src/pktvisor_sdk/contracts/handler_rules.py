"""What a stream handler promises. Each rule's first line is the promise as a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from pktvisor import PolicySettings
from pktvisor.exposition.json import bucket_json, dumps
from pktvisor.exposition.prometheus import prometheus_text
from pktvisor.metrics import Bucket
from pktvisor_sdk.captures import START_NS
from pktvisor_sdk.contracts.bench import HandlerBench, figures
from pktvisor_sdk.contracts.broken import BrokenContractError, demand
from pktvisor_sdk.traffic import hostile_frames, sample_frames

__all__ = ["RULES"]

_CUTS = ((1,), (7, 8, 300), (100, 200, 300, 400, 500), tuple(range(0, 600, 37)))
_MOST_STATE_BYTES = 64 << 20
_FLOOD = 20_000


def counts_something(bench: HandlerBench) -> None:
    """Ordinary traffic changes at least one metric."""
    with_traffic, without = bench.run()[0], bench.run([])[0]
    demand(
        _without_period(with_traffic) != _without_period(without),
        "600 packets of DNS, TCP, UDP, ICMP and ARP left every metric as it was;"
        " is update() called with what the handler accepts, and its group on?",
    )


def cutting_changes_nothing(bench: HandlerBench) -> None:
    """Cutting the stream into other batches gives the same figures."""
    whole = figures(bench.run()[0])
    for places in _CUTS:
        cut = figures(bench.run(bench.cut(places))[0])
        demand(
            cut == whole,
            f"batches cut before rows {places[:6]} give other figures: {_difference(whole, cut)};"
            " keep state between batches in the handler, not in the batch",
        )


def empty_batches_are_harmless(bench: HandlerBench) -> None:
    """A batch without rows changes nothing."""
    whole = bench.batch(bench.frames)
    plain = figures(bench.run([whole])[0])
    padded = figures(bench.run([whole.slice(0, 0), whole, whole.slice(5, 5)])[0])
    demand(padded == plain, f"empty batches change figures: {_difference(plain, padded)}")


def hostile_rows_do_no_harm(bench: HandlerBench) -> None:
    """No bytes make update() raise."""
    for seed in range(3):
        snapshot = bench.snapshot([bench.batch(hostile_frames(seed=seed))])
        demand(snapshot.problem is None, f"hostile packets made it fail: {snapshot.problem}")


def batches_stay_untouched(bench: HandlerBench) -> None:
    """The handler writes to no column and keeps no view of one."""
    batch = bench.batch(bench.frames)
    before = {name: batch.column(name).copy() for name in batch.columns}
    snapshot = bench.snapshot([batch])
    demand(snapshot.problem is None, f"update() failed: {snapshot.problem}")
    for name, values in before.items():
        demand(np.array_equal(batch.column(name), values), f"column {name!r} was changed")


def later_periods_add_up(bench: HandlerBench) -> None:
    """Merging two periods counts what both counted."""
    half = len(bench.frames) // 2
    first = bench.run([bench.batch(bench.frames[:half])])[0]
    second = bench.run([bench.batch(bench.frames[half:])])[0]
    _merges(first, second, parallel=False)


def parallel_shards_add_up(bench: HandlerBench) -> None:
    """Merging two shards of one period counts what both counted."""
    first = bench.run([bench.batch(bench.frames[::2])])[0]
    second = bench.run([bench.batch(bench.frames[1::2])])[0]
    _merges(first, second, parallel=True)


def merging_is_associative(bench: HandlerBench) -> None:
    """Merging three buckets gives the same counts however they are paired."""
    third = len(bench.frames) // 3
    parts = [
        bench.run([bench.batch(bench.frames[i * third : (i + 1) * third])])[0] for i in range(3)
    ]
    kind = type(parts[0])
    left = kind.merged([kind.merged(parts[:2]), parts[2]])
    right = kind.merged([parts[0], kind.merged(parts[1:])])
    demand(
        figures(left) == figures(right),
        f"(a+b)+c and a+(b+c) differ: {_difference(figures(left), figures(right))}",
    )


def periods_shift(bench: HandlerBench) -> None:
    """A minute later a new bucket begins and the old one keeps its figures."""
    frames = sample_frames(200, seconds=10)
    later = [
        (at + 65 * 10**9, frame) for at, frame in _timed(sample_frames(200, seed=9, seconds=10))
    ]
    buckets = bench.run([bench.batch(frames), bench.batch(later)], PolicySettings(periods=3))
    demand(len(buckets) == 2, f"two minutes of traffic gave {len(buckets)} buckets")
    alone = bench.run([bench.batch(frames)])[0]
    demand(
        _counters(buckets[1]) == _counters(alone),
        "the sealed bucket differs from a run without the second minute:"
        f" {_difference(_counters(alone), _counters(buckets[1]))};"
        " count into the bucket update() is given, not one kept from before",
    )


def memory_is_bounded(bench: HandlerBench) -> None:
    """Twenty thousand different addresses and names do not grow the state without end."""
    import tracemalloc

    small = bench.batch(_flood(200))
    bench.run([small])
    batches = [bench.batch(_flood(2000, start)) for start in range(0, _FLOOD, 2000)]
    tracemalloc.start()
    try:
        bench.run(batches)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    demand(
        peak < _MOST_STATE_BYTES,
        f"{_FLOOD} distinct packets took {peak >> 20} MiB; allowed are {_MOST_STATE_BYTES >> 20}:"
        " use TopN, Cardinality or a table with an eviction, not a dict that traffic fills",
    )


def travels_unchanged(bench: HandlerBench) -> None:
    """A bucket that is sent as bytes shows, and merges to, what the one it was made of does."""
    for bucket in (bench.run([])[0], bench.run()[0]):
        kind = type(bucket)
        try:
            arrived = kind.from_bytes(bucket.to_bytes(b""), b"")
        except (TypeError, ValueError) as error:
            raise BrokenContractError(f"its bytes cannot be read back: {error}") from None
        # Places and networks are codes of a database here and text there: merged, both are text.
        there, here = figures(arrived), figures(bucket)
        demand(there == here, f"sent as bytes it differs: {_difference(here, there)}")
        both, twice = (figures(kind.merged([b, arrived])) for b in (bucket, arrived))
        demand(both == twice, f"merged after travelling it differs: {_difference(both, twice)}")


def renders_as_json(bench: HandlerBench) -> None:
    """Its figures render as JSON, before and after traffic."""
    for bucket in (bench.run([])[0], bench.run()[0]):
        text = dumps(bucket_json(bucket))
        json.loads(text, parse_constant=_no_json)


def _no_json(word: str) -> None:
    raise BrokenContractError(f"{word} is among the figures, which JSON does not know")


def renders_for_prometheus(bench: HandlerBench) -> None:
    """Its figures render as Prometheus text that a parser reads."""
    from prometheus_client.parser import text_string_to_metric_families

    text = prometheus_text([(bench.run()[0], {"policy": "contract"})])
    families = list(text_string_to_metric_families(text))
    for family in families:
        demand(
            bool(family.documentation),
            f"family {family.name} has no help text: describe the metric",
        )


RULES: tuple[Callable[[HandlerBench], None], ...] = (
    counts_something,
    cutting_changes_nothing,
    empty_batches_are_harmless,
    hostile_rows_do_no_harm,
    batches_stay_untouched,
    later_periods_add_up,
    parallel_shards_add_up,
    merging_is_associative,
    periods_shift,
    memory_is_bounded,
    travels_unchanged,
    renders_as_json,
    renders_for_prometheus,
)


def _merges(first: Bucket, second: Bucket, *, parallel: bool) -> None:
    before = _counters(first), _counters(second)
    merged = _counters(type(first).merged([first, second], parallel=parallel))
    for path, value in merged.items():
        expected = before[0].get(path, 0) + before[1].get(path, 0)
        demand(
            value == expected,
            f"{path}: {before[0].get(path, 0)} and {before[1].get(path, 0)}"
            f" merge to {value}, not {expected}",
        )
    demand((_counters(first), _counters(second)) == before, "merging changed what was merged")


def _counters(bucket: Bucket) -> dict[str, int]:
    """The counters that are shown, by dotted path."""
    return {
        ".".join(shown.path): int(shown.state.to_json())
        for shown in bucket.shown()
        if shown.metric.kind == "counter"
    }


def _without_period(bucket: Bucket) -> dict[str, Any]:
    return {key: value for key, value in bucket_json(bucket).items() if key != "period"}


def _difference(left: Any, right: Any, path: str = "") -> str:
    """The first place where two figures differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}, key=str):
            if left.get(key) != right.get(key):
                return _difference(left.get(key), right.get(key), f"{path}.{key}" if path else key)
    return f"{path}: {str(left)[:80]} and {str(right)[:80]}"


def _timed(frames: list[Any]) -> list[tuple[int, bytes]]:
    return [f if isinstance(f, tuple) else (START_NS, f) for f in frames]


def _flood(count: int, start: int = 0) -> list[tuple[int, bytes]]:
    from pktvisor_sdk import dns
    from pktvisor_sdk.frames import udp_frame

    return [
        (
            START_NS + n * 100_000,
            udp_frame(
                f"172.{16 + (n >> 16 & 15)}.{n >> 8 & 255}.{n & 255}",
                "10.0.0.1",
                1024 + n % 60000,
                53,
                dns.query(f"n{n}.example.org", identifier=n & 0xFFFF),
            ),
        )
        for n in range(start, start + count)
    ]
