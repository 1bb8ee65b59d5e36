"""pktvisor: summarize network data streams in real time.

The names below are the public surface; importing them is deferred, so `import pktvisor` is cheap.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# numpy's BLAS would start a thread pool nobody here uses: half of its import time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if TYPE_CHECKING:
    from pktvisor.batches import Hosts as Hosts
    from pktvisor.batches import Packet as Packet
    from pktvisor.batches import PacketBatch as PacketBatch
    from pktvisor.engine import Engine as Engine
    from pktvisor.engine import PolicySettings as PolicySettings
    from pktvisor.hookspecs import hookimpl as hookimpl
    from pktvisor.metrics import Bucket as Bucket
    from pktvisor.metrics import Cardinality as Cardinality
    from pktvisor.metrics import Counter as Counter
    from pktvisor.metrics import Quantiles as Quantiles
    from pktvisor.metrics import Rate as Rate
    from pktvisor.metrics import TopN as TopN
    from pktvisor.plugins import Plugins as Plugins
    from pktvisor.snapshot import Snapshot as Snapshot
    from pktvisor.streams import HandlerSpec as HandlerSpec
    from pktvisor.streams import InputSpec as InputSpec
    from pktvisor.streams import InputStream as InputStream
    from pktvisor.streams import RowHandler as RowHandler
    from pktvisor.streams import SealedBucket as SealedBucket
    from pktvisor.streams import Sink as Sink
    from pktvisor.streams import SinkSpec as SinkSpec
    from pktvisor.streams import StreamHandler as StreamHandler
    from pktvisor.summary import summarize as summarize

__version__ = "0.1.0"

_HOME = {
    "Bucket": "metrics",
    "Cardinality": "metrics",
    "Counter": "metrics",
    "Engine": "engine",
    "HandlerSpec": "streams",
    "Hosts": "batches",
    "InputSpec": "streams",
    "InputStream": "streams",
    "PacketBatch": "batches",
    "Plugins": "plugins",
    "PolicySettings": "engine",
    "Quantiles": "metrics",
    "Packet": "batches",
    "Rate": "metrics",
    "RowHandler": "streams",
    "SealedBucket": "streams",
    "Sink": "streams",
    "SinkSpec": "streams",
    "Snapshot": "snapshot",
    "StreamHandler": "streams",
    "TopN": "metrics",
    "hookimpl": "hookspecs",
    "summarize": "summary",
}
__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'pktvisor' has no attribute {name!r}")
    value = getattr(import_module(f"pktvisor.{_HOME[name]}"), name)
    globals()[name] = value
    return value
