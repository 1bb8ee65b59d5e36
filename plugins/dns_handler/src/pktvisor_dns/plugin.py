"""What this distribution offers: the handler `dns`."""

from __future__ import annotations

from collections.abc import Iterable

from pktvisor import HandlerSpec, PacketBatch, hookimpl


@hookimpl
def pktvisor_handlers() -> Iterable[HandlerSpec]:
    """Yield `dns` 1.0, which counts messages, and `dns` 2.0, which counts transactions."""
    from pktvisor_dns.bucket import DnsBucket
    from pktvisor_dns.bucket2 import Dns2Bucket
    from pktvisor_dns.config import Dns2Config, DnsConfig

    yield HandlerSpec(
        name="dns",
        version="1.0",
        config=DnsConfig,
        bucket=DnsBucket,
        factory="pktvisor_dns.handler:DnsHandler",
        accepts=(PacketBatch,),
        needs=frozenset({"dns_messages"}),
        doc="DNS messages, names, response codes and transactions",
        reflects=("events", "deep_samples", "rates_events"),
    )
    yield HandlerSpec(
        name="dns",
        version="2.0",
        config=Dns2Config,
        bucket=Dns2Bucket,
        factory="pktvisor_dns.handler2:Dns2Handler",
        accepts=(PacketBatch,),
        needs=frozenset({"dns_messages"}),
        doc="DNS transactions by direction",
        reflects=("observed", "deep_sampled", "observed_rate"),
    )
