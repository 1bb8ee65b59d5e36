"""Send a capture's frames from a memory-mapped ring, as fast as the kernel takes them.

    python tests/e2e/sender.py INTERFACE CAPTURE ROUNDS

Frames of up to 2016 bytes of the classic pcap file are sent ROUNDS times; prints how many packets
went out and in how many seconds.
"""

from __future__ import annotations

import mmap
import socket
import struct
import sys
import time
from pathlib import Path

import numpy as np

SOL_PACKET, TX_RING, VERSION, QDISC_BYPASS, TPACKET_V2 = 263, 13, 10, 20, 1
SEND_REQUEST = 1
FRAME, PER_BLOCK, FRAMES = 2048, 32, 4096
HEADER = 32  # of a TPACKET_V2 frame


def frames(capture: Path) -> list[bytes]:
    data = capture.read_bytes()
    found, at = [], 24
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at + 8)
        if 14 <= length <= FRAME - HEADER:
            found.append(data[at + 16 : at + 16 + length])
        at += 16 + length
    return found


def send(interface: str, capture: Path, rounds: int) -> tuple[int, float]:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as link:
        link.setsockopt(SOL_PACKET, VERSION, TPACKET_V2)
        link.setsockopt(SOL_PACKET, QDISC_BYPASS, 1)
        block = FRAME * PER_BLOCK
        link.setsockopt(
            SOL_PACKET, TX_RING, struct.pack("=4I", block, FRAMES // PER_BLOCK, FRAME, FRAMES)
        )
        link.bind((interface, 0))
        memory = mmap.mmap(link.fileno(), FRAME * FRAMES)
        ring = np.frombuffer(memory, np.uint8).reshape(FRAMES, FRAME)
        words = ring.view(np.uint32)
        every = frames(capture)[:FRAMES]
        for slot, frame in enumerate(every):
            ring[slot, HEADER : HEADER + len(frame)] = np.frombuffer(frame, np.uint8)
            words[slot, 1] = len(frame)
        began = time.monotonic()
        for _ in range(rounds):
            words[: len(every), 0] = SEND_REQUEST
            for slot in range(len(every), FRAMES):  # the ring goes on where it stopped
                words[slot, 0] = 0
            link.send(b"")
            while (words[: len(every), 0] != 0).any():
                link.send(b"")
        took = time.monotonic() - began
        del ring, words
        memory.close()
        return rounds * len(every), took


if __name__ == "__main__":
    count, seconds = send(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    print(count, seconds)
