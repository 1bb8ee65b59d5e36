"""Feed frames to a handler, without an engine, and read what its buckets show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pktvisor.engine.attachment import Attachment
from pktvisor.engine.settings import build_config
from pktvisor.exposition.json import bucket_json
from pktvisor.geo import GeoDatabase
from pktvisor.metrics import Bucket, MetricSettings, choose_groups
from pktvisor.plugins import Plugins
from pktvisor.stages import STAGES, stages_for
from pktvisor.streams import HandlerContext
from pktvisor.streams.specs import resolve
from pktvisor.windows import Window
from pktvisor_sdk.captures import packet_batch

__all__ = ["Fed"]


class Fed:
    """A handler with its window, fed by hand: `Fed("dns").feed(frame, …).shown()`.

    `chained` is fed what this one hands on, and told so; `databases` are of places and networks.
    """

    def __init__(
        self,
        name: str,
        version: str = "1.0",
        config: Mapping[str, Any] | None = None,
        *,
        enable: Iterable[str] = (),
        disable: Iterable[str] = (),
        host_spec: str = "",
        deep_sample_rate: int = 100,
        periods: int = 5,
        chained: Fed | None = None,
        databases: tuple[GeoDatabase | None, GeoDatabase | None] = (None, None),
    ) -> None:
        spec = Plugins().handler(name, version)
        groups = choose_groups(spec.bucket.groups, enable=enable, disable=disable)
        settings = MetricSettings(groups=groups, city=databases[0], asn=databases[1])
        self.handler = resolve(spec.factory)(
            build_config(name, spec.config, config or {}),
            HandlerContext(settings, deep_sample_rate),
        )
        if chained is not None:
            chained.handler.context = chained.handler.context._replace(chained=True)
        self.window: Window[Bucket] = Window(spec.bucket, settings, periods)
        self.attachment: Attachment = Attachment(
            name, spec, self.handler, self.window, chained.attachment if chained else None
        )
        self._stages = [STAGES[needed]() for needed in stages_for(spec.needs)]
        self._host_spec = host_spec

    def feed(self, *frames: bytes | tuple[int, bytes]) -> Fed:
        """Count frames, each with its time in ns or a millisecond after the one before."""
        batch = packet_batch(frames, host_spec=self._host_spec)
        for stage in self._stages:
            batch.add_stage(stage.run(batch))
        self.attachment.feed(batch)
        return self

    def shown(self, bucket: int = 0) -> dict[str, Any]:
        """The JSON of a bucket, the newest by default."""
        return bucket_json(self.window.buckets()[bucket])
