# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Find the packets that may carry DNS, by their ports.

Strategy: one loop over the decoded headers of a batch, with a table of 65536 flags for the ports.
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

    `is_dns` has an entry for each port. Writes their rows to `udp` and `tcp` and how many those are
    to `state[0]` and `state[1]`, and for each of them the port on the other side of the DNS port
    (the source port where both are) to `other_port[row]`; one where that is 0 is left out.
    """
    row: cython.Py_ssize_t
    port: cython.int
    of_udp: cython.Py_ssize_t = 0
    of_tcp: cython.Py_ssize_t = 0
    with cython.nogil:
        for row in range(transport.shape[0]):
            if transport[row] == 0 or fragment[row] != 0:
                continue
            if is_dns[destination_port[row]]:
                port = source_port[row]
            elif is_dns[source_port[row]]:
                port = destination_port[row]
            else:
                continue
            if port == 0:
                continue
            other_port[row] = port
            if transport[row] == 1:
                udp[of_udp] = row
                of_udp += 1
            elif transport[row] == 2:
                tcp[of_tcp] = row
                of_tcp += 1
    state[0] = of_udp
    state[1] = of_tcp
