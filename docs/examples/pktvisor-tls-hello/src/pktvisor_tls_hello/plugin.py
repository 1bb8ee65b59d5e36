"""What this distribution offers: the handler `tls_hello`."""

from __future__ import annotations

from collections.abc import Iterable

from pktvisor import HandlerSpec, PacketBatch, hookimpl


@hookimpl
def pktvisor_handlers() -> Iterable[HandlerSpec]:
    """Yield `tls_hello` 1.0."""
    from pktvisor_tls_hello.bucket import TlsHelloBucket
    from pktvisor_tls_hello.config import TlsHelloConfig

    yield HandlerSpec(
        name="tls_hello",
        version="1.0",
        config=TlsHelloConfig,
        bucket=TlsHelloBucket,
        factory="pktvisor_tls_hello.handler:TlsHelloHandler",
        accepts=(PacketBatch,),
        doc="TLS ClientHello messages, by server name and client fingerprint",
    )
