# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Find the packets that may carry DNS, by their ports, and what their headers say of the messages.

Strategy: one loop over the decoded headers of a batch, with a bit for each of the 65536 ports; one
that merges the rows of messages found in several ways; one that takes the headers of those rows.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
U32 = cython.typedef(cython.uint)
U64 = cython.typedef(cython.ulonglong)
I64 = cython.typedef(cython.longlong)


def find(
    transport: cython.const[U8][::1],
    fragment: cython.const[U8][::1],
    source_port: cython.const[U16][::1],
    destination_port: cython.const[U16][::1],
    is_dns: cython.const[U8][::1],
    other_port: U16[::1],
    udp: I64[::1],
    tcp: I64[::1],
    state: I64[::1],
) -> None:
    """Find the packets that may carry DNS: whole UDP (transport 1) and TCP (2) with a DNS port.

    `is_dns` has a bit for each port, in bytes from the lowest bit on. Writes their rows to `udp` and
    `tcp`, which are as long as the columns, and how many those are to `state[0]` and `state[1]`, and
    for each of them the port on the other side of the DNS port (the source port where both are) to
    `other_port[row]`; one where that is 0 is left out.
    """
    row: cython.Py_ssize_t
    source: cython.int
    destination: cython.int
    port: cython.int
    toward: cython.int
    away: cython.int
    found: cython.int
    of_udp: cython.Py_ssize_t = 0
    of_tcp: cython.Py_ssize_t = 0
    rows: cython.Py_ssize_t = transport.shape[0]
    least: cython.Py_ssize_t = min(
        fragment.shape[0],
        source_port.shape[0],
        destination_port.shape[0],
        other_port.shape[0],
        udp.shape[0],
        tcp.shape[0],
    )
    if least < rows or is_dns.shape[0] < 8192:
        raise IndexError(f"columns of {least} rows, {rows} to read; a bit for each port")
    with cython.nogil, cython.boundscheck(False):
        # No branches on what varies from row to row: a row is always written, and kept if it counts.
        for row in range(rows):
            source = source_port[row]
            destination = destination_port[row]
            toward = (is_dns[destination >> 3] >> (destination & 7)) & 1
            away = (is_dns[source >> 3] >> (source & 7)) & 1
            port = toward * source + (1 - toward) * destination
            other_port[row] = cython.cast(U16, port)
            found = (toward | away) & (fragment[row] == 0) & (port != 0)
            udp[of_udp] = row
            of_udp += found & (transport[row] == 1)
            tcp[of_tcp] = row
            of_tcp += found & (transport[row] == 2)
    state[0] = of_udp
    state[1] = of_tcp


def merge(
    first: cython.const[I64][::1],
    later: cython.const[I64][::1],
    rows: I64[::1],
    first_place: I64[::1],
    later_place: I64[::1],
) -> None:
    """Merge two ascending lists into `rows`, as long as both; of equal ones those of `later` first.

    `first_place` and `later_place` say where in `rows` each came to be.
    """
    i: cython.Py_ssize_t = 0
    j: cython.Py_ssize_t = 0
    if rows.shape[0] != first.shape[0] + later.shape[0]:
        raise ValueError("rows must be as long as both lists")
    with cython.nogil:
        while i < first.shape[0] or j < later.shape[0]:
            if j < later.shape[0] and (i == first.shape[0] or later[j] <= first[i]):
                rows[i + j] = later[j]
                later_place[j] = i + j
                j += 1
            else:
                rows[i + j] = first[i]
                first_place[i] = i + j
                i += 1


def headers(
    rows: cython.const[I64][::1],
    captured: cython.const[U32][::1],
    wire: cython.const[U32][::1],
    time: cython.const[I64][::1],
    direction: cython.const[U8][::1],
    ip_version: cython.const[U8][::1],
    transport: cython.const[U8][::1],
    flow_hash: cython.const[U64][::1],
    port: cython.const[U16][::1],
    cut: U8[::1],
    time_out: I64[::1],
    direction_out: U8[::1],
    ip_version_out: U8[::1],
    transport_out: U8[::1],
    flow_hash_out: U64[::1],
    port_out: U16[::1],
) -> None:
    """Copy columns of packets (by row) to those of messages, which come from `rows`.

    `cut` becomes 1 where the capture has less of the packet than was on the wire.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t = 0
    foreign: cython.bint = False
    least: cython.Py_ssize_t = min(
        captured.shape[0],
        wire.shape[0],
        time.shape[0],
        direction.shape[0],
        ip_version.shape[0],
        transport.shape[0],
        flow_hash.shape[0],
        port.shape[0],
    )
    room: cython.Py_ssize_t = min(
        cut.shape[0],
        time_out.shape[0],
        direction_out.shape[0],
        ip_version_out.shape[0],
        transport_out.shape[0],
        flow_hash_out.shape[0],
        port_out.shape[0],
    )
    if room < rows.shape[0]:
        raise IndexError(f"columns of {room} rows, {rows.shape[0]} to write")
    with cython.nogil, cython.boundscheck(False):
        for i in range(rows.shape[0]):
            row = rows[i]
            if row < 0 or row >= least:
                foreign = True
                break
            cut[i] = captured[row] < wire[row]
            time_out[i] = time[row]
            direction_out[i] = direction[row]
            ip_version_out[i] = ip_version[row]
            transport_out[i] = transport[row]
            flow_hash_out[i] = flow_hash[row]
            port_out[i] = port[row]
    if foreign:
        raise IndexError(f"row {row} is not in columns of {least} rows")
