"""Feed frames to a dns handler and read what its bucket shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pktvisor.batches import PacketBatch
from pktvisor.engine.attachment import Attachment
from pktvisor.engine.settings import build_config
from pktvisor.exposition.json import bucket_json
from pktvisor.metrics import MetricSettings, choose_groups
from pktvisor.plugins import Plugins
from pktvisor.stages import DnsMessagesStage
from pktvisor.streams import HandlerContext
from pktvisor.streams.specs import resolve
from pktvisor.windows import Window
from pktvisor_sdk.captures import packet_batch
from pktvisor_sdk.frames import tcp_frame, udp_frame

CLIENT, SERVER = "192.0.2.1", "192.0.2.53"


class Fed:
    """A dns handler with its window; `feed` frames, look at `shown()`."""

    def __init__(
        self,
        version: str = "1.0",
        config: Mapping[str, Any] | None = None,
        *,
        enable: Iterable[str] = (),
        host_spec: str = f"{CLIENT}/32",
        deep_sample_rate: int = 100,
        periods: int = 5,
        chained: Fed | None = None,
        behind: bool = False,
    ) -> None:
        spec = Plugins().handler("dns", version)
        settings = MetricSettings(groups=choose_groups(spec.bucket.groups, enable=enable))
        self.handler = resolve(spec.factory)(
            build_config("dns", spec.config, config or {}),
            HandlerContext(settings, deep_sample_rate, chained=behind),
        )
        self.window = Window(spec.bucket, settings, periods)
        self.attachment = Attachment(
            "dns", spec, self.handler, self.window, chained.attachment if chained else None
        )
        self._stage = DnsMessagesStage()
        self._host_spec = host_spec

    def feed(self, *frames: bytes | tuple[int, bytes]) -> Fed:
        """Count frames, each with its time in ns or a millisecond after the one before."""
        batch: PacketBatch = packet_batch(frames, host_spec=self._host_spec)
        batch.add_stage(self._stage.run(batch))
        self.attachment.feed(batch)
        return self

    def shown(self, bucket: int = 0) -> dict[str, Any]:
        """The JSON of a bucket, the newest by default."""
        return bucket_json(self.window.buckets()[bucket])


def asked(message: bytes, *, port: int = 4242, client: str = CLIENT, server: str = SERVER) -> bytes:
    """A query's frame, over UDP."""
    return udp_frame(client, server, port, 53, message)


def answered(
    message: bytes, *, port: int = 4242, client: str = CLIENT, server: str = SERVER
) -> bytes:
    """A reply's frame, over UDP."""
    return udp_frame(server, client, 53, port, message)


def over_tcp(*messages: bytes, port: int = 4242, sequence: int = 1) -> bytes:
    """Messages from the client in one TCP segment."""
    payload = b"".join(len(message).to_bytes(2, "big") + message for message in messages)
    return tcp_frame(CLIENT, SERVER, port, 53, payload, sequence=sequence)


def syn(port: int = 4242) -> bytes:
    """The client's first packet of a connection."""
    return tcp_frame(CLIENT, SERVER, port, 53, sequence=0, flags=2)
