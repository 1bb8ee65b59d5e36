"""Settings and filters of the handler `dns`, checked when they are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from pktvisor_dns.names import qtype_number, rcode_number

__all__ = ["DNSTAP_TYPES", "Dns2Config", "DnsConfig"]

DEFAULT_TTL_MS = 5000
DNSTAP_TYPES = ("auth", "client", "forwarder", "resolver", "stub", "tool", "update")
XACT_DIRECTIONS = ("in", "out", "unknown")

_FLAGS = (
    "exclude_noerror", "only_queries", "only_responses", "only_dnssec_response",
    "geoloc_notfound", "asn_notfound", "public_suffix_list",
)  # fmt: skip


def _filter(doc: str, default: Any = None) -> Any:
    return field(default=default, metadata={"doc": doc, "filter": True})


def _setting(doc: str, default: Any = None) -> Any:
    return field(default=default, metadata={"doc": doc, "filter": False})


@dataclass(frozen=True)
class DnsConfig:
    """Filters and settings of `dns` 1.0. A message is counted when it passes every filter given."""

    exclude_noerror: Any = _filter(
        "reject messages with rcode 0, queries among them; only_rcode is ignored then", False
    )
    only_rcode: Any = _filter("keep messages with this rcode (a number) or one of a list")
    only_queries: Any = _filter("keep queries", False)
    only_responses: Any = _filter("keep replies", False)
    only_dnssec_response: Any = _filter("keep replies with an RRSIG among their answers", False)
    answer_count: Any = _filter("keep messages with exactly this many answers")
    only_qtype: Any = _filter("keep messages that ask for one of these types, by name or number")
    only_qname: Any = _filter("keep messages that ask for one of these names")
    only_qname_suffix: Any = _filter(
        "keep messages that ask for a name with one of these ends, which count as one label"
    )
    geoloc_notfound: Any = _filter("keep queries whose client subnet has no known place", False)
    asn_notfound: Any = _filter("keep queries whose client subnet has no known network", False)
    dnstap_msg_type: Any = _filter(f"keep dnstap messages of one kind: {', '.join(DNSTAP_TYPES)}")
    public_suffix_list: Any = _setting(
        "count names below public suffixes such as co.uk, not below their last label", False
    )
    recorded_stream: Any = _setting("whatever the value: the traffic was recorded earlier")
    xact_ttl_secs: Any = _setting("seconds a query waits for its reply")
    xact_ttl_ms: Any = _setting("milliseconds a query waits for its reply; 5000 by default")

    def __post_init__(self) -> None:
        for name in _FLAGS:
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise ValueError(f"{name} {value!r} is not a boolean; allowed are true and false")
        for name, most in (
            ("answer_count", 65535),
            ("xact_ttl_secs", 86_400),
            ("xact_ttl_ms", 86_400_000),
        ):
            _integer(name, getattr(self, name), 0 if name == "answer_count" else 1, most)
        if self.dnstap_msg_type is not None and self.dnstap_msg_type not in DNSTAP_TYPES:
            raise ValueError(
                f"dnstap_msg_type {self.dnstap_msg_type!r} is not a kind of dnstap message;"
                f" allowed are {', '.join(DNSTAP_TYPES)}"
            )
        _ = self.rcodes, self.qtypes, self.qnames, self.suffixes

    @cached_property
    def rcodes(self) -> frozenset[int] | None:
        """The response codes to keep, or None for all."""
        value = self.only_rcode
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            value = [value]
        elif isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError(f"only_rcode {value!r} is neither a number nor a list")
        return frozenset(map(rcode_number, value))

    @cached_property
    def qtypes(self) -> frozenset[int] | None:
        """The query types to keep, or None for all."""
        listed = _listed("only_qtype", self.only_qtype)
        return None if listed is None else frozenset(map(qtype_number, listed))

    @cached_property
    def qnames(self) -> tuple[bytes, ...] | None:
        """The names to keep as lower-case presentation text, or None for all."""
        listed = _listed("only_qname", self.only_qname)
        return None if listed is None else tuple(_name(item).rstrip(b".") for item in listed)

    @cached_property
    def suffixes(self) -> tuple[bytes, ...] | None:
        """The ends of names to keep as lower-case presentation text, or None for all."""
        listed = _listed("only_qname_suffix", self.only_qname_suffix)
        if listed is None:
            return None
        found = tuple(map(_name, listed))
        if not all(found):
            raise ValueError("only_qname_suffix has an empty entry; every name would pass")
        return found

    @property
    def ttl_ms(self) -> int:
        """The time a query waits for its reply, in milliseconds."""
        if self.xact_ttl_ms is not None:
            return int(self.xact_ttl_ms)
        if self.xact_ttl_secs is not None:
            return 1000 * int(self.xact_ttl_secs)
        return DEFAULT_TTL_MS


@dataclass(frozen=True)
class Dns2Config(DnsConfig):
    """Filters and settings of `dns` 2.0, which counts transactions."""

    only_queries: ClassVar[bool] = False  # type: ignore[misc]
    only_responses: ClassVar[bool] = False  # type: ignore[misc]
    only_xact_directions: Any = _filter("keep transactions of these directions: in, out, unknown")

    def __post_init__(self) -> None:
        super().__post_init__()
        for item in self.xact_directions or ():
            if item not in XACT_DIRECTIONS:
                raise ValueError(
                    f"only_xact_directions has {item!r}; allowed are {', '.join(XACT_DIRECTIONS)}"
                )

    @cached_property
    def xact_directions(self) -> tuple[str, ...] | None:
        """The directions of transactions to keep, or None for all."""
        return _listed("only_xact_directions", self.only_xact_directions)


def _integer(name: str, value: object, least: int, most: int) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} {value!r} is not an integer; allowed is {least} to {most}")
    if not least <= value <= most:
        raise ValueError(f"{name} {value} is out of range; allowed is {least} to {most}")


def _listed(name: str, value: object) -> tuple[Any, ...] | None:
    if value is None:
        return None
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise ValueError(f"{name} {value!r} is not a list")
    return tuple(value)


def _name(item: object) -> bytes:
    """A configured name as messages show it: lower case, IDN in the form that is on the wire."""
    text = str(item).lower()
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        pass
    try:
        return text.encode("idna")
    except UnicodeError:
        raise ValueError(f"{text!r} is not a domain name") from None
