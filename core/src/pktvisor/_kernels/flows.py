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


@cython.cfunc
@cython.inline
@cython.nogil
@cython.boundscheck(False)
@cython.exceptval(check=False)
def _is_host(
    hi: U64,
    lo: U64,
    prefix_hi: cython.const[U64][::1],
    prefix_lo: cython.const[U64][::1],
    mask_hi: cython.const[U64][::1],
    mask_lo: cython.const[U64][::1],
    number: cython.Py_ssize_t,
) -> cython.bint:
    """Whether the address lies inside one of the first `number` prefixes."""
    i: cython.Py_ssize_t
    for i in range(number):
        if (hi & mask_hi[i]) == prefix_hi[i] and (lo & mask_lo[i]) == prefix_lo[i]:
            return True
    return False


def directions(
    ip_version: cython.const[U8][::1],
    source_hi: cython.const[U64][::1],
    source_lo: cython.const[U64][::1],
    destination_hi: cython.const[U64][::1],
    destination_lo: cython.const[U64][::1],
    network_offset: cython.const[I64][::1],
    v4_hi: cython.const[U64][::1],
    v4_lo: cython.const[U64][::1],
    v4_mask_hi: cython.const[U64][::1],
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
    v4: cython.Py_ssize_t = v4_lo.shape[0]
    v6: cython.Py_ssize_t = v6_lo.shape[0]
    toward: U8
    if (
        v4_hi.shape[0] < v4
        or v4_mask_hi.shape[0] < v4
        or v4_mask_lo.shape[0] < v4
        or v6_hi.shape[0] < v6
        or v6_mask_hi.shape[0] < v6
        or v6_mask_lo.shape[0] < v6
    ):
        raise IndexError("a prefix needs two halves and two halves of a mask")
    with cython.nogil:
        for row in range(direction.shape[0]):
            toward = 0
            if network_offset[row] < 0:
                toward = 0
            elif ip_version[row] == 4:
                if destination_lo[row] != 0 and _is_host(
                    0, destination_lo[row], v4_hi, v4_lo, v4_mask_hi, v4_mask_lo, v4
                ):
                    toward = 1
                elif source_lo[row] != 0 and _is_host(
                    0, source_lo[row], v4_hi, v4_lo, v4_mask_hi, v4_mask_lo, v4
                ):
                    toward = 2
            elif _is_host(
                destination_hi[row], destination_lo[row], v6_hi, v6_lo, v6_mask_hi, v6_mask_lo, v6
            ):
                toward = 1
            elif _is_host(source_hi[row], source_lo[row], v6_hi, v6_lo, v6_mask_hi, v6_mask_lo, v6):
                toward = 2
            direction[row] = toward


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
    seed: cython.ulonglong,
    flow_hash: U64[::1],
) -> None:
    """One hash for both directions of a flow in each row; 0 in those without a network header."""
    row: cython.Py_ssize_t
    a: U64
    b: U64
    port: U64
    full: U64 = 0xFFFFFFFFFFFFFFFF
    with cython.nogil:
        for row in range(flow_hash.shape[0]):
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
