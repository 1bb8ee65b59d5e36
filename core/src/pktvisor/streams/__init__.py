"""Contracts of input streams and stream handlers, and what plugins declare of them."""

from pktvisor.streams.input_stream import InputStream, StreamContext
from pktvisor.streams.sampling import DeepSampler
from pktvisor.streams.specs import HandlerSpec, InputSpec, NoSettings
from pktvisor.streams.stream_handler import HandlerContext, StreamHandler

__all__ = [
    "DeepSampler",
    "HandlerContext",
    "HandlerSpec",
    "InputSpec",
    "InputStream",
    "NoSettings",
    "StreamContext",
    "StreamHandler",
]
