"""Settings and filters of the handler `net`, the same in both versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["NetConfig"]


def _filter(doc: str, default: Any = None) -> Any:
    return field(default=default, metadata={"doc": doc, "filter": True})


@dataclass(frozen=True)
class NetConfig:
    """A packet is counted when its remote address passes the place filters and the network filters.

    The remote address is the source of a packet to the hosts and the destination of one from them.
    With a filter on, a packet of unknown direction never passes, and neither does any packet
    while the database the filter asks is missing.
    """

    geoloc_notfound: bool = _filter("keep packets whose remote address has no known place", False)
    asn_notfound: bool = _filter("keep packets whose remote address has no known network", False)
    only_geoloc_prefix: Any = _filter(
        "keep packets whose remote place starts with one of these, such as `EU/Sweden`;"
        " `geoloc_notfound` adds to them"
    )
    only_asn_number: Any = _filter(
        "keep packets whose remote network is one of these AS numbers; `asn_notfound` adds to them"
    )
    recorded_stream: Any = field(
        default=None,
        metadata={
            "doc": "whatever the value: the traffic was recorded earlier, there is no live value",
            "filter": False,
        },
    )

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "only_geoloc_prefix", _texts("only_geoloc_prefix", self.only_geoloc_prefix)
        )
        numbers = _texts("only_asn_number", self.only_asn_number)
        for number in numbers or ():
            if not (number.isascii() and number.isdigit()):
                raise ValueError(
                    f"only_asn_number: {number!r} is not a number; allowed are AS numbers"
                    " such as 64496"
                )
        object.__setattr__(self, "only_asn_number", numbers)


def _texts(name: str, value: object) -> tuple[str, ...] | None:
    """A configured list as text; None when it was not given."""
    if value is None:
        return None
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise ValueError(f"{name}: {value!r} is not a list")
    return tuple(str(item) for item in value)
