# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Find the packet inside a packet: IP in IP, GRE, MPLS in IP, VXLAN, GENEVE, GTP-U.

Strategy: what `decode` found decides (protocol number or UDP destination port), the tunnel's header
must then be one that carries data, and all of it must be there. Anything else is no tunnel: the row
stays as it is. Fragments are not entered, as their inner packet is not whole.

Sources: RFC 2003, 2473, 4213 (IP in IP); RFC 2784, 2890, 2637, 7637 (GRE, PPTP, NVGRE); RFC 4023,
7510 (MPLS in IP and UDP); RFC 7348 (VXLAN), RFC 8926 (GENEVE), 3GPP TS 29.281 (GTP-U); ERSPAN and
VXLAN-GPE by their Internet drafts.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
U32 = cython.typedef(cython.uint)
I32 = cython.typedef(cython.int)
I64 = cython.typedef(cython.longlong)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _be16(data: cython.const[U8][::1], at: cython.Py_ssize_t) -> cython.int:
    """Big-endian 16-bit integer at a byte offset."""
    a: cython.int = data[at]
    b: cython.int = data[at + 1]
    return (a << 8) | b


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _inner(at: I64, ethertype: cython.int) -> I64:
    """Offset and link type as `enter` wants them, by the EtherType of what is carried."""
    if ethertype == 0x0800:
        return at * 512 + 228
    if ethertype == 0x86DD:
        return at * 512 + 229
    if ethertype == 0x6558:
        return at * 512 + 1
    if ethertype == 0x8847 or ethertype == 0x8848:
        return at * 512 + 219
    return -2


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _gre(data: cython.const[U8][::1], at: cython.Py_ssize_t, end: cython.Py_ssize_t) -> I64:
    """Offset of what GRE carries times 512 plus its link type, -1 does not fit, -2 not entered."""
    flags: cython.int
    carried: cython.int
    size: cython.int = 4
    if end - at < 4:
        return -1
    flags = _be16(data, at)
    carried = _be16(data, at + 2)
    if flags & 0x4000 or flags & 7 > 1:  # source routing, which RFC 2784 took away, or unknown
        return -2
    if flags & 0x8000:
        size += 4
    if flags & 0x2000:
        size += 4
    if flags & 0x1000:
        size += 4
    if flags & 7 == 1:  # PPTP; a packet without a sequence number carries nothing
        if carried != 0x880B or flags & 0x1000 == 0:
            return -2
        if flags & 0x0080:
            size += 4
        return -1 if end - at < size else (at + size) * 512 + 9
    if carried == 0x88BE and flags & 0x1000:  # ERSPAN II; without a sequence number it is type I
        size += 8
    if carried == 0x22EB:  # ERSPAN III, with an optional part
        if end - at < size + 12:
            return -1
        size += 20 if data[at + size + 11] & 1 else 12
    if end - at < size:
        return -1
    if carried == 0x88BE or carried == 0x22EB:
        return (at + size) * 512 + 1
    if carried == 0x880B:
        return (at + size) * 512 + 9
    return _inner(at + size, carried)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _gtp(data: cython.const[U8][::1], at: cython.Py_ssize_t, end: cython.Py_ssize_t) -> I64:
    """As `_gre`, for a GTP-U message that carries a packet."""
    more: cython.int
    size: cython.int
    if end - at < 8 or data[at] >> 4 != 3 or data[at + 1] != 255:  # version 1, a G-PDU
        return -2
    more = data[at] & 7
    at += 8
    if more:
        if end - at < 4:
            return -2
        more = data[at + 3] if more & 4 else 0
        at += 4
        while more:  # extension headers: length in words, content, type of the next
            if end - at < 4:
                return -2
            size = data[at] * 4
            if size == 0 or end - at < size:
                return -2
            more = data[at + size - 1]
            at += size
    if at >= end or (data[at] >> 4 != 4 and data[at] >> 4 != 6):
        return -2
    return at * 512 + 101


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _over_udp(
    data: cython.const[U8][::1], port: cython.int, at: cython.Py_ssize_t, end: cython.Py_ssize_t
) -> I64:
    """As `_gre`, for the payload of a UDP datagram to a port."""
    carried: cython.int
    size: cython.int
    if port == 2152:
        return _gtp(data, at, end)
    if port == 6635:
        return at * 512 + 219 if end - at >= 4 else -2
    if end - at < 8:
        return -2
    if port == 6081:
        if data[at] >> 6 != 0 or data[at + 1] & 0x80:  # version 0, and no control message
            return -2
        size = 8 + (data[at] & 63) * 4
        return -2 if end - at < size else _inner(at + size, _be16(data, at + 2))
    if data[at] & 8 == 0:  # no network identifier: not VXLAN
        return -2
    if port == 4790 and data[at] & 4:
        carried = data[at + 3]
        if carried == 1:
            return (at + 8) * 512 + 228
        if carried == 2:
            return (at + 8) * 512 + 229
        if carried == 5:
            return (at + 8) * 512 + 219
        return (at + 8) * 512 + 1 if carried == 3 else -2
    return (at + 8) * 512 + 1


def enter(
    data: cython.const[U8][::1],
    rows: cython.const[I64][::1],
    captured_length: cython.const[U32][::1],
    wire_length: cython.const[U32][::1],
    payload_offset: cython.const[I64][::1],
    payload_length: cython.const[I32][::1],
    ip_version: cython.const[U8][::1],
    ip_protocol: cython.const[U8][::1],
    transport: cython.const[U8][::1],
    fragment: cython.const[U8][::1],
    destination_port: cython.const[U16][::1],
    status: U8[::1],
    start: I64[::1],
    length: U32[::1],
    kind: U16[::1],
    again: I64[::1],
    state: I64[::1],
) -> None:
    """List in `again` (as long as `rows`) the `state[0]` rows that carry a packet.

    `start`, `length` and `kind` (a LINKTYPE_ number) say what to decode there. A GRE header that is
    not all there makes its row malformed or truncated.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    at: I64
    end: I64
    found: I64
    port: cython.int
    protocol: cython.int
    ready: cython.Py_ssize_t = 0
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            protocol = ip_protocol[row]
            at = payload_offset[row]
            if ip_version[row] == 0 or fragment[row] != 0 or at < 0:
                continue
            end = at + payload_length[row]
            found = -2
            if protocol == 17:
                port = destination_port[row]
                if transport[row] == 1 and (
                    port == 4789
                    or port == 8472
                    or port == 4790
                    or port == 6081
                    or port == 2152
                    or port == 6635
                ):
                    found = _over_udp(data, port, at, end)
            elif protocol == 4:
                found = at * 512 + 228
            elif protocol == 41:
                found = at * 512 + 229
            elif protocol == 47:
                found = _gre(data, at, end)
            elif protocol == 137:
                found = at * 512 + 219
            if found == -1:
                status[row] = 2 if captured_length[row] < wire_length[row] else 1
            if found < 0:
                continue
            start[row] = found >> 9
            length[row] = cython.cast(U32, end - start[row])
            kind[row] = cython.cast(U16, found & 511)
            again[ready] = row
            ready += 1
    state[0] = ready
