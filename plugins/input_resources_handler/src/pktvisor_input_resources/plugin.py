"""What this distribution offers: the handler `input_resources`."""

from __future__ import annotations

from collections.abc import Iterable

from pktvisor import HandlerSpec, hookimpl


@hookimpl
def pktvisor_handlers() -> Iterable[HandlerSpec]:
    """Yield `input_resources` 1.0, which reads batches of any kind."""
    from pktvisor.batches import Table
    from pktvisor_input_resources.bucket import ResourcesBucket
    from pktvisor_input_resources.config import ResourcesConfig

    yield HandlerSpec(
        name="input_resources",
        version="1.0",
        config=ResourcesConfig,
        bucket=ResourcesBucket,
        factory="pktvisor_input_resources.handler:ResourcesHandler",
        accepts=(Table,),
        companion="resources",
        doc="What an input stream costs, and who uses it",
    )
