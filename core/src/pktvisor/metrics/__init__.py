"""Metric kinds, declared once on a bucket class, and their mergeable states."""

from pktvisor.metrics.bucket import Bucket
from pktvisor.metrics.cardinality import Cardinality, CardinalityState
from pktvisor.metrics.counter import Counter, CounterState
from pktvisor.metrics.directions import ByDirection, Directions
from pktvisor.metrics.grouping import Distinct, DistinctTexts, distinct, distinct_texts
from pktvisor.metrics.groups import choose_groups
from pktvisor.metrics.histogram import Histogram
from pktvisor.metrics.keys import Addresses, Texts
from pktvisor.metrics.level import Level
from pktvisor.metrics.metric import Metric, MetricSettings, MetricState
from pktvisor.metrics.metric_set import MetricSet, Shown
from pktvisor.metrics.pending_lookups import PendingLookups
from pktvisor.metrics.places import asn_text, expand_place, place_text
from pktvisor.metrics.quantiles import Quantiles, QuantilesState
from pktvisor.metrics.rate import Rate, Seconds
from pktvisor.metrics.top_n import TopN, TopNState, ipv4_text, ipv6_text, number_text
from pktvisor.metrics.top_table import Entry

__all__ = [
    "Addresses",
    "Bucket",
    "ByDirection",
    "Cardinality",
    "CardinalityState",
    "Counter",
    "CounterState",
    "Directions",
    "Distinct",
    "DistinctTexts",
    "Entry",
    "Histogram",
    "Level",
    "Metric",
    "MetricSet",
    "MetricSettings",
    "MetricState",
    "PendingLookups",
    "Quantiles",
    "QuantilesState",
    "Rate",
    "Seconds",
    "Shown",
    "Texts",
    "TopN",
    "TopNState",
    "asn_text",
    "choose_groups",
    "distinct",
    "distinct_texts",
    "expand_place",
    "ipv4_text",
    "ipv6_text",
    "number_text",
    "place_text",
]
