# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Find the network layer behind the links that `decode` leaves alone.

These are PPP, PPPoE, MPLS, Cisco HDLC, frame relay, ATM with LLC, and PKTAP. A link is read to its
end in one go, by at least one byte a step, until it is known where IP or an Ethernet frame begins.

Sources: RFC 1661, 1662 and 2516 (PPP, PPPoE); RFC 3032 and 4385 (MPLS, pseudowire control word);
RFC 2427 and 2684 (frame relay, ATM); tcpdump.org link-layer header types (Cisco HDLC, PKTAP).
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
def _labels(data: cython.const[U8][::1], at: cython.Py_ssize_t, end: cython.Py_ssize_t) -> I64:
    """What is behind an MPLS label stack, as `_ppp` says it."""
    bottom: cython.int = 0
    while bottom == 0:
        if end - at < 4:
            return -1
        bottom = data[at + 2] & 1
        at += 4
    if at >= end:
        return -1
    bottom = data[at] >> 4  # the label does not say what it carries: its first bits do
    if bottom == 4:
        return at * 4 + 1
    if bottom == 6:
        return at * 4 + 2
    if bottom == 0:  # a control word: an Ethernet pseudowire, nearly always
        return -1 if end - at < 4 else (at + 4) * 4 + 3
    return -2


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _ppp(data: cython.const[U8][::1], at: cython.Py_ssize_t, end: cython.Py_ssize_t) -> I64:
    """Offset of what PPP carries times 4, plus 1 IPv4, 2 IPv6, 3 Ethernet.

    -1 when a header does not fit, -2 when there is no IP.
    """
    protocol: cython.int
    if end - at >= 2 and data[at] == 0xFF and data[at + 1] == 3:  # address and control
        at += 2
    if end - at < 1:
        return -1
    if data[at] & 1:  # compressed to one byte
        protocol = data[at]
        at += 1
    else:
        if end - at < 2:
            return -1
        protocol = _be16(data, at)
        at += 2
    if protocol == 0x0021:
        return at * 4 + 1
    if protocol == 0x0057:
        return at * 4 + 2
    if protocol == 0x0281 or protocol == 0x0283:
        return _labels(data, at, end)
    return -2


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _typed(
    data: cython.const[U8][::1], at: cython.Py_ssize_t, end: cython.Py_ssize_t, ethertype: I32
) -> I64:
    """What is behind an EtherType, as `_ppp` says it."""
    if ethertype == 0x0800:
        return at * 4 + 1
    if ethertype == 0x86DD:
        return at * 4 + 2
    if ethertype == 0x8847 or ethertype == 0x8848:
        return _labels(data, at, end)
    if ethertype == 0x8864:
        return -1 if end - at < 6 else _ppp(data, at + 6, end)
    return -2


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _snap(data: cython.const[U8][::1], at: cython.Py_ssize_t, end: cython.Py_ssize_t) -> I64:
    """What is behind an LLC header with SNAP, as `_ppp` says it."""
    if end - at < 8:
        return -1
    if _be16(data, at) != 0xAAAA or data[at + 2] != 3 or _be16(data, at + 3) or data[at + 5]:
        return -2
    return _typed(data, at + 8, end, _be16(data, at + 6))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _relayed(data: cython.const[U8][::1], at: cython.Py_ssize_t, end: cython.Py_ssize_t) -> I64:
    """What is behind a frame relay header, as `_ppp` says it."""
    while at < end and data[at] & 1 == 0:
        at += 1
    if end - at < 4:
        return -1
    if data[at + 1] != 3:  # Cisco puts an EtherType where the standard has a control field
        return _typed(data, at + 3, end, _be16(data, at + 1))
    at += 3 if data[at + 2] == 0 else 2  # one byte of padding may follow the control field
    if data[at] == 0xCC:
        return (at + 1) * 4 + 1
    if data[at] == 0x8E:
        return (at + 1) * 4 + 2
    return -2


def follow(
    data: cython.const[U8][::1],
    rows: cython.const[I64][::1],
    captured_length: cython.const[U32][::1],
    wire_length: cython.const[U32][::1],
    payload_offset: I64[::1],
    payload_length: I32[::1],
    status: U8[::1],
    start: I64[::1],
    length: U32[::1],
    kind: U16[::1],
    again: I64[::1],
    state: I64[::1],
) -> None:
    """Read the links of `rows`, the `later` of `decode`, which says where each one goes on.

    Rows with a network layer are listed in `again` (as long as `rows`), `state[0]` of them, with
    `start`, `length` and `kind` (228 IPv4, 229 IPv6, 1 Ethernet, or what PKTAP names) to decode
    them with. The others get their final `status`. Payload columns are reset in all of them.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    at: cython.Py_ssize_t
    end: cython.Py_ssize_t
    size: I64
    found: I64
    link: I32
    ready: cython.Py_ssize_t = 0
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            link = kind[row]
            at = start[row]
            end = at + length[row]
            found = -3
            if payload_offset[row] >= 0:
                found = _typed(data, payload_offset[row], end, payload_length[row])
            elif link == 104 or (link == 50 and end > at and data[at] & 0x7F == 0x0F):
                found = -1 if end - at < 4 else _typed(data, at + 4, end, _be16(data, at + 2))
            elif link == 9 or link == 50:
                found = _ppp(data, at, end)
            elif link == 51:
                found = _typed(data, at, end, 0x8864)
            elif link == 100:
                found = _snap(data, at, end)
            elif link == 107:
                found = _relayed(data, at, end)
            elif link == 204:  # a byte for the direction in front
                found = -1 if end - at < 1 else _ppp(data, at + 1, end)
            elif link == 219:
                found = _labels(data, at, end)
            elif link == 258:
                found = -1
                if end - at >= 12:
                    size = data[at] | (cython.cast(I64, data[at + 1]) << 8)
                    if data[at + 2] == 0 and data[at + 3] == 0 and 12 <= size <= end - at:
                        link = data[at + 8] | (cython.cast(I32, data[at + 9]) << 8)
                        if data[at + 10] == 0 and data[at + 11] == 0 and link != 258:
                            found = (at + size) * 4
            payload_offset[row] = -1
            payload_length[row] = 0
            if found < 0:
                if found == -1:
                    status[row] = 2 if captured_length[row] < wire_length[row] else 1
                elif found == -2:
                    status[row] = 0
                else:
                    status[row] = 3
                continue
            at = found >> 2
            start[row] = at
            length[row] = cython.cast(U32, end - at)
            if found & 3 == 1:
                link = 228
            elif found & 3 == 2:
                link = 229
            elif found & 3 == 3:
                link = 1
            kind[row] = cython.cast(U16, link)
            again[ready] = row
            ready += 1
    state[0] = ready
