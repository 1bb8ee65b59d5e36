"""Each contract catches the input or sink that breaks it, and names the fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, make_dataclass
from typing import Any

import numpy as np
import pytest

from pktvisor import InputSpec, InputStream, PacketBatch, SealedBucket, Sink, SinkSpec
from pktvisor.batches import Table
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.contracts import Verdict, check_input, check_sink, input_rules, sink_rules
from pktvisor_sdk.traffic import sample_frames


@dataclass(frozen=True)
class Settings:
    seed: int = 1


class Good(InputStream):
    recorded = True

    def __init__(self, config: Settings, context: Any) -> None:
        self.closed = 0

    def batches(self) -> Iterator[Table]:
        yield packet_batch(sample_frames(200))


class Silent(Good):
    def batches(self) -> Iterator[Table]:
        yield from ()


class TooLarge(Good):
    def batches(self) -> Iterator[Table]:
        yield packet_batch(sample_frames(17_000))


class Writeable(Good):
    def batches(self) -> Iterator[Table]:
        batch = packet_batch(sample_frames(20))
        batch.column("vlan").flags.writeable = True
        yield batch


class OfAnotherType(Good):
    def batches(self) -> Iterator[Any]:
        yield [1, 2, 3]


class Endless(Good):
    def batches(self) -> Iterator[Table]:
        batch = packet_batch(sample_frames(1))
        while True:
            yield batch


class Fickle(Good):
    opened = 0

    def batches(self) -> Iterator[Table]:
        Fickle.opened += 1
        yield packet_batch(sample_frames(100 + Fickle.opened))


class ClosesOnce(Good):
    def close(self) -> None:
        self.closed += 1
        if self.closed > 1:
            raise OSError("closed already")


class NoJson(Good):
    def info(self) -> Mapping[str, Any]:
        return {"rows": np.int64(7), "self": self}


BAD_INPUTS: list[tuple[type[Good], str, str]] = [
    (Silent, "emits_what_it_says", "no rows came"),
    (TooLarge, "emits_what_it_says", "a batch has 17000 rows"),
    (Writeable, "emits_what_it_says", "column 'vlan' can be written to"),
    (OfAnotherType, "emits_what_it_says", "a list came; it says it emits PacketBatch"),
    (Endless, "emits_what_it_says", "the stream does not end"),
    (Fickle, "reads_the_same_twice", "rows, then"),
    (ClosesOnce, "closes_twice", "closed already"),
    (NoJson, "tells_about_itself", "not JSON serializable"),
]


class Keeps(Sink):
    def write(self, sealed: SealedBucket) -> None:
        pass


class TripsOverEmptiness(Sink):
    def write(self, sealed: SealedBucket) -> None:
        100 / sealed.bucket.states["events"].to_json()  # type: ignore[attr-defined]


class CountsOn(Sink):
    def write(self, sealed: SealedBucket) -> None:
        sealed.bucket.states["events"].add(1)  # type: ignore[attr-defined]


class HoldsOn(Sink):
    held = False

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        if HoldsOn.held:
            raise OSError("the file is locked")
        HoldsOn.held = True

    def write(self, sealed: SealedBucket) -> None:
        pass


class NoSink:
    def __init__(self, config: Settings) -> None:
        pass

    def close(self) -> None:
        pass


BAD_SINKS: list[tuple[Any, str, str]] = [
    (NoSink, "writes_what_is_sealed", "the factory made a NoSink, not a Sink"),
    (TripsOverEmptiness, "writes_what_is_sealed", "write() of bucket 0 raised ZeroDivisionError"),
    (CountsOn, "leaves_buckets_alone", "write() changed bucket 0"),
    (HoldsOn, "opens_again", "the file is locked"),
]


def input_spec(factory: Any, config: type = Settings) -> InputSpec:
    return InputSpec(name="toy", version="1.0", config=config, factory=factory, emits=PacketBatch)


def sink_spec(factory: Any, config: type = Settings) -> SinkSpec:
    return SinkSpec(name="toy", version="1.0", config=config, factory=factory)


def fault(verdicts: list[Verdict], rules: Any, name: str) -> str:
    rule: Callable[..., None] = getattr(rules, name)
    sentence = (rule.__doc__ or "").partition("\n")[0].rstrip(".")
    return {verdict.rule: verdict.fault for verdict in verdicts}[sentence]


def test_a_good_input_and_a_good_sink_keep_every_contract() -> None:
    verdicts = check_input(input_spec(Good), {}) + check_sink(sink_spec(Keeps), {})
    assert [verdict for verdict in verdicts if verdict.fault] == []


@pytest.mark.parametrize(
    ("stream", "rule", "text"), BAD_INPUTS, ids=lambda v: getattr(v, "__name__", None)
)
def test_a_bad_input_is_caught_and_its_fault_named(
    stream: type[Good], rule: str, text: str
) -> None:
    assert text in fault(check_input(input_spec(stream), {}), input_rules, rule)


@pytest.mark.parametrize(
    ("sink", "rule", "text"), BAD_SINKS, ids=lambda v: getattr(v, "__name__", None)
)
def test_a_bad_sink_is_caught_and_its_fault_named(sink: Any, rule: str, text: str) -> None:
    HoldsOn.held = False
    assert text in fault(check_sink(sink_spec(sink), {}), sink_rules, rule)


def test_a_config_that_takes_any_key_is_caught() -> None:
    loose = make_dataclass(
        "Loose",
        [("others", "Any", field(default_factory=dict, metadata={"rest": True}))],
        frozen=True,
    )
    for verdicts, rules in (
        (check_input(input_spec(Good, loose), {}), input_rules),
        (check_sink(sink_spec(Keeps, loose), {}), sink_rules),
    ):
        assert fault(verdicts, rules, "refuses_unknown_keys") == "the key no_such_key was accepted"
