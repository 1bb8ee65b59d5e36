"""The bench a handler is put on: traffic, a way to run it, and what came out, comparable."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pktvisor import Engine, HandlerSpec, Plugins, PolicySettings, Snapshot
from pktvisor.batches import PacketBatch
from pktvisor.engine.settings import HandlerPlan, PolicyPlan, StreamPlan, build_config
from pktvisor.exposition.json import bucket_json
from pktvisor.metrics import Bucket, choose_groups
from pktvisor_sdk.captures import Frame, packet_batch
from pktvisor_sdk.streams import given_input
from pktvisor_sdk.traffic import sample_frames

__all__ = ["HOSTS", "HandlerBench"]

HOSTS = "10.0.0.0/8,2001:db8::/32"


@dataclass
class HandlerBench:
    """Runs one handler, configured one way, over frames.

    `enable` names metric groups to switch on beside those that are on by default; `all` is every
    one.
    """

    spec: HandlerSpec
    config: Mapping[str, Any] = field(default_factory=dict)
    frames: Sequence[Frame] = field(default_factory=sample_frames)
    enable: Sequence[str] = ()

    def run(
        self,
        batches: Iterable[PacketBatch] | None = None,
        settings: PolicySettings | None = None,
    ) -> tuple[Bucket, ...]:
        """The buckets after the batches (all frames in one, unless given), newest first."""
        return self.snapshot(batches, settings).handlers[self.spec.name].buckets

    def snapshot(
        self,
        batches: Iterable[PacketBatch] | None = None,
        settings: PolicySettings | None = None,
    ) -> Snapshot:
        """The snapshot after the batches."""
        given = [self.batch(self.frames)] if batches is None else list(batches)
        with Engine(Plugins(autoload=False)) as engine:
            source = given_input(given, self.spec.accepts[0])
            engine.add_tap("given", source)
            name = self.spec.name
            plan = HandlerPlan(
                name,
                self.spec,
                build_config(f"handler {name!r}", self.spec.config, self.config),
                settings or PolicySettings(periods=1),
                choose_groups(self.spec.bucket.groups, enable=self.enable),
            )
            stream = StreamPlan("given", "given", source, None, ((plan,),))
            engine.install(PolicyPlan("contract", (stream,)))
            engine.run()
            return engine.snapshot("contract")

    def batch(self, frames: Sequence[Frame]) -> PacketBatch:
        """Frames as one batch."""
        return packet_batch(frames, host_spec=HOSTS)

    def cut(self, places: Iterable[int]) -> list[PacketBatch]:
        """All frames as several batches, cut before the given places."""
        edges = [0, *sorted(set(places)), len(self.frames)]
        return [
            self.batch(self.frames[start:stop])
            for start, stop in itertools.pairwise(edges)
            if stop > start
        ]


def figures(bucket: Bucket) -> dict[str, Any]:
    """What a bucket shows, quantiles left out: those are compared by rank."""
    shown: dict[str, Any] = _without_quantiles(bucket_json(bucket))
    return shown


def _without_quantiles(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_quantiles(inner)
            for key, inner in value.items()
            if not (isinstance(inner, dict) and "p50" in inner)
        }
    if isinstance(value, np.generic):
        return value.item()
    return value
