# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Find the packets that may carry DNS, by their ports.

Strategy: one loop over the decoded headers of a batch, with a bit for each of the 65536 ports.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
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
    with cython.nogil:
        # No branches on what varies from row to row: a row is always written, and kept if it counts.
        for row in range(transport.shape[0]):
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
