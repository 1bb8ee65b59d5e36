# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Decode link, network and transport headers of a batch of frames into columns.

Strategy: one loop, three steps a frame. `_link` finds where the network layer starts, the network
step walks IPv4 options or IPv6 extension headers, the transport step reads ports. Every step is
bounded by the end of the captured bytes first and by the lengths the headers claim second. Nothing
is rejected: what could not be read leaves its columns zero (offsets -1) and says so in `status`
(0 ok, 1 malformed, 2 truncated by the snap length, 3 link type not supported).

Only the links most traffic has are read here. Other rows are listed in `later`, for `links` to find
the start of their network layer and for another call to go on there; `tunnels` does the same for
what is inside a packet.

Sources: IEEE 802.1Q; RFC 791, 8200, 4302, 768, 9293; tcpdump.org link-layer header types.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
U32 = cython.typedef(cython.uint)
U64 = cython.typedef(cython.ulonglong)
I32 = cython.typedef(cython.int)
I64 = cython.typedef(cython.longlong)

# So many rows ahead the bytes to be read are called into the cache.
_AHEAD = cython.declare(cython.Py_ssize_t, 8)


# The readers check the bounds of a number once instead of those of each of its bytes: the compiler
# then makes one load of it.
@cython.cfunc
@cython.inline
@cython.nogil
@cython.boundscheck(False)
@cython.exceptval(check=False)
def _be16(data: cython.const[U8][::1], at: cython.Py_ssize_t) -> cython.int:
    """Big-endian 16-bit integer at a byte offset; 0 where there is none."""
    if at < 0 or at > data.shape[0] - 2:
        return 0
    if cython.compiled:
        return load_big16(cython.address(data[at]))
    a: cython.int = data[at]
    b: cython.int = data[at + 1]
    return (a << 8) | b


@cython.cfunc
@cython.inline
@cython.nogil
@cython.boundscheck(False)
@cython.exceptval(check=False)
def _be32(data: cython.const[U8][::1], at: cython.Py_ssize_t) -> U32:
    """Big-endian 32-bit integer at a byte offset; 0 where there is none."""
    if at < 0 or at > data.shape[0] - 4:
        return 0
    if cython.compiled:
        return load_big32(cython.address(data[at]))
    a: U32 = data[at]
    b: U32 = data[at + 1]
    c: U32 = data[at + 2]
    d: U32 = data[at + 3]
    return (a << 24) | (b << 16) | (c << 8) | d


