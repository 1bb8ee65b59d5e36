"""What an input stream promises. Each rule's first line is the promise as a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pktvisor import Hosts, InputSpec, InputStream
from pktvisor.batches import Table
from pktvisor.engine.settings import build_config
from pktvisor.streams import StreamContext
from pktvisor.streams.specs import resolve
from pktvisor_sdk.contracts.bench import HOSTS
from pktvisor_sdk.contracts.broken import demand

__all__ = ["RULES", "InputBench"]

_LARGEST_BATCH = 16384
_MOST_BATCHES = 1000


@dataclass
class InputBench:
    """Opens one input, configured one way, as often as a rule asks."""

    spec: InputSpec
    config: Mapping[str, Any]

    def open(self) -> InputStream:
        """A fresh stream."""
        config = build_config(f"input {self.spec.name!r}", self.spec.config, self.config)
        stream: InputStream = resolve(self.spec.factory)(config, StreamContext(Hosts.parse(HOSTS)))
        return stream


def emits_what_it_says(bench: InputBench) -> None:
    """Its batches are of the type it emits, read-only, of at most 16384 rows."""
    stream = bench.open()
    rows = 0
    try:
        for batch in _ending(stream):
            if batch is None:
                continue
            demand(
                isinstance(batch, bench.spec.emits),
                f"a {type(batch).__name__} came; it says it emits {bench.spec.emits.__name__}",
            )
            demand(len(batch) <= _LARGEST_BATCH, f"a batch has {len(batch)} rows")
            rows += len(batch)
            for name in type(batch).columns:
                values = batch.column(name)
                demand(not values.flags.writeable, f"column {name!r} can be written to")
                demand(len(values) == len(batch), f"column {name!r} has {len(values)} rows")
                declared = type(batch).columns[name].dtype
                demand(
                    values.dtype == declared, f"column {name!r} is {values.dtype}, not {declared}"
                )
    finally:
        stream.close()
    demand(rows > 0, "no rows came: give the check a config with something to read")


def reads_the_same_twice(bench: InputBench) -> None:
    """Opened twice, a recorded stream gives the same rows."""
    first, second = _times(bench), _times(bench)
    demand(np.array_equal(first, second), f"{len(first)} rows, then {len(second)} or other times")


def closes_twice(bench: InputBench) -> None:
    """Closing it twice, or before it was read, does no harm."""
    stream = bench.open()
    stream.close()
    stream.close()


def tells_about_itself(bench: InputBench) -> None:
    """What it tells the API about itself is JSON."""
    stream = bench.open()
    try:
        json.dumps(dict(stream.info()))
    finally:
        stream.close()


def refuses_unknown_keys(bench: InputBench) -> None:
    """An unknown key in its config is refused by name."""
    try:
        InputBench(bench.spec, {**bench.config, "no_such_key": 1}).open().close()
    except ValueError as error:
        demand("no_such_key" in str(error), f"the refusal does not name the key: {error}")
    else:
        demand(False, "the key no_such_key was accepted")


RULES: tuple[Callable[[InputBench], None], ...] = (
    emits_what_it_says,
    reads_the_same_twice,
    closes_twice,
    tells_about_itself,
    refuses_unknown_keys,
)


def _ending(stream: InputStream) -> Iterator[Table | None]:
    """What a stream yields; one that does not end breaks the contract."""
    for number, batch in enumerate(stream.batches()):
        demand(number < _MOST_BATCHES, "the stream does not end: stop() it, or give it an end")
        yield batch


def _times(bench: InputBench) -> Any:
    stream = bench.open()
    try:
        return np.concatenate(
            [
                batch.column("timestamp_ns").copy()
                for batch in _ending(stream)
                if isinstance(batch, Table)
            ]
            or [np.empty(0, np.int64)]
        )
    finally:
        stream.close()
