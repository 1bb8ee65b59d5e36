"""The coupon filter lets through exactly the first key of every coupon."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pktvisor._kernels import coupons
from pktvisor_sdk.kernels import BothWays

# Few rows and columns, so that coupons repeat; and words that are all zeros.
SECOND = (
    st.integers(0, 63).map(lambda zeros: 2**64 - 1 >> zeros)
    | st.just(0)
    | st.integers(0, 2**64 - 1)
)


@given(
    hashes=st.lists(st.tuples(st.integers(0, 2**64 - 1), SECOND), max_size=60),
    lg_k=st.integers(0, 5),
    repeat=st.booleans(),
)
def test_new_coupons_are_found_once_in_order(
    hashes: list[tuple[int, int]], lg_k: int, repeat: bool
) -> None:
    """A coupon is the low bits of the first half and the leading zeros of the second, 63 at most."""
    h1 = np.array([first for first, _ in hashes], np.uint64)
    h2 = np.array([second for _, second in hashes], np.uint64)
    matrix = np.zeros(1 << lg_k, np.uint64)
    kernel = BothWays(coupons)
    seen: set[tuple[int, int]] = set()
    for _ in range(2 if repeat else 1):
        expected = []
        for place, (first, second) in enumerate(hashes):
            coupon = first % (1 << lg_k), min(64 - second.bit_length(), 63)
            if coupon not in seen:
                seen.add(coupon)
                expected.append(place)
        fresh = np.zeros(len(hashes), np.int64)
        found = kernel.unseen(h1, h2, matrix, fresh)
        assert fresh[:found].tolist() == expected
    assert sum(int(word).bit_count() for word in matrix) == len(seen)
