"""A bucket as the JSON object of the API: metric paths become nested objects."""

from __future__ import annotations

import json
from typing import Any

from pktvisor.metrics import Bucket

__all__ = ["bucket_json", "dumps"]

_NS = 1_000_000_000


def bucket_json(bucket: Bucket) -> dict[str, Any]:
    """Every metric whose group is on and that has something to show, and the period.

    Empty when the bucket's groups are all off.
    """
    if bucket.silent:
        return {}
    result: dict[str, Any] = {
        "period": {"start_ts": bucket.start_ns // _NS, "length": bucket.length}
    }
    for shown in bucket.shown():
        value = shown.state.to_json()
        if value is None:
            continue
        place = result
        for part in shown.path[:-1]:
            place = place.setdefault(part, {})
        place[shown.path[-1]] = value
    return result


def dumps(value: Any) -> str:
    """One compact line, keys sorted; text that is not ASCII stays as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
