"""Numbers in the columns of `DnsMessages`, by name."""

from __future__ import annotations

__all__ = [
    "IN",
    "NOERROR",
    "NXDOMAIN",
    "OUT",
    "QUERY",
    "READ",
    "REFUSED",
    "REPLY",
    "SRVFAIL",
    "TCP",
    "UDP",
    "UNREADABLE",
]

QUERY, REPLY = 0, 1  # kind
NOERROR, SRVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5  # rcode
READ, UNREADABLE = 0, 1  # question
UDP, TCP = 1, 2  # transport
IN, OUT = 1, 2  # direction
