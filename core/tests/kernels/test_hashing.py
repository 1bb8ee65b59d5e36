"""The hashes are MurmurHash3 x64 128, and those Apache DataSketches computes for the same keys."""

from __future__ import annotations

from itertools import pairwise

import datasketches
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.metrics import Addresses, Cardinality, MetricSettings, Texts, keys
from pktvisor_sdk.kernels import both_ways

FULL = 2**64 - 1
WORDS = st.integers(0, FULL)


def murmur3_x64_128(key: bytes, seed: int) -> tuple[int, int]:
    """Oracle: the published algorithm on Python's integers."""
    c1, c2 = 0x87C37B91114253D5, 0x4CF5AD432745937F

    def rotate(word: int, bits: int) -> int:
        return (word << bits | word >> 64 - bits) & FULL

    def stir(word: int, first: int, bits: int, second: int) -> int:
        return rotate(word * first & FULL, bits) * second & FULL

    def finish(word: int) -> int:
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            word = (word ^ word >> 33) * factor & FULL
        return word ^ word >> 33

    h1 = h2 = seed
    whole = len(key) // 16 * 16
    for at in range(0, whole, 16):
        h1 ^= stir(int.from_bytes(key[at : at + 8], "little"), c1, 31, c2)
        h1 = ((rotate(h1, 27) + h2) * 5 + 0x52DCE729) & FULL
        h2 ^= stir(int.from_bytes(key[at + 8 : at + 16], "little"), c2, 33, c1)
        h2 = ((rotate(h2, 31) + h1) * 5 + 0x38495AB5) & FULL
    tail = key[whole:]
    h2 ^= stir(int.from_bytes(tail[8:], "little"), c2, 33, c1)
    h1 ^= stir(int.from_bytes(tail[:8], "little"), c1, 31, c2)
    h1 ^= len(key)
    h2 ^= len(key)
    h1 = (h1 + h2) & FULL
    h2 = (h2 + h1) & FULL
    h1, h2 = finish(h1), finish(h2)
    h1 = (h1 + h2) & FULL
    return h1, (h2 + h1) & FULL


def texts_of(items: list[bytes]) -> Texts:
    """A column of texts over one arena, all in use."""
    arena = np.frombuffer(b"".join(items) or b"\0", np.uint8)
    length = np.array([len(item) for item in items], np.int32)
    offset = np.cumsum(length, dtype=np.int64) - length
    return Texts(arena, offset, length, np.arange(len(items)))


def test_the_oracle_gives_the_published_value() -> None:
    """The verification value of the algorithm's author: hashes of 256 keys, hashed again."""
    blob = b"".join(
        b"".join(half.to_bytes(8, "little") for half in murmur3_x64_128(bytes(range(n)), 256 - n))
        for n in range(256)
    )
    final = murmur3_x64_128(blob, 0)[0]
    assert final & 0xFFFFFFFF == 0x6384BA69


@given(items=st.lists(st.binary(max_size=70), max_size=12))
def test_slices_hash_as_the_oracle_hashes_their_bytes(items: list[bytes]) -> None:
    texts = texts_of(items)
    with both_ways(keys, "hashing"):
        h1, h2 = texts.keys
    found = list(zip(h1.tolist(), h2.tolist(), strict=True))
    assert found == [murmur3_x64_128(item, 9001) for item in items]


@given(addresses=st.lists(st.tuples(st.sampled_from([4, 6]), WORDS, WORDS), max_size=12))
def test_addresses_hash_as_the_keys_a_sketch_is_given(
    addresses: list[tuple[int, int, int]],
) -> None:
    version, hi, lo = (
        (np.array(list(c), np.uint64) for c in zip(*addresses, strict=True))
        if (addresses)
        else 3 * [np.empty(0, np.uint64)]
    )
    lo = np.where(version == 4, lo & np.uint64(0xFFFFFFFF), lo)
    column = Addresses(version.astype(np.uint8), hi, lo)
    rows = np.arange(len(addresses))
    with both_ways(keys, "hashing"):
        h1, h2 = column.hashes(rows)
    expected = []
    for value in column.values(rows) if addresses else []:
        raw = value.to_bytes(8, "little") if isinstance(value, int) else value.encode()
        expected.append(murmur3_x64_128(raw, 9001))
    assert list(zip(h1.tolist(), h2.tolist(), strict=True)) == expected


@given(
    names=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=3),
)
def test_a_cardinality_of_names_has_the_bytes_of_the_sketch_itself(
    names: list[str], cuts: list[int]
) -> None:
    """A wrong hash would call a new name known and leave it out of the sketch."""
    state = Cardinality("names", "Names").new_state(MetricSettings())
    bounds = sorted({0, len(names), *(min(cut, len(names)) for cut in cuts)})
    for start, stop in pairwise(bounds):
        texts = texts_of([name.encode() for name in names[start:stop]])
        state.add(texts, texts.rows)
    plain = datasketches.cpc_sketch(11)
    for name in names:
        plain.update(name)
    assert state.serialize() == bytes(plain.serialize())


@given(
    lows=st.lists(st.integers(0, 2**32 - 1), max_size=200),
    wide=st.lists(st.tuples(WORDS, WORDS), max_size=40),
)
def test_a_cardinality_of_addresses_has_the_bytes_of_the_sketch_itself(
    lows: list[int], wide: list[tuple[int, int]]
) -> None:
    """Addresses from 128.0.0.0 on are the ones whose key is more than 32 bits."""
    state = Cardinality("ips", "Addresses").new_state(MetricSettings())
    version = np.array([4] * len(lows) + [6] * len(wide), np.uint8)
    hi = np.array([0] * len(lows) + [high for high, _ in wide], np.uint64)
    lo = np.array(lows + [low for _, low in wide], np.uint64)
    state.add(Addresses(version, hi, lo), np.arange(len(version)))
    plain = datasketches.cpc_sketch(11)
    for low in lows:
        plain.update(low | 0xFFFFFFFF00000000 if low >= 1 << 31 else low)
    for high, low in wide:
        plain.update((high << 64 | low).to_bytes(16).decode("latin-1"))
    assert state.serialize() == bytes(plain.serialize())
