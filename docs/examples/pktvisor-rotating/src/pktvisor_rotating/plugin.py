"""What this distribution offers: the input `rotating`."""

from __future__ import annotations

from collections.abc import Iterable

from pktvisor import InputSpec, PacketBatch, hookimpl


@hookimpl
def pktvisor_inputs() -> Iterable[InputSpec]:
    """Yield `rotating` 1.0."""
    from pktvisor_rotating.config import RotatingConfig

    yield InputSpec(
        name="rotating",
        version="1.0",
        config=RotatingConfig,
        factory="pktvisor_rotating.stream:RotatingStream",
        emits=PacketBatch,
        file_key="rotating_folder",
        doc="Capture files of a folder, oldest first",
    )
