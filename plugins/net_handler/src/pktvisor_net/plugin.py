"""What this distribution offers: the handler `net`."""

from __future__ import annotations

from collections.abc import Iterable

from pktvisor import HandlerSpec, PacketBatch, hookimpl


@hookimpl
def pktvisor_handlers() -> Iterable[HandlerSpec]:
    """Yield `net` 1.0 and 2.0."""
    from pktvisor_net.bucket import NetBucket
    from pktvisor_net.bucket2 import Net2Bucket
    from pktvisor_net.config import NetConfig

    yield HandlerSpec(
        name="net",
        version="1.0",
        config=NetConfig,
        bucket=NetBucket,
        factory="pktvisor_net.handler:NetHandler",
        accepts=(PacketBatch,),
        doc="Packets by direction, protocol, address, place and network",
    )
    yield HandlerSpec(
        name="net",
        version="2.0",
        config=NetConfig,
        bucket=Net2Bucket,
        factory="pktvisor_net.handler:Net2Handler",
        accepts=(PacketBatch,),
        doc="Packets by direction, and in each by protocol, address, place and network",
    )
