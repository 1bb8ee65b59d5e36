"""Many clients of an API at once, in a process of their own so that they time nobody else's answers.

    python -m tests.e2e.clients slow PORT COUNT      # never finish their headers, come back when cut off
    python -m tests.e2e.clients scrape PORT COUNT    # ask for /metrics all at once, every second

A line `there` is printed once all have come. They stay until standard input ends; then one line of
JSON tells how they fared.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import socket
import sys
import threading
import time
from collections import Counter

__all__: list[str] = []

TRICKLE_S = 1.0
AT_ONCE = 100  # slow clients that come, or come back, within a trickle; all come at the start
SCRAPE_S = 1.0


def slow(port: int, count: int) -> dict[str, int]:
    """Keep `count` connections that send a byte of a header each second; how many were cut off."""
    poller = select.poll()
    poller.register(0, select.POLLIN | select.POLLHUP)
    clients: dict[int, socket.socket] = {}
    told = {"opened": 0, "cut_off": 0}
    due = 0.0
    coming = count
    while True:
        for _ in range(min(count - len(clients), coming)):
            client = socket.create_connection(("127.0.0.1", port))
            client.setblocking(False)
            client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            clients[client.fileno()] = client
            poller.register(client, select.POLLIN | select.POLLHUP)
            told["opened"] += 1
            if told["opened"] == count:
                print("there", flush=True)
        coming = 0
        if time.monotonic() >= due:
            due = time.monotonic() + TRICKLE_S
            coming = AT_ONCE
            for client in clients.values():
                try:
                    client.send(b"x")
                except OSError:
                    continue  # cut off: the poller says so
        for number, _ in poller.poll(100):
            if number == 0:
                return {**told, "open": len(clients)}
            poller.unregister(number)
            clients.pop(number).close()
            told["cut_off"] += 1


def scrape(port: int, count: int) -> dict[str, int]:
    """`count` threads that ask for /metrics; the answers by status, and failed connections."""
    statuses: Counter[str] = Counter()
    over = threading.Event()
    first = threading.Event()  # when the first of them asks, all have come together
    together = threading.Barrier(count)

    def ask() -> None:
        while not over.wait(SCRAPE_S):
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait(SCRAPE_S)
            first.set()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.request("GET", "/metrics")
                answer = connection.getresponse()
                answer.read()
                statuses[str(answer.status)] += 1
            except OSError as error:
                statuses[type(error).__name__] += 1
            finally:
                connection.close()

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    first.wait()
    print("there", flush=True)
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join(30)
    return dict(statuses)


if __name__ == "__main__":
    work = {"slow": slow, "scrape": scrape}[sys.argv[1]]
    print(json.dumps(work(int(sys.argv[2]), int(sys.argv[3]))))
