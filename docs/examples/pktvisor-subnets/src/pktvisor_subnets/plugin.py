"""What this distribution offers: the handler `subnets`."""

from __future__ import annotations

from collections.abc import Iterable

from pktvisor import HandlerSpec, PacketBatch, hookimpl


@hookimpl
def pktvisor_handlers() -> Iterable[HandlerSpec]:
    """Yield `subnets` 1.0."""
    from pktvisor_subnets.bucket import SubnetsBucket
    from pktvisor_subnets.config import SubnetsConfig

    yield HandlerSpec(
        name="subnets",
        version="1.0",
        config=SubnetsConfig,
        bucket=SubnetsBucket,
        factory="pktvisor_subnets.handler:SubnetsHandler",
        accepts=(PacketBatch,),
        doc="Packets and bytes by the subnet of the remote end",
    )
