"""Run one handler over a capture, and look up or compare what its bucket shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from pktvisor.batches import Hosts, decode
from pktvisor.captures import open_capture
from pktvisor.engine.attachment import Attachment
from pktvisor.engine.settings import build_config
from pktvisor.exposition.json import bucket_json
from pktvisor.geo import GeoDatabase
from pktvisor.metrics import Bucket, MetricSettings, choose_groups
from pktvisor.metrics.quantiles import RANKS, QuantilesState
from pktvisor.plugins import Plugins
from pktvisor.stages import STAGES, stages_for
from pktvisor.streams import HandlerContext
from pktvisor.streams.specs import resolve
from pktvisor.windows import Window

from . import shared
from .shared import SHARED, needs_captures

__all__ = ["HOSTS", "SHARED", "differences", "look_up", "needs_captures", "run", "run_chain"]

CAPTURES = shared.CAPTURES / "pktvisor"
HOSTS = "192.168.0.0/24,10.0.0.0/8,127.0.0.1/32,2001:7fe::53/128,2a00::/16"


@lru_cache
def _database(name: str, kind: Any) -> GeoDatabase:
    return GeoDatabase.open(CAPTURES / name, kind)


def run(
    capture: str,
    handler: str,
    version: str = "1.0",
    config: Mapping[str, Any] | None = None,
    *,
    enable: tuple[str, ...] = (),
    disable: tuple[str, ...] = (),
    host_spec: str = "",
    geo: bool = False,
    top_n_count: int = 10,
) -> Bucket:
    """The bucket of one handler over a whole capture, as one period."""
    link = _Link(handler, version, config or {}, enable, disable, geo, top_n_count)
    return _fed(capture, link.attach(None), host_spec)[0]


def run_chain(
    capture: str, *links: tuple[str, str, Mapping[str, Any]], host_spec: str = "", geo: bool = False
) -> list[Bucket]:
    """The bucket of each handler (name, version, config) of a chain, as one period."""
    made: Attachment | None = None
    for place, (handler, version, config) in reversed(list(enumerate(links))):
        made = _Link(handler, version, config, geo=geo, behind=place > 0).attach(made)
    assert made is not None
    return _fed(capture, made, host_spec)


@dataclass(frozen=True)
class _Link:
    handler: str
    version: str
    config: Mapping[str, Any]
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    geo: bool = False
    top_n_count: int = 10
    behind: bool = False

    def attach(self, then: Attachment | None) -> Attachment:
        """The handler with its window, feeding the next one."""
        spec = Plugins().handler(self.handler, self.version)
        settings = MetricSettings(
            groups=choose_groups(spec.bucket.groups, enable=self.enable, disable=self.disable),
            top_n_count=self.top_n_count,
            city=_database("GeoIP2-City-Test.mmdb", "city") if self.geo else None,
            asn=_database("GeoIP2-ISP-Test.mmdb", "asn") if self.geo else None,
        )
        config = build_config(self.handler, spec.config, self.config)
        made = resolve(spec.factory)(config, HandlerContext(settings, chained=self.behind))
        return Attachment(self.handler, spec, made, Window(spec.bucket, settings, 1), then)


def _fed(capture: str, first: Attachment, host_spec: str) -> list[Bucket]:
    """The live bucket of each handler of a chain after a whole capture."""
    chain = list(first.chain())
    needed = frozenset(name for link in chain for name in link.spec.needs)
    stages = [STAGES[name]() for name in stages_for(needed)]
    hosts, last_ns = Hosts.parse(host_spec), 0
    with open_capture(CAPTURES / f"{capture}.pcap") as reader:
        for records in reader:
            batch = decode(records, hosts)
            if first.spec.name == "dns":  # the original leaves messages in fragments out
                batch = batch.take(np.flatnonzero(batch.fragment == 0))
            for stage in stages:
                batch.add_stage(stage.run(batch))
            if first.window.next_shift_ns is None:
                first.open(int(batch.timestamp_ns[0]))
            first.feed(batch)
            last_ns = int(batch.timestamp_ns[-1])
    first.finish(last_ns)
    return [link.window.live for link in chain]


def look_up(bucket: Bucket, path: str) -> Any:
    """The value at a path such as `top_qtype[0].name`; None where nothing is shown.

    A counter whose group is off is looked up in the bucket itself. A path that begins with `*` adds
    up the directions seen.
    """
    if path.startswith("*."):
        found_in = (look_up(bucket, f"{key}{path[1:]}") for key in ("in", "out", "unknown"))
        return sum(value or 0 for value in found_in)
    found: Any = bucket_json(bucket)
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            found = found[int(step) if step.isdigit() and isinstance(found, list) else step]
        except (KeyError, IndexError):
            return _hidden(bucket, path)
    return found


def _hidden(bucket: Bucket, path: str) -> Any:
    for name, metric in bucket.metrics.items():
        if ".".join(metric.path) == path and metric.kind == "counter":
            return bucket.states[name].to_json()  # type: ignore[attr-defined]
    return None


def differences(bucket: Bucket, theirs: Any) -> Iterator[str]:
    """Where our JSON differs from the original's; nothing where it says the same.

    Integers must be equal; cardinalities agree within 3 %, quantiles of up to 200 values within
    3 % too, and of more within 3.5 % of rank (both sketches err), as histograms do. Lists must have equal estimates,
    and equal names down to the last estimate, whose ties the original breaks by chance. Rates are
    left out: the original samples the seconds of the clock, not those of the traffic.
    """
    states = {".".join(shown.path): shown.state for shown in bucket.shown()}
    yield from _differences(bucket_json(bucket), theirs, "", states)


def _differences(ours: Any, theirs: Any, path: str, states: Mapping[str, Any]) -> Iterator[str]:
    if path.endswith(".buckets"):
        yield from _histogram_differences(ours, theirs, path)
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs} - {"rates", "xact_rates"}):
            place = f"{path}.{key}" if path else key
            if key not in ours:
                yield f"{place}: not there, theirs {theirs[key]!r:.80}"
            elif key not in theirs:
                yield f"{place}: {ours[key]!r:.80}, theirs not there"
            else:
                yield from _differences(ours[key], theirs[key], place, states)
    elif isinstance(ours, list) and isinstance(theirs, list):
        yield from _list_differences(ours, theirs, path)
    elif ours != theirs and not _close(path, ours, theirs, states):
        yield f"{path}: {ours!r}, theirs {theirs!r}"


def _histogram_differences(
    ours: Mapping[str, float], theirs: Mapping[str, float], path: str
) -> Iterator[str]:
    """Cumulative counts at every bound of either; the original's come from a sketch beyond 200."""
    number = ours["+Inf"]
    allowed = 0.035 * number if number > 200 else 0
    for bound in sorted(map(float, {*ours, *theirs})):
        mine, other = (
            max((n for le, n in buckets.items() if float(le) <= bound), default=0)
            for buckets in (ours, theirs)
        )
        if abs(mine - other) > allowed + 1e-6:  # theirs are sums of fractions
            yield f"{path}.{bound:g}: {mine}, theirs {other}"


def _list_differences(ours: list[Any], theirs: list[Any], path: str) -> Iterator[str]:
    counts = [item["estimate"] for item in ours]
    if counts != [item["estimate"] for item in theirs]:
        yield f"{path}: {ours!r:.120}, theirs {theirs!r:.120}"
        return
    least = min(counts, default=0)
    settled = [
        sorted(str(sorted(item.items())) for item in items if item["estimate"] > least)
        for items in (ours, theirs)
    ]
    if settled[0] != settled[1]:
        yield f"{path}: {settled[0]}, theirs {settled[1]}"


def _close(path: str, ours: float, theirs: float, states: Mapping[str, Any]) -> bool:
    if "cardinality" in path:
        return abs(ours - theirs) <= 0.03 * max(abs(theirs), 1)
    place, _, name = path.rpartition(".")
    state = states.get(place)
    if not isinstance(state, QuantilesState) or name not in RANKS:
        return False
    if state.count <= 200:
        return abs(ours - theirs) <= 0.03 * max(abs(theirs), 1)
    low, high = state.quantile(RANKS[name] - 0.035), state.quantile(min(RANKS[name] + 0.035, 1))
    assert low is not None
    assert high is not None
    return low <= theirs <= high
