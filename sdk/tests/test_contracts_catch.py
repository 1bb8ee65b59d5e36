"""Each contract catches the handler that breaks it, and names the fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pktvisor import Bucket, Counter, HandlerSpec, PacketBatch, Quantiles, StreamHandler, TopN
from pktvisor.batches import Array
from pktvisor.metrics import CounterState, number_text
from pktvisor_sdk.contracts import check_handler


class ToyBucket(Bucket):
    schema = "toy"
    packets = Counter("packets", "Packets")
    sizes = Quantiles("sizes", "Sizes", unit="bytes")
    ports = TopN("ports", "Ports", label="port", describe=number_text)


class Good(StreamHandler[PacketBatch, ToyBucket]):
    def update(self, batch: PacketBatch, bucket: ToyBucket) -> Array | None:
        bucket.packets.add(len(batch))
        return None


class CountsNothing(Good):
    def update(self, batch: PacketBatch, bucket: ToyBucket) -> Array | None:
        return None


class CountsBatches(Good):
    def update(self, batch: PacketBatch, bucket: ToyBucket) -> Array | None:
        bucket.packets.add(1)
        return None


class ForgetsBetweenBatches(Good):
    """Counts changes of direction, but only within a batch."""

    def update(self, batch: PacketBatch, bucket: ToyBucket) -> Array | None:
        bucket.packets.add(np.count_nonzero(np.diff(batch.direction)))
        return None


class TripsOverEmptiness(Good):
    """Counts one more than there is in a short batch."""

    def update(self, batch: PacketBatch, bucket: ToyBucket) -> Array | None:
        bucket.packets.add(max(len(batch), 5))
        return None


class TrustsTheNetwork(Good):
    """Believes that every frame has a payload."""

    def update(self, batch: PacketBatch, bucket: ToyBucket) -> Array | None:
        if (batch.status != 0).any():
            raise KeyError("no such header")
        return super().update(batch, bucket)


class ScribblesOnColumns(Good):
    def update(self, batch: PacketBatch, bucket: ToyBucket) -> Array | None:
        ports = batch.column("destination_port")
        ports.flags.writeable = True
        ports[:] = 0
        return super().update(batch, bucket)


class KeepsOldBucket(Good):
    _first: ToyBucket | None = None

    def update(self, batch: PacketBatch, bucket: ToyBucket) -> Array | None:
        self._first = self._first or bucket
        self._first.packets.add(len(batch))
        return None


class RemembersEverything(Good):
    def __init__(self, config: Any, context: Any) -> None:
        super().__init__(config, context)
        self._seen: dict[tuple[int, int], bytes] = {}

    def update(self, batch: PacketBatch, bucket: ToyBucket) -> Array | None:
        for address, port in zip(batch.source_lo.tolist(), batch.source_port.tolist(), strict=True):
            self._seen[address, port] = bytes(8192)
        return super().update(batch, bucket)


class MaxState(CounterState):
    """Keeps the larger of two counts, where their sum is asked for."""

    def merge_later(self, other: Any) -> None:
        self.value = max(self.value, other.value)


class WeightedState(CounterState):
    """Counts what came first twice."""

    def merge_later(self, other: Any) -> None:
        self.value = 2 * self.value + other.value


class ForgetfulState(CounterState):
    """Remembers nothing of what it was when it is read back."""

    def load(self, values: Any) -> None:
        pass


class SealedState(CounterState):
    """Puts something into its bytes that has none."""

    def dump(self) -> Any:
        return object()


class Forgetful(Counter):
    def new_state(self, settings: Any) -> CounterState:
        return ForgetfulState()


class Sealed(Counter):
    def new_state(self, settings: Any) -> CounterState:
        return SealedState()


class ForgetfulBucket(ToyBucket):
    packets = Forgetful("packets", "Packets")


class SealedBucket(ToyBucket):
    packets = Sealed("packets", "Packets")


class Peak(Counter):
    def new_state(self, settings: Any) -> CounterState:
        return MaxState()


class Weighted(Counter):
    def new_state(self, settings: Any) -> CounterState:
        return WeightedState()


class PeakBucket(ToyBucket):
    packets = Peak("packets", "Packets")


class WeightedBucket(ToyBucket):
    packets = Weighted("packets", "Packets")


class Unprintable(Counter):
    def new_state(self, settings: Any) -> CounterState:
        state = CounterState()
        state.to_json = object  # type: ignore[method-assign,assignment,return-value]
        return state


class UnprintableBucket(ToyBucket):
    extra = Unprintable("extra", "Not JSON")


class Undefined(Counter):
    def new_state(self, settings: Any) -> CounterState:
        state = CounterState()
        state.to_json = lambda: float("nan")  # type: ignore[method-assign,assignment,return-value]
        return state


class UndefinedBucket(ToyBucket):
    extra = Undefined("extra", "Not a number")


class SilentBucket(ToyBucket):
    extra = Counter("extra", "")


BAD: list[tuple[type[Good], type[ToyBucket], str, str]] = [
    (CountsNothing, ToyBucket, "counts_something", "left every metric as it was"),
    (CountsBatches, ToyBucket, "cutting_changes_nothing", "give other figures: packets"),
    (ForgetsBetweenBatches, ToyBucket, "cutting_changes_nothing", "keep state between batches"),
    (TripsOverEmptiness, ToyBucket, "cutting_changes_nothing", "packets"),
    (TrustsTheNetwork, ToyBucket, "hostile_rows_do_no_harm", "no such header"),
    (ScribblesOnColumns, ToyBucket, "batches_stay_untouched", "column 'destination_port'"),
    (KeepsOldBucket, ToyBucket, "periods_shift", "the sealed bucket differs"),
    (RemembersEverything, ToyBucket, "memory_is_bounded", "use TopN, Cardinality or a table"),
    (Good, PeakBucket, "later_periods_add_up", "packets: 300 and 300 merge to 300, not 600"),
    (Good, PeakBucket, "parallel_shards_add_up", "merge to 300, not 600"),
    (Good, WeightedBucket, "merging_is_associative", "(a+b)+c and a+(b+c) differ"),
    (Good, ForgetfulBucket, "travels_unchanged", "sent as bytes it differs: packets: 600 and 0"),
    (Good, SealedBucket, "travels_unchanged", "its bytes cannot be read back"),
    (Good, UnprintableBucket, "renders_as_json", "not JSON serializable"),
    (Good, UndefinedBucket, "renders_as_json", "NaN is among the figures"),
    (Good, SilentBucket, "renders_for_prometheus", "has no help text"),
]


def _spec(handler: type[Good], bucket: type[ToyBucket]) -> HandlerSpec:
    return HandlerSpec(
        name="toy",
        version="1.0",
        bucket=bucket,
        factory=handler,
        accepts=(PacketBatch,),
    )


def test_a_good_handler_keeps_every_contract() -> None:
    assert [v for v in check_handler(_spec(Good, ToyBucket)) if v.fault] == []


@pytest.mark.parametrize(
    ("handler", "bucket", "rule", "fault"), BAD, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_bad_handler_is_caught_and_its_fault_named(
    handler: type[Good], bucket: type[ToyBucket], rule: str, fault: str
) -> None:
    from pktvisor_sdk.contracts import handler_rules

    check: Callable[..., None] = getattr(handler_rules, rule)
    sentence = (check.__doc__ or "").partition("\n")[0].rstrip(".")
    verdicts = {v.rule: v for v in check_handler(_spec(handler, bucket))}
    assert fault in verdicts[sentence].fault
