# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Count packets by direction, protocol, second and size, and sort out their addresses, in one pass.

What a dozen masks and sums would do column by column. Groups of addresses are numbered
`2 * which + (1 if IPv6)`, where which is 0 the source of an incoming packet, 1 the destination of
an outgoing one, 2 the source and 3 the destination of one of unknown direction.
"""

import cython

U8 = cython.typedef(cython.uchar)
U32 = cython.typedef(cython.uint)
U64 = cython.typedef(cython.ulonglong)
I64 = cython.typedef(cython.longlong)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-1, check=False)
def _note(
    addresses: I64[:, ::1],
    number: I64[::1],
    group: cython.Py_ssize_t,
    hi: U64,
    lo: U64,
    row: cython.Py_ssize_t,
) -> cython.int:
    """Append a row to a group, unless its address is the unspecified one."""
    if hi | lo == 0:
        return 0
    addresses[group, number[group]] = row
    number[group] += 1
    return 0


def tally(
    direction: cython.const[U8][::1],
    captured_length: cython.const[U32][::1],
    ip_version: cython.const[U8][::1],
    transport: cython.const[U8][::1],
    fragment: cython.const[U8][::1],
    tcp_flags: cython.const[U8][::1],
    source_hi: cython.const[U64][::1],
    source_lo: cython.const[U64][::1],
    destination_hi: cython.const[U64][::1],
    destination_lo: cython.const[U64][::1],
    accepted: cython.const[U8][::1],
    deep: cython.const[U8][::1],
    starts: cython.const[I64][::1],
    sizes_unknown: I64[::1],
    sizes_in: I64[::1],
    sizes_out: I64[::1],
    shared: cython.bint,
    packets: I64[:, ::1],
    octets: I64[:, ::1],
    kinds: I64[:, ::1],
    special: I64[:, ::1],
    addresses: I64[:, ::1],
    number: I64[::1],
) -> None:
    """Count the rows of a batch; all columns are equally long, directions are 0, 1 or 2.

    `accepted` and `deep` flag the rows that count and those looked at closely; empty means all.
    `starts` are the first rows of runs of one second, the first of them 0. `sizes` add up frames by
    length; `shared` says that all are the one of unknown direction. Zeroed, for (run, direction):
    `packets` and `octets`. Zeroed, for each direction: `kinds`, at 3 * v + t, where v is 1 for IPv4,
    2 for IPv6, 0 for neither, and t 1 for UDP, 2 for TCP, 0 for neither; and `special`: frames too
    long for their `sizes`, and deep TCP with SYN. `addresses` takes the deep rows of each of 8
    groups, `number` (zeroed) how many.

    As in the original, no fragment counts as UDP or TCP, the first one neither.
    """
    run: cython.Py_ssize_t
    row: cython.Py_ssize_t
    stop: cython.Py_ssize_t
    way: cython.Py_ssize_t
    wide: cython.Py_ssize_t
    length: cython.Py_ssize_t
    rows: cython.Py_ssize_t = direction.shape[0]
    some: cython.bint = accepted.shape[0] > 0
    sampled: cython.bint = deep.shape[0] > 0
    listed: cython.bint = addresses.shape[1] > 0
    close: cython.bint
    syn: cython.int
    layer: cython.Py_ssize_t
    # What varies is looked at without another check: the columns are long enough, `way` and the
    # seconds are held against their tables, and a length is below the size of its own.
    least: cython.Py_ssize_t = min(
        captured_length.shape[0],
        ip_version.shape[0],
        transport.shape[0],
        fragment.shape[0],
        tcp_flags.shape[0],
        source_hi.shape[0],
        source_lo.shape[0],
        destination_hi.shape[0],
        destination_lo.shape[0],
    )
    if least < rows or (some and accepted.shape[0] < rows) or (sampled and deep.shape[0] < rows):
        raise IndexError(f"columns of {least} rows, {rows} to read")
    with cython.nogil:
        for run in range(starts.shape[0]):
            stop = rows
            if run + 1 < starts.shape[0]:
                stop = min(rows, starts[run + 1])
            for row in range(max(starts[run], 0), stop):
                with cython.boundscheck(False):
                    if some and accepted[row] == 0:
                        continue
                    close = not sampled or deep[row] != 0
                    way = direction[row]
                    length = captured_length[row]
                    wide = ip_version[row] >> 1
                    layer = transport[row] * (fragment[row] == 0)
                    syn = (tcp_flags[row] >> 1) & 1
                packets[run, way] += 1
                octets[run, way] += length
                if shared or way == 0:
                    if length < sizes_unknown.shape[0]:
                        sizes_unknown[length] += 1
                    else:
                        special[way, 0] += 1
                elif way == 1:
                    if length < sizes_in.shape[0]:
                        sizes_in[length] += 1
                    else:
                        special[way, 0] += 1
                elif length < sizes_out.shape[0]:
                    sizes_out[length] += 1
                else:
                    special[way, 0] += 1
                # No branches on what varies from row to row: 4 → 1, 6 → 2, 0 → 0.
                wide -= wide > 0
                kinds[way, 3 * wide + layer] += 1
                special[way, 1] += (layer == 2) & syn & cython.cast(cython.int, close)
                if wide == 0 or not (listed and close):
                    continue
                wide -= 1
                if way == 1:
                    _note(addresses, number, wide, source_hi[row], source_lo[row], row)
                elif way == 2:
                    _note(
                        addresses, number, 2 + wide, destination_hi[row], destination_lo[row], row
                    )
                else:
                    _note(addresses, number, 4 + wide, source_hi[row], source_lo[row], row)
                    _note(
                        addresses, number, 6 + wide, destination_hi[row], destination_lo[row], row
                    )
