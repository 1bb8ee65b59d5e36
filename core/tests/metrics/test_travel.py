"""A bucket that travels as bytes shows what it showed, and merges as it would have."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable

import datasketches
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from pktvisor.exposition.json import bucket_json
from pktvisor.metrics import (
    Addresses,
    Bucket,
    Cardinality,
    Counter,
    Directions,
    Histogram,
    Level,
    MetricSet,
    MetricSettings,
    Quantiles,
    Rate,
    Texts,
    TopN,
    count_table,
    envelope,
    ipv4_text,
    number_text,
)
from pktvisor.metrics.metric import Mergeable

IN, OUT = 1, 2


class Side(MetricSet):
    """What is counted by direction."""

    total = Counter("total", "Events")
    sizes = Quantiles("sizes", "Sizes", values="real")


class Everything(Bucket):
    """One metric of each kind."""

    schema, groups = "everything", {"on": True, "off": False}
    events = Counter("events", "Events", group="on")
    hidden = Counter("hidden", "Events nobody sees", group="off")
    level = Level("level", "A level")
    seen = Cardinality("seen", "Distinct names")
    small = Quantiles("small", "Mostly small", values="small")
    wide = Quantiles("wide", "Any size", values="integer")
    rate = Rate("rate", "Events a second")
    spread = Histogram("spread", "Spread")
    ports = TopN("ports", "Ports", label="port", describe=number_text)
    addresses = TopN("addresses", "Addresses", label="ip", describe=ipv4_text)
    names = TopN("names", "Names", label="name")
    sides = Directions(Side)


class Other(Bucket):
    """Another handler's bucket."""

    schema, groups = "other", {"on": True}


SETTINGS = MetricSettings(groups=frozenset({"on"}))
NUMBERS = st.lists(st.integers(0, 70_000), max_size=60)


def kll(value: float) -> bytes:
    """The bytes of a sketch of one value."""
    sketch = datasketches.kll_doubles_sketch(200)
    sketch.update(np.array([value]))
    return bytes(sketch.serialize())


def column(values: list[int]) -> bytes:
    """The bytes of a column."""
    return np.array(values, "<i8").tobytes()


def filled(numbers: list[int], start_s: int = 60, settings: MetricSettings = SETTINGS) -> Bucket:
    """A sealed bucket over a minute that saw these numbers."""
    bucket = Everything(settings, start_s * 10**9)
    column = np.array(numbers, np.int64)
    rows = np.arange(len(column))
    names = Texts.of([f"n{number % 50}.example.org" for number in numbers])
    bucket.events.add(len(numbers))
    bucket.hidden.add(1)
    bucket.level.set(len(numbers), start_s * 10**9)
    bucket.seen.add(names, rows)
    bucket.small.add(column)
    bucket.wide.add(column * 1000)
    bucket.rate.add(start_s + column % 60, np.ones(len(column), np.int64))
    bucket.spread.add(column)
    bucket.ports.add_numbers((column & 0xFFFF).astype(np.uint16))
    addresses = Addresses(
        np.full(len(column), 4, np.uint8), np.zeros(len(column), np.uint64),
        column.astype(np.uint64) % 40,
    )  # fmt: skip
    bucket.addresses.add_addresses(addresses, rows)
    bucket.names.add_texts(names, rows)
    for number in numbers[:5]:
        side = bucket.sides[IN if number % 2 else OUT]
        side.total.add(number)
        side.sizes.add(np.array([number / 7]))
    bucket.seal((start_s + 60) * 10**9)
    return bucket


def travelled(bucket: Bucket, key: bytes = b"") -> Bucket:
    """What arrives where a bucket is sent."""
    return type(bucket).from_bytes(bucket.to_bytes(key), key)


def packed(payload: bytes) -> bytes:
    """An envelope of bytes that need not be MessagePack."""
    empty = envelope.seal(None, b"")
    return empty[:5] + hashlib.blake2b(payload, digest_size=16).digest() + payload


