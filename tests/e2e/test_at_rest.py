"""What the tests over a daemon wait for has happened when they go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e import daemons
from tests.e2e.daemons import Daemon


def ledger(received: int, processed: int) -> dict[str, Any]:
    return {
        "kernel_received": received,
        "kernel_drops": 0,
        "queued": 0,
        "queue_drops": 0,
        "processed": processed,
        "unaccounted": received - processed,
    }


def test_a_stream_that_has_seen_nothing_is_not_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    told: Iterator[dict[str, Any]] = iter([
        ledger(0, 0), ledger(0, 0), ledger(0, 0), ledger(5, 3), ledger(5, 5), ledger(5, 5),
    ])  # fmt: skip
    monkeypatch.setattr(daemons.time, "sleep", lambda _: None)
    daemon = Daemon(None, 1, Path("log"))  # type: ignore[arg-type]
    answers = httpx.MockTransport(lambda _: httpx.Response(200, json={"inputs": {"t": next(told)}}))
    daemon.client = httpx.Client(transport=answers, base_url="http://agent")
    assert daemon.at_rest()["processed"] == 5
