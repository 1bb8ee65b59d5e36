# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Run a classic BPF program over frames (McCanne and Jacobson 1993; encodings as in libpcap).

The program is checked once by `check_program`; after that every jump is forward and inside it, so
a run ends. A load outside the captured bytes or a division by zero rejects the frame, as libpcap's
own interpreter does.
"""

import cython

U8 = cython.typedef(cython.uchar)
U16 = cython.typedef(cython.ushort)
U32 = cython.typedef(cython.uint)
I64 = cython.typedef(cython.longlong)


def check_program(
    code: cython.const[U16][::1],
    jump_true: cython.const[U8][::1],
    jump_false: cython.const[U8][::1],
    k: cython.const[U32][::1],
) -> bool:
    """Whether every jump lands inside the program, every scratch slot exists and it returns."""
    count: cython.Py_ssize_t = code.shape[0]
    at: cython.Py_ssize_t
    op: cython.int
    if count == 0 or (code[count - 1] & 7) != 6:
        return False
    for at in range(count):
        op = code[at] & 7
        if op == 5:
            if code[at] == 0x05:
                if cython.cast(I64, k[at]) + at + 1 >= count:
                    return False
            elif at + 1 + jump_true[at] >= count or at + 1 + jump_false[at] >= count:
                return False
        if (op == 2 or op == 3) and k[at] >= 16:
            return False
        if (op == 0 or op == 1) and (code[at] & 0xE0) == 0x60 and k[at] >= 16:
            return False
    return True


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(-2, check=False)
def _load(data: cython.const[U8][::1], base: I64, length: I64, at: I64, width: cython.int) -> I64:
    """A big-endian load of 1, 2 or 4 bytes from the frame; -1 when it does not fit."""
    value: I64 = 0
    i: cython.int
    if at < 0 or at + width > length:
        return -1
    for i in range(width):
        value = (value << 8) | data[base + at + i]
    return value


def run(
    data: cython.const[U8][::1],
    frame_offset: cython.const[I64][::1],
    captured_length: cython.const[U32][::1],
    wire_length: cython.const[U32][::1],
    rows: cython.const[I64][::1],
    code: cython.const[U16][::1],
    jump_true: cython.const[U8][::1],
    jump_false: cython.const[U8][::1],
    k: cython.const[U32][::1],
    scratch: I64[::1],
    accepted: U8[::1],
) -> None:
    """Set `accepted[row]` to 1 for each of `rows` that the program accepts, 0 for the others.

    `scratch` has 16 slots; the program passed `check_program`.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    at: cython.Py_ssize_t
    base: I64
    length: I64
    a: I64
    x: I64
    operand: I64
    width: cython.int
    op: cython.int
    mode: cython.int
    kind: cython.int
    hit: cython.bint
    word: I64 = 0xFFFFFFFF
    count: cython.Py_ssize_t = code.shape[0]
    with cython.nogil:
        for i in range(rows.shape[0]):
            row = rows[i]
            base = frame_offset[row]
            length = captured_length[row]
            accepted[row] = 0
            a = 0
            x = 0
            for at in range(16):
                scratch[at] = 0
            at = 0
            while at < count:
                op = code[at]
                operand = k[at]
                kind = op & 7
                mode = op & 0xE0
                at += 1
                if kind == 0:  # load into A
                    width = 4
                    if (op & 0x18) == 0x08:
                        width = 2
                    elif (op & 0x18) == 0x10:
                        width = 1
                    if mode == 0x20:
                        a = _load(data, base, length, operand, width)
                    elif mode == 0x40:
                        a = _load(data, base, length, x + operand, width)
                    elif mode == 0x00:
                        a = operand
                    elif mode == 0x80:
                        a = wire_length[row]
                    elif mode == 0x60:
                        a = scratch[operand]
                    else:
                        a = -1
                    if a < 0:
                        break
                elif kind == 1:  # load into X
                    if mode == 0x00:
                        x = operand
                    elif mode == 0x60:
                        x = scratch[operand]
                    elif mode == 0x80:
                        x = wire_length[row]
                    elif mode == 0xA0:
                        x = _load(data, base, length, operand, 1)
                        if x < 0:
                            break
                        x = (x & 15) * 4
                    else:
                        break
                elif kind == 2:
                    scratch[operand] = a
                elif kind == 3:
                    scratch[operand] = x
                elif kind == 4:  # arithmetic on 32-bit words
                    if op & 8:
                        operand = x
                    mode = op & 0xF0
                    if mode == 0x00:
                        a = a + operand
                    elif mode == 0x10:
                        a = a - operand
                    elif mode == 0x20:
                        a = (a & 0xFFFF) * operand + ((((a >> 16) * operand) & 0xFFFF) << 16)
                    elif mode == 0x30 or mode == 0x90:
                        if operand == 0:
                            break
                        a = a // operand if mode == 0x30 else a % operand
                    elif mode == 0x40:
                        a = a | operand
                    elif mode == 0x50:
                        a = a & operand
                    elif mode == 0x60:
                        a = (a << operand) if operand < 32 else 0
                    elif mode == 0x70:
                        a = (a >> operand) if operand < 32 else 0
                    elif mode == 0x80:
                        a = -a
                    elif mode == 0xA0:
                        a = a ^ operand
                    else:
                        break
                    a = a & word
                elif kind == 5:  # jumps
                    if op == 0x05:
                        at += operand
                        continue
                    if op & 8:
                        operand = x
                    mode = op & 0xF0
                    if mode == 0x10:
                        hit = a == operand
                    elif mode == 0x20:
                        hit = a > operand
                    elif mode == 0x30:
                        hit = a >= operand
                    else:
                        hit = (a & operand) != 0
                    at += jump_true[at - 1] if hit else jump_false[at - 1]
                elif kind == 6:  # return
                    if op & 0x18 == 0x10:
                        operand = a
                    accepted[row] = 1 if operand != 0 else 0
                    break
                else:  # between A and X
                    if op & 0x80:
                        a = x
                    else:
                        x = a