def samples(bucket: Bucket) -> list[object]:
    """All lines for Prometheus."""
    return [(s.path, s.labels, s.state.samples("x")) for s in bucket.shown()]


@given(numbers=NUMBERS)
def test_a_bucket_that_travelled_shows_what_it_showed(numbers: list[int]) -> None:
    bucket = filled(numbers)
    arrived = travelled(bucket)
    assert bucket_json(arrived) == bucket_json(bucket)
    assert samples(arrived) == samples(bucket)
    assert arrived.settings == bucket.settings
    assert (arrived.start_ns, arrived.end_ns) == (bucket.start_ns, bucket.end_ns)
    assert arrived.to_bytes(b"") == travelled(arrived).to_bytes(b"")


def test_a_list_that_was_read_is_written_with_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Texts.of([f"n{number}.example" for number in range(190)])
    for seed in range(50):  # where entries lie in the table is another matter with each
        monkeypatch.setattr(count_table, "FLOW_SEED", seed)
        there, here = (Everything(SETTINGS).names for _ in range(2))
        there.add_texts(names, np.arange(190))
        here.load(there.dump())
        assert here.dump() == there.dump()


@pytest.mark.parametrize("parallel", [False, True])
@given(first=NUMBERS, second=NUMBERS)
def test_buckets_merge_alike_before_and_after_travelling(
    parallel: bool, first: list[int], second: list[int]
) -> None:
    a, b = filled(first, 120), filled(second, 120 if parallel else 60)
    here = bucket_json(Everything.merged([a, b], parallel=parallel))
    for pair in ([travelled(a), b], [a, travelled(b)], [travelled(a), travelled(b)]):
        assert bucket_json(Everything.merged(pair, parallel=parallel)) == here


def test_a_live_copy_travels_with_its_live_values() -> None:
    live = Everything(MetricSettings(groups=frozenset({"on"}), recorded=False), 60 * 10**9)
    live.rate.add(np.array([60, 61, 62]), np.array([3, 5, 7]))
    copy = live.copy(63 * 10**9)
    assert bucket_json(travelled(copy)) == bucket_json(copy)
    assert bucket_json(copy)["rate"]["live"] == 7


def test_what_was_given_up_travels_too() -> None:
    bucket = Everything(SETTINGS)
    names = Texts.of([f"name{n}" for n in range(20_000)])
    bucket.names.add_texts(names, np.arange(20_000))
    bucket.seal(10**9)
    assert bucket.evicted() > 0
    arrived = travelled(bucket)
    assert arrived.evicted() == bucket.evicted()
    assert bucket_json(arrived) == bucket_json(bucket)


@pytest.mark.parametrize(("count", "percentile"), [(1, 0), (3, 50), (50, 0)])
def test_how_much_of_a_list_is_shown_travels(count: int, percentile: int) -> None:
    settings = SETTINGS._replace(top_n_count=count, top_n_percentile=percentile)
    bucket = filled(list(range(60)), settings=settings)
    assert bucket_json(travelled(bucket)) == bucket_json(bucket)
    merged = Everything.merged([travelled(bucket), bucket])
    assert bucket_json(merged) == bucket_json(Everything.merged([bucket, bucket]))


