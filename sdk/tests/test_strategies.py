"""What strategies draw is what they say."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.strategies import HOSTS, Timed, captures, cuts, damaged, frames

OK = 0


@given(frame=frames())
def test_a_frame_is_whole_and_has_ports_and_addresses(frame: bytes) -> None:
    batch = packet_batch([frame], host_spec=HOSTS)
    assert batch.status.tolist() == [OK]
    assert batch.transport[0] in (1, 2)
    assert batch.ip_version[0] in (4, 6)


@given(frame=damaged())
def test_a_damaged_frame_decodes_to_one_row_whatever_it_is(frame: bytes) -> None:
    assert len(packet_batch([frame], host_spec=HOSTS)) == 1


@given(drawn=captures(most=4))
def test_a_capture_has_frames_with_times_almost_in_order(drawn: list[Timed]) -> None:
    times = [at for at, _ in drawn]
    backwards = sum(later < earlier for earlier, later in pairwise(times))
    assert drawn
    assert backwards <= 1


@given(places=cuts(50))
def test_cuts_are_places_inside_the_stream(places: list[int]) -> None:
    assert all(1 <= place <= 50 for place in places)
