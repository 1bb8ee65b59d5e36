"""The hooks a plugin may implement. Hooks only declare: they yield specs and do nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from pktvisor.streams.specs import HandlerSpec, InputSpec, SinkSpec

__all__ = ["PROJECT", "hookimpl", "hookspec"]

PROJECT = "pktvisor"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def pktvisor_inputs() -> Iterable[InputSpec]:
    """Yield the input streams this plugin offers.

    Import the heavy module inside the factory, so that listing plugins stays cheap:

        from pktvisor import InputSpec, hookimpl

        @hookimpl
        def pktvisor_inputs():
            from my_plugin.config import MyConfig
            yield InputSpec(
                name="my_input", version="1.0", config=MyConfig,
                factory="my_plugin.stream:MyStream", emits=PacketBatch,
            )
    """
    return ()


@hookspec
def pktvisor_handlers() -> Iterable[HandlerSpec]:
    """Yield the stream handlers this plugin offers.

    from pktvisor import HandlerSpec, hookimpl

    @hookimpl
    def pktvisor_handlers():
        from my_plugin.bucket import MyBucket
        from my_plugin.config import MyConfig
        yield HandlerSpec(
            name="my_handler", version="1.0", config=MyConfig, bucket=MyBucket,
            factory="my_plugin.handler:MyHandler", accepts=(PacketBatch,),
        )
    """
    return ()


@hookspec
def pktvisor_sinks() -> Iterable[SinkSpec]:
    """Yield the sinks this plugin offers: where buckets go when their period has ended.

    from pktvisor import SinkSpec, hookimpl

    @hookimpl
    def pktvisor_sinks():
        from my_plugin.config import MyConfig
        yield SinkSpec(
            name="my_sink", version="1.0", config=MyConfig, factory="my_plugin.sink:MySink",
        )
    """
    return ()
