"""Contracts of input streams and stream handlers, and what plugins declare of them."""

from pktvisor.streams.clock import Clock, SystemClock
from pktvisor.streams.control import CaptureStatistics, Control, Event
from pktvisor.streams.input_stream import InputStream, StreamContext
from pktvisor.streams.row_handler import RowHandler
from pktvisor.streams.sampling import DeepSampler
from pktvisor.streams.sink import SealedBucket, Sink
from pktvisor.streams.specs import HandlerSpec, InputSpec, NoSettings, SinkSpec
from pktvisor.streams.status import HandlerStatus, StreamStatus
from pktvisor.streams.stream_handler import HandlerContext, StreamHandler

__all__ = [
    "CaptureStatistics",
    "Clock",
    "Control",
    "DeepSampler",
    "Event",
    "HandlerContext",
    "HandlerSpec",
    "HandlerStatus",
    "InputSpec",
    "InputStream",
    "NoSettings",
    "RowHandler",
    "SealedBucket",
    "Sink",
    "SinkSpec",
    "StreamContext",
    "StreamHandler",
    "StreamStatus",
    "SystemClock",
]