@cython.cfunc
@cython.inline
@cython.nogil
@cython.boundscheck(False)
@cython.exceptval(check=False)
def _be64(data: cython.const[U8][::1], at: cython.Py_ssize_t) -> U64:
    """Big-endian 64-bit integer at a byte offset; 0 where there is none."""
    if at < 0 or at > data.shape[0] - 8:
        return 0
    if cython.compiled:
        return load_big64(cython.address(data[at]))
    high: U64 = _be32(data, at)
    low: U64 = _be32(data, at + 4)
    return (high << 32) | low


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-9, check=False)
def _link(
    data: cython.const[U8][::1],
    at: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    kind: cython.int,
    tags: U16[::1],
) -> I64:
    """Offset of the network layer times 4, plus 0 for "look at the version", 1 IPv4, 2 IPv6, 3 no IP.

    -1 when the link header does not fit, -2 for a link type that is not known here, -3 - x for MPLS
    or PPPoE, x the offset behind the EtherType times 4, plus 0 PPPoE, 1 MPLS. `tags` receives up to
    two VLAN identifiers.
    """
    ethertype: cython.int
    family: cython.int
    tag: cython.int = 0
    tags[0] = 0
    tags[1] = 0
    if kind == 1:  # Ethernet
        if end - at < 14:
            return -1
        ethertype = _be16(data, at + 12)
        at += 14
        while (
            ethertype == 0x8100
            or ethertype == 0x88A8
            or ethertype == 0x9100
            or ethertype == 0x9200
            or ethertype == 0x9300
        ):
            if end - at < 4:
                return -1
            if tag < 2:
                tags[tag] = _be16(data, at) & 0x0FFF
            tag += 1
            ethertype = _be16(data, at + 2)
            at += 4
        if ethertype < 0x0600:  # IEEE 802.3 length: LLC, and IP only inside SNAP
            if end - at >= 8 and _be16(data, at) == 0xAAAA and data[at + 2] == 3:
                ethertype = _be16(data, at + 6)
                at += 8
    elif kind == 113:  # Linux cooked v1
        if end - at < 16:
            return -1
        ethertype = _be16(data, at + 14)
        at += 16
    elif kind == 276:  # Linux cooked v2
        if end - at < 20:
            return -1
        ethertype = _be16(data, at)
        at += 20
    elif kind == 101 or kind == 12 or kind == 14:  # raw IP, and what old writers called it
        return at * 4
    elif kind == 228:
        return at * 4 + 1
    elif kind == 229:
        return at * 4 + 2
    elif kind == 0 or kind == 108:  # BSD loopback: an address family, in either byte order
        if end - at < 4:
            return -1
        family = data[at] | data[at + 3]
        if data[at + 1] | data[at + 2]:  # some writers put an EtherType into the second half
            family = 2 if _be16(data, at + 2) == 0x0800 else 0
            family = 10 if _be16(data, at + 2) == 0x86DD else family
        at += 4
        if family == 2:
            return at * 4 + 1
        if family == 10 or family == 24 or family == 28 or family == 30:
            return at * 4 + 2
        return at * 4 + 3
    else:
        return -2
    while ethertype == 0x8100 or ethertype == 0x88A8:  # tags inside a cooked capture
        if end - at < 4:
            return -1
        if tag < 2:
            tags[tag] = _be16(data, at) & 0x0FFF
        tag += 1
        ethertype = _be16(data, at + 2)
        at += 4
    if ethertype == 0x0800:
        return at * 4 + 1
    if ethertype == 0x86DD:
        return at * 4 + 2
    if ethertype == 0x8864:
        return -3 - at * 4
    if ethertype == 0x8847 or ethertype == 0x8848:
        return -4 - at * 4
    return at * 4 + 3


