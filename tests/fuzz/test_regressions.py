"""What fuzzing started from, and whatever it once found, keeps its invariant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import fuzz_captures, fuzz_dns_packets
from tests.fuzz.target import REGRESSIONS

TARGETS = {"captures": fuzz_captures, "dns_packets": fuzz_dns_packets}


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_known_so_far_keep_the_invariant(name: str) -> None:
    known = [path.read_bytes() for path in sorted((REGRESSIONS / name).glob("*"))]
    for data in [*TARGETS[name].seeds(), *known]:
        TARGETS[name].check(data)


@pytest.mark.parametrize("name", TARGETS)
def test_a_cut_at_every_offset_keeps_the_invariant(name: str) -> None:
    for seed in TARGETS[name].seeds():
        for size in range(0, len(seed), 3):
            TARGETS[name].check(seed[:size])


@given(data=st.data())
@pytest.mark.parametrize("name", TARGETS)
def test_changed_bytes_keep_the_invariant(name: str, data: st.DataObject) -> None:
    seed = bytearray(data.draw(st.sampled_from(list(TARGETS[name].seeds()))))
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 255)))):
        seed[place % len(seed)] = value
    TARGETS[name].check(bytes(seed))
