# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Find the packet records of a capture file: one pass, no copy, no allocation.

Layout of both formats: IETF drafts `draft-ietf-opsawg-pcap` and `draft-ietf-opsawg-pcapng`.
A scan stops, and says why, at the first byte it cannot vouch for; it never reads past `stop`.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
U32 = cython.typedef(cython.uint)
I64 = cython.typedef(cython.longlong)

# Where the next record begins is not known before this one was read: all bytes this far ahead are
# called into the cache.
_AHEAD = cython.declare(cython.Py_ssize_t, 1024)

# Why a scan stopped; the public names are in pktvisor.captures.
_FULL = cython.declare(cython.int, 0)
_END = cython.declare(cython.int, 1)
_CUT = cython.declare(cython.int, 2)
_INSANE = cython.declare(cython.int, 3)
_SPECIAL = cython.declare(cython.int, 4)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.boundscheck(False)
@cython.exceptval(check=False)
def _u32(data: cython.const[U8][::1], at: cython.Py_ssize_t, swapped: cython.bint) -> I64:
    """Unsigned 32-bit integer at a byte offset, little endian unless swapped.

    Its bounds are checked once; 0 outside the data, which no caller asks for.
    """
    if at < 0 or at > data.shape[0] - 4:
        return 0
    if cython.compiled:
        if swapped:
            return load_big32(cython.address(data[at]))
        return load_little32(cython.address(data[at]))
    a: U32 = data[at]
    b: U32 = data[at + 1]
    c: U32 = data[at + 2]
    d: U32 = data[at + 3]
    if swapped:
        return (a << 24) | (b << 16) | (c << 8) | d
    return a | (b << 8) | (c << 16) | (d << 24)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _u16(data: cython.const[U8][::1], at: cython.Py_ssize_t, swapped: cython.bint) -> I64:
    """Unsigned 16-bit integer at a byte offset, little endian unless swapped."""
    a: I64 = data[at]
    b: I64 = data[at + 1]
    if swapped:
        return (a << 8) | b
    return a | (b << 8)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _check(
    data: cython.const[U8][::1], start: cython.Py_ssize_t, stop: cython.Py_ssize_t
) -> cython.int:
    """IndexError unless `data[start:stop]` lies in the data."""
    if start < 0 or stop < start or stop > data.shape[0]:
        raise IndexError(f"bytes {start} to {stop} are not in data of {data.shape[0]} bytes")
    return 0


