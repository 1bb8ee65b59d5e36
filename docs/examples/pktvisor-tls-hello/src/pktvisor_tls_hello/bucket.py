"""The metrics of `tls_hello`: declared here once, shown everywhere."""

from __future__ import annotations

from pktvisor import Bucket, Cardinality, Counter, TopN


class TlsHelloBucket(Bucket):
    """TLS ClientHello messages of one period."""

    schema = "tls_hello"
    groups = {"cardinality": True, "top": True}

    hellos = Counter("hellos", "Count of ClientHello messages")
    filtered = Counter("filtered", "Count of ClientHello messages of other servers")
    unreadable = Counter("unreadable", "Count of ClientHello messages cut short or malformed")
    no_name = Counter("no_name", "Count of ClientHello messages without a server name")
    names = Cardinality("cardinality.server_names", "Distinct server names", group="cardinality")
    top_names = TopN("top_server_names", "Top server names", label="name", group="top")
    top_prints = TopN("top_fingerprints", "Top client fingerprints", label="ja3", group="top")
