"""Feed frames to a net handler and read what its bucket shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pktvisor.engine.attachment import Attachment
from pktvisor.engine.settings import build_config
from pktvisor.exposition.json import bucket_json
from pktvisor.geo import GeoDatabase
from pktvisor.metrics import Bucket, MetricSettings, choose_groups
from pktvisor.plugins import Plugins
from pktvisor.streams import HandlerContext
from pktvisor.streams.specs import resolve
from pktvisor.windows import Window
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import tcp_frame, udp_frame

HOST, PEER, OTHER = "192.0.2.1", "198.51.100.7", "203.0.113.9"
HOST6, PEER6 = "2001:db8::1", "2001:db8:ffff::7"
IN, OUT = udp_frame(PEER, HOST, 53, 4242, b"x"), udp_frame(HOST, PEER, 4242, 53, b"x")
UNKNOWN = udp_frame(PEER, OTHER, 53, 4242, b"x")


class Fed:
    """A net handler with its window; `feed` frames, look at `shown()`."""

    def __init__(
        self,
        version: str = "1.0",
        config: Mapping[str, Any] | None = None,
        *,
        disable: Iterable[str] = (),
        host_spec: str = f"{HOST},{HOST6}",
        deep_sample_rate: int = 100,
        city: GeoDatabase | None = None,
        asn: GeoDatabase | None = None,
        chained: Attachment | None = None,
    ) -> None:
        spec = Plugins().handler("net", version)
        settings = MetricSettings(
            groups=choose_groups(spec.bucket.groups, disable=disable), city=city, asn=asn
        )
        handler = resolve(spec.factory)(
            build_config("net", spec.config, config or {}),
            HandlerContext(settings, deep_sample_rate),
        )
        self.window: Window[Bucket] = Window(spec.bucket, settings, 5)
        self.attachment = Attachment("net", spec, handler, self.window, chained)
        self._host_spec = host_spec

    def feed(self, *frames: bytes | tuple[int, bytes]) -> Fed:
        """Count frames, each with its time in ns or a millisecond after the one before."""
        self.attachment.feed(packet_batch(frames, host_spec=self._host_spec))
        return self

    def shown(self) -> dict[str, Any]:
        """The JSON of the live bucket."""
        return bucket_json(self.window.live)


def syn(source: str, destination: str) -> bytes:
    """The first packet of a TCP connection."""
    return tcp_frame(source, destination, 4242, 80, sequence=0, flags=2)


def databases(captures: Path) -> tuple[GeoDatabase, GeoDatabase]:
    """The test databases of places and of networks; skips where they are not there."""
    if not captures.is_dir():
        pytest.skip(f"no captures in {captures}: set PKTVISOR_CAPTURES")
    return (
        GeoDatabase.open(captures / "GeoIP2-City-Test.mmdb", "city"),
        GeoDatabase.open(captures / "GeoIP2-ISP-Test.mmdb", "asn"),
    )
