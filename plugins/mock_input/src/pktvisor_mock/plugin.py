"""What this distribution offers: the input `mock`."""

from __future__ import annotations

from collections.abc import Iterable

from pktvisor import InputSpec, PacketBatch, hookimpl


@hookimpl
def pktvisor_inputs() -> Iterable[InputSpec]:
    """Yield `mock` 1.0."""
    from pktvisor_mock.config import MockConfig

    yield InputSpec(
        name="mock",
        version="1.0",
        config=MockConfig,
        factory="pktvisor_mock.stream:MockStream",
        emits=PacketBatch,
        doc="A live stream without packets, to try policies with",
    )
