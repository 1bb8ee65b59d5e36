"""A kernel that is handed bytes that are not there says so, and reads nothing else for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pktvisor._kernels import dns_records, dns_walk, hashing, record_scan
from pktvisor.batches import Array, Hosts, Records, decode

DATA = np.zeros(64, np.uint8)
OUTSIDE = [pytest.param(*place, id=name) for place, name in (
    ((-1, 14), "before"), ((60, 14), "across the end"), ((1 << 40, 14), "far behind"),
)]  # fmt: skip


def column(value: int, dtype: type) -> Array:
    """A column of one row."""
    return np.array([value], dtype)


def places(at: int, size: int) -> tuple[Array, Array, Array, Array]:
    """What the kernels are told: the data, where in it, and which row."""
    return DATA, column(at, np.int64), column(size, np.int32), column(0, np.int64)


def empty(*dtypes: type) -> list[Array]:
    """Columns of one row each to be filled."""
    return [np.zeros(1, dtype) for dtype in dtypes]


@pytest.mark.parametrize(("at", "size"), OUTSIDE)
def test_a_frame_that_is_not_in_the_arena_is_an_error(at: int, size: int) -> None:
    length = column(size, np.uint32)
    records = Records(
        DATA, column(0, np.int64), length, length, column(at, np.int64), column(1, np.uint16),
        column(0, np.uint16),
    )  # fmt: skip
    with pytest.raises(IndexError, match="are not in data of 64 bytes"):
        decode(records, Hosts())


@pytest.mark.parametrize(("at", "size"), OUTSIDE)
def test_a_slice_that_is_not_in_the_data_is_not_hashed(at: int, size: int) -> None:
    with pytest.raises(IndexError, match="are not in data of 64 bytes"):
        hashing.hash_slices(*places(at, size), 0, *empty(np.uint64, np.uint64))


@pytest.mark.parametrize(("at", "size"), OUTSIDE)
def test_a_dns_message_that_is_not_in_the_arena_is_an_error(at: int, size: int) -> None:
    data, offset, length, rows = places(at, size)
    text, state = np.zeros(2048, np.uint8), np.zeros(2, np.int64)
    u8, u16, i32, i64 = np.uint8, np.uint16, np.int32, np.int64
    readers: list[Callable[[], None]] = [
        lambda: dns_walk.walk(
            data, offset, length, *empty(u8), rows, 0, *empty(u8, u8, *6 * [u16]),
            *empty(u8, u16, u16, i64, i32, i32), np.zeros(256, u8), text, *empty(i64), state,
        ),
        lambda: dns_records.extend_rcodes(
            data, offset, length, rows, column(0x8000, u16), column(12, i32), column(1, u16),
            *empty(u16, i64),
        ),
        lambda: dns_records.records(
            data, offset, length, rows, *empty(u8, u8, u8, np.uint64, np.uint64, i64)
        ),
    ]  # fmt: skip
    for read in readers:
        with pytest.raises(IndexError, match="are not in data of 64 bytes"):
            read()


@pytest.mark.parametrize(("start", "stop"), [(-1, 64), (0, 65), (9, 8), (0, 1 << 40)])
def test_a_scan_of_bytes_that_are_not_there_is_refused(start: int, stop: int) -> None:
    i64, u16, u32 = np.int64, np.uint16, np.uint32
    result = np.zeros(4, i64)
    with pytest.raises(IndexError, match="are not in data of 64 bytes"):
        record_scan.scan_pcap(
            DATA, start, stop, False, 16, 1000, 65535, *empty(i64, u32, u32, i64), result
        )
    with pytest.raises(IndexError, match="are not in data of 64 bytes"):
        record_scan.scan_pcapng(
            DATA, start, stop, False, 65535, 1 << 20, 1, 0, *empty(u16, i64, i64, i64),
            *empty(i64, u32, u32, i64, u16, u16), result,
        )  # fmt: skip


@pytest.mark.parametrize(("at", "size"), OUTSIDE)
def test_a_name_is_not_written_from_bytes_that_are_not_there(at: int, size: int) -> None:
    data, offset, length, rows = places(at, size)
    with pytest.raises(IndexError, match="are not in data of 64 bytes"):
        dns_walk.names(
            data, offset, length, rows, np.zeros(256, np.uint8), column(0, np.int64),
            np.zeros(2048, np.uint8), *empty(np.int64),
        )  # fmt: skip