def test_lists_of_unlike_keys_merge_by_their_texts() -> None:
    """A hostile list of numbers where addresses were is merged, too, not tripped over."""
    bucket = filled([1, 2, 3])
    strange = Everything(SETTINGS, 60 * 10**9)
    strange.addresses.load({"numbers": bucket.ports.dump()["numbers"]})  # type: ignore[index,call-overload]
    merged = Everything.merged([strange, bucket])
    assert {item["name"] for item in merged.addresses.to_json()} >= {"0.0.0.1", "0.0.0.2"}


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("rate", {"folded_busy": 5}, "5 folded seconds and a sketch of another number"),
        ("rate", {"folded": kll(math.inf), "folded_busy": 1}, "that are no counts"),
        ("ports", {"numbers": {"numbers": column([1, 2]), "counts": column([1 << 62] * 2)}},
         "sum is beyond 64 bits"),
    ],
)  # fmt: skip
def test_values_that_would_trip_whoever_shows_them_are_refused(
    name: str, values: dict[str, object], says: str
) -> None:
    state: Mergeable = Everything(SETTINGS).states[name]
    good = filled([5]).states[name].dump()
    assert isinstance(good, dict)
    with pytest.raises(ValueError, match=says):
        state.load({**good, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda data: b"", "not a bucket's envelope", id="nothing"),
        pytest.param(lambda data: b"x" + data[1:], "not a bucket's envelope", id="magic"),
        pytest.param(lambda data: data[:4] + b"\2" + data[5:], "version 2; known is 1", id="version"),
        pytest.param(lambda data: data[:-1], "changed on its way", id="cut"),
        pytest.param(lambda data: data[:90] + b"!" + data[91:], "changed on its way", id="changed"),
        pytest.param(lambda data: Other(SETTINGS).to_bytes(b""), "schema 'other', not", id="schema"),
        pytest.param(
            lambda data: envelope.seal({"schema": 1, "states": {2: 3}}, b""), "is not an object",
            id="names",
        ),
        pytest.param(lambda data: packed(b"\x91" * 200_000), "broken MessagePack", id="depth"),
        pytest.param(lambda data: packed(b"\xc1"), "broken MessagePack", id="MessagePack"),
        pytest.param(lambda data: envelope.seal([1], b""), "is not an object of schema", id="shape"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_such_bucket_are_refused_in_one_line(
    spoil: Callable[[bytes], bytes], says: str
) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        Everything.from_bytes(spoil(filled([1, 2, 3]).to_bytes(b"")), b"")
    assert "\n" not in str(caught.value)


def test_a_bucket_sealed_with_a_key_opens_with_that_key_only() -> None:
    data = filled([1, 2, 3]).to_bytes(b"secret")
    assert Everything.from_bytes(data, b"secret").events.value == 3
    for key in (b"", b"other"):
        with pytest.raises(ValueError, match="another key"):
            Everything.from_bytes(data, key)
    with pytest.raises(ValueError, match="a key of 65 bytes; allowed are 64"):
        filled([]).to_bytes(bytes(65))


def test_states_of_another_version_are_named() -> None:
    values = filled([1]).dump()
    del values["level"]
    with pytest.raises(ValueError, match="metric 'level' is missing: made by another version"):
        Everything(SETTINGS).load(values)
    with pytest.raises(ValueError, match="metric 'new' is not known here"):
        Everything(SETTINGS).load({**filled([1]).dump(), "new": 1})


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.binary(max_size=24),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["counts", "numbers", "texts", "offset", "evicted", "sum", "sketch", "in"]),
        inner, max_size=5,
    ),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(Everything(SETTINGS).states))
@given(values=PLAIN, data=st.data())
def test_a_state_takes_what_fits_and_names_what_does_not(
    name: str, values: object, data: st.DataObject
) -> None:
    """Sketches are left out: their library trusts what it reads."""
    state: Mergeable = Everything(SETTINGS).states[name]
    good = filled([5, 6]).states[name].dump()
    if isinstance(good, dict) and isinstance(values, dict):
        field = data.draw(st.sampled_from(sorted(good)))
        values = {**good, field: next(iter(values.values()), None)}
    if isinstance(values, bytes) or (isinstance(values, dict) and _has_sketch(values)):
        return
    problem = ""
    try:
        state.load(values)  # type: ignore[arg-type]
    except ValueError as error:
        problem = str(error)
    assert "\n" not in problem
    if not problem:
        assert msgpack.decode(msgpack.encode(state.dump())) == state.dump()


def _has_sketch(values: dict[str, object]) -> bool:
    return isinstance(values.get("sketch", values.get("folded")), bytes)