def scan_pcap(
    data: cython.const[U8][::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
    swapped: cython.bint,
    header: cython.Py_ssize_t,
    fraction_ns: cython.longlong,
    longest: cython.longlong,
    timestamp_ns: I64[::1],
    captured_length: U32[::1],
    wire_length: U32[::1],
    frame_offset: I64[::1],
    result: I64[::1],
) -> None:
    """Scan classic pcap records in `data[start:stop]`.

    Writes one row per record into the four columns until they are full. `header` is the size of a
    record header (at least 16 bytes), `fraction_ns` 1000 for microsecond files and 1 for nanosecond
    files. `result` becomes rows, next offset, why:
    0 columns full, 1 clean end, 2 last record cut short, 3 a captured length above `longest`.
    """
    at: cython.Py_ssize_t = start
    row: cython.Py_ssize_t = 0
    rows: cython.Py_ssize_t = timestamp_ns.shape[0]
    why: cython.int = _FULL
    length: I64
    ahead: cython.Py_ssize_t = start + _AHEAD
    until: cython.Py_ssize_t
    second_ns: I64 = 1000000000
    _check(data, start, stop)
    if min(captured_length.shape[0], wire_length.shape[0], frame_offset.shape[0]) < rows:
        raise IndexError(f"columns shorter than {rows} rows")
    with cython.nogil:
        while row < rows:
            if stop - at < header:
                why = _END if at == stop else _CUT
                break
            length = _u32(data, at + 8, swapped)
            if length > longest:
                why = _INSANE
                break
            if stop - at - header < length:
                why = _CUT
                break
            with cython.boundscheck(False):
                timestamp_ns[row] = (
                    _u32(data, at, swapped) * second_ns + _u32(data, at + 4, swapped) * fraction_ns
                )
                captured_length[row] = cython.cast(U32, length)
                wire_length[row] = cython.cast(U32, _u32(data, at + 12, swapped))
                frame_offset[row] = at + header
            at += header + length
            if cython.compiled:
                until = min(at + _AHEAD, stop)
                with cython.boundscheck(False):
                    while ahead < until:
                        __builtin_prefetch(cython.address(data[ahead]))
                        ahead += 64
            row += 1
    result[0] = row
    result[1] = at
    result[2] = why


def scan_pcapng(
    data: cython.const[U8][::1],
    start: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
    swapped: cython.bint,
    longest: cython.longlong,
    longest_block: cython.longlong,
    interfaces: cython.Py_ssize_t,
    interface_base: cython.Py_ssize_t,
    interface_link_type: cython.const[U16][::1],
    interface_snaplen: cython.const[I64][::1],
    interface_units: cython.const[I64][::1],
    interface_offset_ns: cython.const[I64][::1],
    timestamp_ns: I64[::1],
    captured_length: U32[::1],
    wire_length: U32[::1],
    frame_offset: I64[::1],
    link_type: U16[::1],
    interface: U16[::1],
    result: I64[::1],
) -> None:
    """Scan pcapng packet blocks (enhanced, simple, obsolete) in `data[start:stop]`.

    Interfaces of the current section are entries `interface_base … interfaces - 1` of the four
    interface tables (`units` are timestamp units per second). Stops with why 4 at a section header
    or interface description, which the caller reads; other blocks are skipped. `result` becomes
    rows, next offset, why (as `scan_pcap`; 3 also for a block whose lengths do not fit it), and
    the last timestamp (simple packet blocks carry none and repeat it; pass it back in result[3]).
    """
    at: cython.Py_ssize_t = start
    row: cython.Py_ssize_t = 0
    rows: cython.Py_ssize_t = timestamp_ns.shape[0]
    why: cython.int = _FULL
    kind: I64
    size: I64
    which: I64
    length: I64
    wire: I64
    body: cython.Py_ssize_t
    stamp: I64
    units: I64
    whole: I64
    rest: I64
    latest: I64 = result[3]
    section_header: I64 = 0x0A0D0D0A
    second_ns: I64 = 1000000000
    slow_units: I64 = 9000000000  # below, the remainder times 10**9 fits 64 bits
    latest_second: I64 = 4294967295  # as classic pcap; keeps later arithmetic inside 64 bits
    latest_micro: I64 = 4294967295999999
    latest_nano: I64 = 4294967295999999999
    _check(data, start, stop)
    with cython.nogil:
        while row < rows:
            if stop - at < 12:
                why = _END if at == stop else _CUT
                break
            kind = _u32(data, at, swapped)
            if kind == section_header or kind == 1:
                why = _SPECIAL
                break
            size = _u32(data, at + 4, swapped)
            if size < 12 or size & 3 or size > longest_block:
                why = _INSANE
                break
            if stop - at < size:
                why = _CUT
                break
            if kind == 6 or kind == 2:  # enhanced packet; obsolete packet (2-byte interface)
                if size < 32:
                    why = _INSANE
                    break
                which = _u32(data, at + 8, swapped) if kind == 6 else _u16(data, at + 8, swapped)
                length = _u32(data, at + 20, swapped)
                wire = _u32(data, at + 24, swapped)
                body = at + 28
                stamp = ((_u32(data, at + 12, swapped) & 0x7FFFFFFF) << 32) | _u32(
                    data, at + 16, swapped
                )
                if which >= interfaces - interface_base:
                    why = _INSANE
                    break
                units = interface_units[interface_base + which]
                if units == 1000000:
                    stamp = min(stamp, latest_micro) * 1000
                elif units != second_ns and units > 0:
                    whole = stamp // units
                    rest = stamp - whole * units
                    whole = min(whole, latest_second)
                    if units < slow_units:
                        stamp = whole * second_ns + rest * second_ns // units
                    else:
                        stamp = whole * second_ns + cython.cast(
                            I64, cython.cast(cython.double, rest) / units * 1e9
                        )
                stamp = min(stamp, latest_nano)
                latest = stamp + interface_offset_ns[interface_base + which]
                if length > size - 32:
                    why = _INSANE
                    break
            elif kind == 3:  # simple packet: always interface 0, no time, cut by its snap length
                if size < 16 or interfaces == interface_base:
                    why = _INSANE
                    break
                which = 0
                wire = _u32(data, at + 8, swapped)
                length = wire
                if interface_snaplen[interface_base] > 0:
                    length = min(length, interface_snaplen[interface_base])
                length = min(length, size - 16)
                body = at + 12
            else:
                at += size
                continue
            if length > longest:
                why = _INSANE
                break
            timestamp_ns[row] = latest
            captured_length[row] = cython.cast(U32, length)
            wire_length[row] = cython.cast(U32, wire)
            frame_offset[row] = body
            link_type[row] = interface_link_type[interface_base + which]
            interface[row] = cython.cast(U16, interface_base + which)
            at += size
            row += 1
    result[0] = row
    result[1] = at
    result[2] = why
    result[3] = latest
