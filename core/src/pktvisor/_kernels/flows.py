# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""What the decoded headers say of a packet's flow: its direction seen from the hosts, and its hash.

Strategy: one loop a question over the columns `decode` filled. The directions of packets are asked
for with every batch, the hashes of flows only by what follows flows, so they are not one pass.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
U64 = cython.typedef(cython.ulonglong)
I64 = cython.typedef(cython.longlong)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _mix(value: U64) -> U64:
    """The finaliser of SplitMix64 (Steele 2014): every input bit reaches every output bit."""
    first: U64 = 0xBF58476D1CE4E5B9
    second: U64 = 0x94D049BB133111EB
    full: U64 = 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * first) & full
    value = ((value ^ (value >> 27)) * second) & full
    return value ^ (value >> 31)


def directions(
    ip_version: cython.const[U8][::1],
    source_hi: cython.const[U64][::1],
    source_lo: cython.const[U64][::1],
    destination_hi: cython.const[U64][::1],
    destination_lo: cython.const[U64][::1],
    network_offset: cython.const[I64][::1],
    v4_lo: cython.const[U64][::1],
    v4_mask_lo: cython.const[U64][::1],
    v6_hi: cython.const[U64][::1],
    v6_lo: cython.const[U64][::1],
    v6_mask_hi: cython.const[U64][::1],
    v6_mask_lo: cython.const[U64][::1],
    direction: U8[::1],
) -> None:
    """1 in each row whose destination is a host, else 2 where the source is, else 0.

    The prefixes are masked already; IPv4's fill the low 32 bits. The address 0.0.0.0 is no host's.
    """
    row: cython.Py_ssize_t
    i: cython.Py_ssize_t
    from_host: cython.int
    to_host: cython.int
    rows: cython.Py_ssize_t = direction.shape[0]
    least: cython.Py_ssize_t = min(
        ip_version.shape[0],
        source_hi.shape[0],
        source_lo.shape[0],
        destination_hi.shape[0],
        destination_lo.shape[0],
        network_offset.shape[0],
    )
    if least < rows or v4_mask_lo.shape[0] < v4_lo.shape[0]:
        raise IndexError(f"columns of {least} rows, {rows} to read; a mask for each prefix")
    if min(v6_lo.shape[0], v6_mask_hi.shape[0], v6_mask_lo.shape[0]) < v6_hi.shape[0]:
        raise IndexError("both halves of each prefix and of its mask are needed")
    with cython.nogil, cython.boundscheck(False):
        # No branches on what varies from row to row: every prefix is compared with both addresses.
        for row in range(rows):
            from_host = 0
            to_host = 0
            if ip_version[row] == 4:
                for i in range(v4_lo.shape[0]):
                    to_host |= (destination_lo[row] & v4_mask_lo[i]) == v4_lo[i]
                    from_host |= (source_lo[row] & v4_mask_lo[i]) == v4_lo[i]
                to_host &= destination_lo[row] != 0
                from_host &= source_lo[row] != 0
            else:
                for i in range(v6_hi.shape[0]):
                    to_host |= ((destination_hi[row] & v6_mask_hi[i]) == v6_hi[i]) & (
                        (destination_lo[row] & v6_mask_lo[i]) == v6_lo[i]
                    )
                    from_host |= ((source_hi[row] & v6_mask_hi[i]) == v6_hi[i]) & (
                        (source_lo[row] & v6_mask_lo[i]) == v6_lo[i]
                    )
            to_host &= network_offset[row] >= 0
            from_host &= network_offset[row] >= 0
            direction[row] = cython.cast(U8, to_host + 2 * (from_host & (1 - to_host)))


def hashes(
    ip_version: cython.const[U8][::1],
    source_hi: cython.const[U64][::1],
    source_lo: cython.const[U64][::1],
    destination_hi: cython.const[U64][::1],
    destination_lo: cython.const[U64][::1],
    network_offset: cython.const[I64][::1],
    source_port: cython.const[U16][::1],
    destination_port: cython.const[U16][::1],
    ip_protocol: cython.const[U8][::1],
    rows: cython.const[I64][::1],
    seed: cython.ulonglong,
    flow_hash: U64[::1],
) -> None:
    """One hash for both directions of a flow in each of `rows`; 0 in those without a network header.

    All columns, `flow_hash` too, are indexed by row.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t = 0
    a: U64
    b: U64
    port: U64
    full: U64 = 0xFFFFFFFFFFFFFFFF
    foreign: cython.bint = False
    least: cython.Py_ssize_t = min(
        ip_version.shape[0],
        source_hi.shape[0],
        source_lo.shape[0],
        destination_hi.shape[0],
        destination_lo.shape[0],
        network_offset.shape[0],
        source_port.shape[0],
        destination_port.shape[0],
        ip_protocol.shape[0],
        flow_hash.shape[0],
    )
    with cython.nogil, cython.boundscheck(False):
        for i in range(rows.shape[0]):
            row = rows[i]
            if row < 0 or row >= least:
                foreign = True
                break
            if network_offset[row] < 0:
                flow_hash[row] = 0
                continue
            a = source_lo[row]
            b = destination_lo[row]
            if ip_version[row] == 6:  # else whoever picks addresses picks those that share a hash
                a = _mix(_mix(source_hi[row] ^ seed) ^ a)
                b = _mix(_mix(destination_hi[row] ^ seed) ^ b)
            port = source_port[row]
            a = _mix(a ^ ((port << 48) & full) ^ seed)
            port = destination_port[row]
            b = _mix(b ^ ((port << 48) & full) ^ seed)
            flow_hash[row] = _mix(((a + b) & full) ^ cython.cast(U64, ip_protocol[row]))
    if foreign:
        raise IndexError(f"row {row} is not in columns of {least} rows")
