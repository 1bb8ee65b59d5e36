"""Metric kinds, declared once on a bucket class, and their mergeable states."""

from pktvisor.metrics.bucket import Bucket
from pktvisor.metrics.cardinality import Cardinality
from pktvisor.metrics.counter import Counter
from pktvisor.metrics.keys import Addresses, Texts
from pktvisor.metrics.metric import Metric, MetricSettings, MetricState
from pktvisor.metrics.quantiles import Quantiles
from pktvisor.metrics.rate import Rate, Seconds
from pktvisor.metrics.top_n import TopN, ipv4_text, ipv6_text

__all__ = [
    "Addresses",
    "Bucket",
    "Cardinality",
    "Counter",
    "Metric",
    "MetricSettings",
    "MetricState",
    "Quantiles",
    "Rate",
    "Seconds",
    "Texts",
    "TopN",
    "ipv4_text",
    "ipv6_text",
]
