"""What a sink promises. Each rule's first line is the promise as a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from pktvisor import (
    Bucket,
    Cardinality,
    Counter,
    Quantiles,
    Rate,
    SealedBucket,
    Sink,
    SinkSpec,
    TopN,
)
from pktvisor.engine.settings import build_config
from pktvisor.exposition.json import bucket_json
from pktvisor.metrics import MetricSettings, number_text
from pktvisor.streams.specs import resolve
from pktvisor_sdk.captures import START_NS
from pktvisor_sdk.contracts.broken import demand

__all__ = ["RULES", "SinkBench", "sealed_buckets"]

_SECOND = 1_000_000_000


class _SampleBucket(Bucket):
    """One metric of each kind."""

    schema = "sample"

    events = Counter("events", "Events")
    sources = Cardinality("cardinality.sources", "Distinct sources")
    sizes = Quantiles("size", "Sizes", unit="bytes")
    ports = TopN("top_ports", "Top ports", label="port", describe=number_text)
    per_second = Rate("rates.events", "Events a second", unit="events/s")


def sealed_buckets(count: int = 3) -> list[SealedBucket]:
    """Finished periods of a handler, the first without traffic and each busier than the last."""
    found = []
    for number in range(count):
        start_ns = START_NS + 60 * number * _SECOND
        bucket = _SampleBucket(MetricSettings(recorded=False), start_ns)
        column = np.arange(10 * number, dtype=np.uint16)
        bucket.events.add(len(column))
        bucket.ports.add_numbers(column)
        bucket.sizes.add(column)
        seconds = start_ns // _SECOND + column.astype(np.int64)
        bucket.per_second.add(seconds, np.ones(len(column), np.int64))
        bucket.seal(start_ns + 60 * _SECOND)
        found.append(SealedBucket("policy", f"handler-{number % 2}", "1.0", bucket))
    return found


@dataclass
class SinkBench:
    """Opens one sink, configured one way, as often as a rule asks."""

    spec: SinkSpec
    config: Mapping[str, Any]

    @contextmanager
    def open(self) -> Iterator[Sink]:
        """A fresh sink, closed in the end."""
        config = build_config(f"sink {self.spec.name!r}", self.spec.config, self.config)
        sink: Sink = resolve(self.spec.factory)(config)
        try:
            yield sink
        finally:
            sink.close()


def writes_what_is_sealed(bench: SinkBench) -> None:
    """It takes every sealed bucket, one without traffic too."""
    with bench.open() as sink:
        demand(isinstance(sink, Sink), f"the factory made a {type(sink).__name__}, not a Sink")
        for number, sealed in enumerate(sealed_buckets()):
            try:
                sink.write(sealed)
            except Exception as error:
                demand(False, f"write() of bucket {number} raised {type(error).__name__}: {error}")


def leaves_buckets_alone(bench: SinkBench) -> None:
    """It changes nothing in a bucket: the API shows it too."""
    given = sealed_buckets()
    before = [bucket_json(sealed.bucket) for sealed in given]
    with bench.open() as sink:
        for sealed in given:
            sink.write(sealed)
    for number, (sealed, shown) in enumerate(zip(given, before, strict=True)):
        demand(bucket_json(sealed.bucket) == shown, f"write() changed bucket {number}")


def opens_again(bench: SinkBench) -> None:
    """Closed without a write, it can be made again, as after a reload of the configuration."""
    for _ in range(2):
        with bench.open():
            pass


def refuses_unknown_keys(bench: SinkBench) -> None:
    """An unknown key in its config is refused by name."""
    try:
        with SinkBench(bench.spec, {**bench.config, "no_such_key": 1}).open():
            pass
    except ValueError as error:
        demand("no_such_key" in str(error), f"the refusal does not name the key: {error}")
    else:
        demand(False, "the key no_such_key was accepted")


RULES: tuple[Callable[[SinkBench], None], ...] = (
    writes_what_is_sealed,
    leaves_buckets_alone,
    opens_again,
    refuses_unknown_keys,
)