def decode(
    data: cython.const[U8][::1],
    rows: cython.const[I64][::1],
    inside: cython.bint,
    start: cython.const[I64][::1],
    length: cython.const[U32][::1],
    kind: cython.const[U16][::1],
    captured_length: cython.const[U32][::1],
    wire_length: cython.const[U32][::1],
    network_offset: I64[::1],
    transport_offset: I64[::1],
    payload_offset: I64[::1],
    payload_length: I32[::1],
    status: U8[::1],
    ip_version: U8[::1],
    ip_protocol: U8[::1],
    transport: U8[::1],
    fragment: U8[::1],
    source_hi: U64[::1],
    source_lo: U64[::1],
    destination_hi: U64[::1],
    destination_lo: U64[::1],
    source_port: U16[::1],
    destination_port: U16[::1],
    tcp_flags: U8[::1],
    tcp_sequence: U32[::1],
    vlan: U16[::1],
    inner_vlan: U16[::1],
    tags: U16[::1],
    later: I64[::1],
    state: I64[::1],
) -> None:
    """Fill the rows `rows` of every output column, from the `length` bytes at `start` of each.

    `kind` is the LINKTYPE_ number of what begins there. `inside` means that this is part of a
    packet read before: VLAN tags are then kept unless an Ethernet header replaces them.
    `tags` is scratch of length 2. `transport` is 1 UDP, 2 TCP, 0 neither or not there. IndexError
    when a frame is not in the data.

    `later` (as long as `rows`) receives the `state[0]` rows left to `links`: their `payload_offset`
    is where it is to go on and `payload_length` the EtherType, or -1 and 0 at an unknown link type.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    waiting: cython.Py_ssize_t = 0
    outside: cython.bint = False
    foreign: cython.bint = False
    link: cython.int
    at: cython.Py_ssize_t
    end: cython.Py_ssize_t
    claimed: cython.Py_ssize_t
    found: I64
    family: cython.int
    size: cython.int
    hops: cython.int
    field: cython.int
    short: U8
    verdict: U8
    network_at: cython.Py_ssize_t
    transport_at: cython.Py_ssize_t
    payload_at: cython.Py_ssize_t
    payload_size: cython.Py_ssize_t
    version: U8
    protocol: U8
    carried: U8
    piece: U8
    flags: U8
    sequence: U32
    sport: cython.int
    dport: cython.int
    shi: U64
    slo: U64
    dhi: U64
    dlo: U64
    # Each row is held against the shortest column once, instead of against each column.
    least: cython.Py_ssize_t = min(
        start.shape[0],
        length.shape[0],
        kind.shape[0],
        captured_length.shape[0],
        wire_length.shape[0],
        network_offset.shape[0],
        transport_offset.shape[0],
        payload_offset.shape[0],
        payload_length.shape[0],
        status.shape[0],
        ip_version.shape[0],
        ip_protocol.shape[0],
        transport.shape[0],
        fragment.shape[0],
        source_hi.shape[0],
        source_lo.shape[0],
        destination_hi.shape[0],
        destination_lo.shape[0],
        source_port.shape[0],
        destination_port.shape[0],
        tcp_flags.shape[0],
        tcp_sequence.shape[0],
        vlan.shape[0],
        inner_vlan.shape[0],
    )
    if tags.shape[0] < 2 or later.shape[0] < rows.shape[0]:
        raise IndexError("tags has 2 places, later as many as rows")
    with cython.nogil:
        for i in range(rows.shape[0]):
            if cython.compiled:
                if i + _AHEAD < rows.shape[0]:
                    at = start[rows[i + _AHEAD]]
                    if 0 <= at < data.shape[0]:
                        __builtin_prefetch(cython.address(data[at]))
            row = rows[i]
            if row < 0 or row >= least:
                foreign = True
                break
            with cython.boundscheck(False):
                at = start[row]
                end = at + length[row]
                link = kind[row]
                short = 2 if captured_length[row] < wire_length[row] else 1
            if at < 0 or end > data.shape[0]:
                outside = True
                break
            verdict = 0
            network_at = -1
            transport_at = -1
            payload_at = -1
            payload_size = 0
            version = 0
            protocol = 0
            carried = 0
            piece = 0
            shi = 0
            slo = 0
            dhi = 0
            dlo = 0
            sport = 0
            dport = 0
            flags = 0
            sequence = 0
            found = _link(data, at, end, link, tags)
            if not inside or link == 1:
                with cython.boundscheck(False):
                    vlan[row] = tags[0]
                    inner_vlan[row] = tags[1]
            while True:  # once: what cannot be read breaks it off, and the rest stays as it is
                if found == -1:
                    verdict = short
                    break
                if found < 0:
                    verdict = 3
                    if found < -2:
                        found = -3 - found
                        payload_at = found >> 2
                        payload_size = 0x8847 if found & 1 else 0x8864
                    later[waiting] = row
                    waiting += 1
                    break
                family = found & 3
                at = found >> 2
                if family == 3:
                    break
                if family == 1:  # the link says so, whatever the header looks like
                    version = 4
                if at >= end:
                    verdict = short
                    break
                size = data[at] >> 4
                if family == 0:
                    family = 1 if size == 4 else (2 if size == 6 else 3)
                    if family == 1:
                        version = 4
                if family == 2 and size == 6:
                    version = 6

                # --- network layer ---------------------------------------------------------
                if family == 1:
                    if size != 4 or end - at < 20:
                        verdict = short if end - at < 20 else 1
                        break
                    size = (data[at] & 15) * 4
                    claimed = _be16(data, at + 2)
                    if size < 20 or (claimed != 0 and claimed < size):
                        verdict = 1  # nothing says where the payload is
                        size = 20
                        claimed = 20
                    network_at = at
                    protocol = data[at + 9]
                    slo = _be32(data, at + 12)
                    dlo = _be32(data, at + 16)
                    field = _be16(data, at + 6)
                    if field & 0x1FFF:
                        piece = 2
                    elif field & 0x2000:
                        piece = 1
                    if claimed != 0:  # 0: left to the network card (TCP segmentation offload)
                        if at + claimed < end:
                            end = at + claimed
                        elif at + claimed > end:
                            verdict = short
                    at += size
                    if at > end:
                        verdict = short
                        at = end
                elif family == 2:
                    if size != 6 or end - at < 40:
                        verdict = short if end - at < 40 else 1
                        break
                    network_at = at
                    claimed = _be16(data, at + 4)
                    protocol = data[at + 6]
                    shi = _be64(data, at + 8)
                    slo = _be64(data, at + 16)
                    dhi = _be64(data, at + 24)
                    dlo = _be64(data, at + 32)
                    at += 40
                    if claimed != 0:  # 0: a jumbogram, or left to the network card
                        if at + claimed < end:
                            end = at + claimed
                        elif at + claimed > end:
                            verdict = short
                    hops = 0
                    # RFC 8200 §4: hop-by-hop, routing, fragment, AH, destination, mobility, HIP,
                    # shim6
                    while hops < 16 and (
                        protocol == 0
                        or protocol == 43
                        or protocol == 44
                        or protocol == 51
                        or protocol == 60
                        or protocol == 135
                        or protocol == 139
                        or protocol == 140
                    ):
                        hops += 1
                        if end - at < 8:
                            verdict = short
                            protocol = 59
                            break
                        size = data[at + 1]
                        if protocol == 44:
                            field = _be16(data, at + 2)
                            if field & 0xFFF8:
                                piece = 2
                            elif field & 1:
                                piece = 1
                            size = 8
                        elif protocol == 51:
                            size = (size + 2) * 4
                        else:
                            size = (size + 1) * 8
                        protocol = data[at]
                        if end - at < size:
                            verdict = short
                            protocol = 59
                            at = end
                            break
                        at += size
                        if piece == 2:
                            break
                else:
                    verdict = 1
                    break

                # --- transport layer -------------------------------------------------------
                payload_at = at
                if piece == 2:
                    payload_size = end - at
                elif protocol == 17:
                    if end - at < 8:
                        verdict = short
                        payload_at = -1
                    else:
                        carried = 1
                        transport_at = at
                        sport = _be16(data, at)
                        dport = _be16(data, at + 2)
                        size = _be16(data, at + 4)
                        payload_at = at + 8
                        if size >= 8 and at + size < end:
                            end = at + size
                        elif size != 0 and size < 8:
                            verdict = 1
                        payload_size = end - at - 8
                elif protocol == 6:
                    if end - at < 20:
                        verdict = short
                        payload_at = -1
                    else:
                        carried = 2
                        transport_at = at
                        sport = _be16(data, at)
                        dport = _be16(data, at + 2)
                        sequence = _be32(data, at + 4)
                        flags = data[at + 13]
                        size = (data[at + 12] >> 4) * 4
                        if size < 20:
                            verdict = 1
                            size = 20
                        if end - at < size:
                            verdict = short
                            size = cython.cast(cython.int, end - at)
                        payload_at = at + size
                        payload_size = end - payload_at
                else:
                    payload_size = end - at
                break
            with cython.boundscheck(False):
                status[row] = verdict
                network_offset[row] = network_at
                transport_offset[row] = transport_at
                payload_offset[row] = payload_at
                payload_length[row] = cython.cast(I32, payload_size)
                ip_version[row] = version
                ip_protocol[row] = protocol
                transport[row] = carried
                fragment[row] = piece
                source_hi[row] = shi
                source_lo[row] = slo
                destination_hi[row] = dhi
                destination_lo[row] = dlo
                source_port[row] = cython.cast(U16, sport)
                destination_port[row] = cython.cast(U16, dport)
                tcp_flags[row] = flags
                tcp_sequence[row] = sequence
    if foreign:
        raise IndexError(f"row {row} is not in columns of {least} rows")
    if outside:
        raise IndexError(f"bytes {at} to {end} are not in data of {data.shape[0]} bytes")
    state[0] = waiting
