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
@cython.exceptval(-1, check=False)
def _be32(data: cython.const[U8][::1], at: cython.Py_ssize_t) -> I64:
    """Big-endian 32-bit integer at a byte offset."""
    a: I64 = data[at]
    b: I64 = data[at + 1]
    c: I64 = data[at + 2]
    d: I64 = data[at + 3]
    return (a << 24) | (b << 16) | (c << 8) | d


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _mix(value: U64) -> U64:
    """The finaliser of SplitMix64: every input bit reaches every output bit."""
    first: U64 = 0xBF58476D1CE4E5B9
    second: U64 = 0x94D049BB133111EB
    full: U64 = 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * first) & full
    value = ((value ^ (value >> 27)) * second) & full
    return value ^ (value >> 31)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _prefix_hit(
    hi: U64,
    lo: U64,
    prefix_hi: cython.const[U64][::1],
    prefix_lo: cython.const[U64][::1],
    mask_hi: cython.const[U64][::1],
    mask_lo: cython.const[U64][::1],
) -> cython.int:
    """1 when the address lies inside one of the prefixes."""
    i: cython.Py_ssize_t
    for i in range(prefix_hi.shape[0]):
        if (hi & mask_hi[i]) == prefix_hi[i] and (lo & mask_lo[i]) == prefix_lo[i]:
            return 1
    return 0


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
    seed: cython.ulonglong,
    rows: cython.const[I64][::1],
    inside: cython.bint,
    start: cython.const[I64][::1],
    length: cython.const[U32][::1],
    kind: cython.const[U16][::1],
    captured_length: cython.const[U32][::1],
    wire_length: cython.const[U32][::1],
    host_v4: cython.const[U64][::1],
    mask_v4: cython.const[U64][::1],
    no_v4: cython.const[U64][::1],
    host_v6_hi: cython.const[U64][::1],
    host_v6_lo: cython.const[U64][::1],
    mask_v6_hi: cython.const[U64][::1],
    mask_v6_lo: cython.const[U64][::1],
    network_offset: I64[::1],
    transport_offset: I64[::1],
    payload_offset: I64[::1],
    payload_length: I32[::1],
    status: U8[::1],
    direction: U8[::1],
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
    flow_hash: U64[::1],
    tags: U16[::1],
    later: I64[::1],
    state: I64[::1],
) -> None:
    """Fill the rows `rows` of every output column, from the `length` bytes at `start` of each.

    `kind` is the LINKTYPE_ number of what begins there. `inside` means that this is part of a
    packet read before: VLAN tags are then kept unless an Ethernet header replaces them.
    `host_*`/`mask_*` are the host prefixes, already masked (IPv4 in 32 bits; `no_v4` is zeros of
    the same length). `tags` is scratch of length 2. A row's direction is 1 when the destination is
    a host, else 2 when the source is, else 0. `transport` is 1 UDP, 2 TCP, 0 neither or not there.

    `later` (as long as `rows`) receives the `state[0]` rows left to `links`: their `payload_offset`
    is where it is to go on and `payload_length` the EtherType, or -1 and 0 at an unknown link type.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    waiting: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t
    end: cython.Py_ssize_t
    claimed: cython.Py_ssize_t
    found: I64
    family: cython.int
    protocol: cython.int
    size: cython.int
    hops: cython.int
    field: cython.int
    piece: cython.int
    cut: cython.bint
    sport: U64
    dport: U64
    a: U64
    b: U64
    shi: U64
    slo: U64
    dhi: U64
    dlo: U64
    full: U64 = 0xFFFFFFFFFFFFFFFF
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            at = start[row]
            end = at + length[row]
            cut = captured_length[row] < wire_length[row]
            network_offset[row] = -1
            transport_offset[row] = -1
            payload_offset[row] = -1
            payload_length[row] = 0
            direction[row] = 0
            ip_version[row] = 0
            ip_protocol[row] = 0
            transport[row] = 0
            fragment[row] = 0
            source_hi[row] = 0
            source_lo[row] = 0
            destination_hi[row] = 0
            destination_lo[row] = 0
            source_port[row] = 0
            destination_port[row] = 0
            tcp_flags[row] = 0
            tcp_sequence[row] = 0
            flow_hash[row] = 0

            found = _link(data, at, end, kind[row], tags)
            if not inside or kind[row] == 1:
                vlan[row] = tags[0]
                inner_vlan[row] = tags[1]
            if found < 0:
                if found == -1:
                    status[row] = 2 if cut else 1
                    continue
                status[row] = 3
                if found < -2:
                    found = -3 - found
                    payload_offset[row] = found >> 2
                    payload_length[row] = 0x8847 if found & 1 else 0x8864
                later[waiting] = row
                waiting += 1
                continue
            family = found & 3
            at = found >> 2
            if family == 3:
                status[row] = 0
                continue
            if family == 1:  # the link says so, whatever the header looks like
                ip_version[row] = 4
            if at >= end:
                status[row] = 2 if cut else 1
                continue
            size = data[at] >> 4
            if family == 0:
                family = 1 if size == 4 else (2 if size == 6 else 3)
                if family == 1:
                    ip_version[row] = 4
            if family == 2 and size == 6:
                ip_version[row] = 6

            # --- network layer -------------------------------------------------------------
            piece = 0
            if family == 1:
                if size != 4 or end - at < 20:
                    status[row] = 2 if cut and end - at < 20 else 1
                    continue
                size = (data[at] & 15) * 4
                claimed = _be16(data, at + 2)
                if size < 20 or (claimed != 0 and claimed < size):
                    status[row] = 1  # nothing says where the payload is
                    size = 20
                    claimed = 20
                else:
                    status[row] = 0
                network_offset[row] = at
                protocol = data[at + 9]
                shi = 0
                dhi = 0
                slo = cython.cast(U64, _be32(data, at + 12))
                dlo = cython.cast(U64, _be32(data, at + 16))
                field = _be16(data, at + 6)
                if field & 0x1FFF:
                    piece = 2
                elif field & 0x2000:
                    piece = 1
                if claimed != 0:  # 0: left to the network card (TCP segmentation offload)
                    if at + claimed < end:
                        end = at + claimed
                    elif at + claimed > end:
                        status[row] = 2 if cut else 1
                at += size
                if at > end:
                    status[row] = 2 if cut else 1
                    at = end
                if _prefix_hit(0, dlo, no_v4, host_v4, no_v4, mask_v4):
                    direction[row] = 1 if dlo != 0 else 0
                if direction[row] == 0 and slo != 0:
                    if _prefix_hit(0, slo, no_v4, host_v4, no_v4, mask_v4):
                        direction[row] = 2
            elif family == 2:
                if size != 6 or end - at < 40:
                    status[row] = 2 if cut and end - at < 40 else 1
                    continue
                status[row] = 0
                network_offset[row] = at
                claimed = _be16(data, at + 4)
                protocol = data[at + 6]
                shi = (cython.cast(U64, _be32(data, at + 8)) << 32) | cython.cast(
                    U64, _be32(data, at + 12)
                )
                slo = (cython.cast(U64, _be32(data, at + 16)) << 32) | cython.cast(
                    U64, _be32(data, at + 20)
                )
                dhi = (cython.cast(U64, _be32(data, at + 24)) << 32) | cython.cast(
                    U64, _be32(data, at + 28)
                )
                dlo = (cython.cast(U64, _be32(data, at + 32)) << 32) | cython.cast(
                    U64, _be32(data, at + 36)
                )
                at += 40
                if claimed != 0:  # 0: a jumbogram, or left to the network card
                    if at + claimed < end:
                        end = at + claimed
                    elif at + claimed > end:
                        status[row] = 2 if cut else 1
                hops = 0
                # RFC 8200 §4: hop-by-hop, routing, fragment, AH, destination, mobility, HIP, shim6
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
                        status[row] = 2 if cut else 1
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
                        status[row] = 2 if cut else 1
                        protocol = 59
                        at = end
                        break
                    at += size
                    if piece == 2:
                        break
                if _prefix_hit(dhi, dlo, host_v6_hi, host_v6_lo, mask_v6_hi, mask_v6_lo):
                    direction[row] = 1
                elif _prefix_hit(shi, slo, host_v6_hi, host_v6_lo, mask_v6_hi, mask_v6_lo):
                    direction[row] = 2
            else:
                status[row] = 1
                continue
            source_hi[row] = shi
            source_lo[row] = slo
            destination_hi[row] = dhi
            destination_lo[row] = dlo
            ip_protocol[row] = protocol
            fragment[row] = piece

            # --- transport layer -----------------------------------------------------------
            sport = 0
            dport = 0
            if piece == 2:
                payload_offset[row] = at
                payload_length[row] = cython.cast(I32, end - at)
            elif protocol == 17:
                if end - at < 8:
                    status[row] = 2 if cut else 1
                else:
                    transport[row] = 1
                    transport_offset[row] = at
                    sport = cython.cast(U64, _be16(data, at))
                    dport = cython.cast(U64, _be16(data, at + 2))
                    size = _be16(data, at + 4)
                    payload_offset[row] = at + 8
                    if size >= 8 and at + size < end:
                        end = at + size
                    elif size != 0 and size < 8:
                        status[row] = 1
                    payload_length[row] = cython.cast(I32, end - at - 8)
            elif protocol == 6:
                if end - at < 20:
                    status[row] = 2 if cut else 1
                else:
                    transport[row] = 2
                    transport_offset[row] = at
                    sport = cython.cast(U64, _be16(data, at))
                    dport = cython.cast(U64, _be16(data, at + 2))
                    tcp_sequence[row] = cython.cast(U32, _be32(data, at + 4))
                    tcp_flags[row] = data[at + 13]
                    size = (data[at + 12] >> 4) * 4
                    if size < 20:
                        status[row] = 1
                        size = 20
                    if end - at < size:
                        status[row] = 2 if cut else 1
                        size = cython.cast(cython.int, end - at)
                    payload_offset[row] = at + size
                    payload_length[row] = cython.cast(I32, end - at - size)
            else:
                payload_offset[row] = at
                payload_length[row] = cython.cast(I32, end - at)
            source_port[row] = cython.cast(U16, sport)
            destination_port[row] = cython.cast(U16, dport)
            if ip_version[row] == 6:  # else whoever picks addresses picks those that share a hash
                slo = _mix(_mix(shi ^ seed) ^ slo)
                dlo = _mix(_mix(dhi ^ seed) ^ dlo)
            a = _mix(slo ^ ((sport << 48) & full) ^ seed)
            b = _mix(dlo ^ ((dport << 48) & full) ^ seed)
            flow_hash[row] = _mix(((a + b) & full) ^ cython.cast(U64, protocol))
    state[0] = waiting
