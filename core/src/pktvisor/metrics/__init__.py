"""Metric kinds, declared once on a bucket class, and their mergeable states."""

from pktvisor.metrics.bucket import Bucket
from pktvisor.metrics.cardinality import Cardinality
from pktvisor.metrics.counter import Counter
from pktvisor.metrics.directions import ByDirection, Directions
from pktvisor.metrics.groups import choose_groups
from pktvisor.metrics.histogram import Histogram
from pktvisor.metrics.keys import Addresses, Texts
from pktvisor.metrics.level import Level
from pktvisor.metrics.metric import Metric, MetricSettings, MetricState
from pktvisor.metrics.metric_set import MetricSet, Shown
from pktvisor.metrics.quantiles import Quantiles
from pktvisor.metrics.rate import Rate, Seconds
from pktvisor.metrics.top_n import TopN, ipv4_text, ipv6_text

__all__ = [
    "Addresses",
    "Bucket",
    "ByDirection",
    "Cardinality",
    "Counter",
    "Directions",
    "Histogram",
    "Level",
    "Metric",
    "MetricSet",
    "MetricSettings",
    "MetricState",
    "Quantiles",
    "Rate",
    "Seconds",
    "Shown",
    "Texts",
    "TopN",
    "choose_groups",
    "ipv4_text",
    "ipv6_text",
]
