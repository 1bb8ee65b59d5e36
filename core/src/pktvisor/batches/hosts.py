"""The host specification: which addresses are ours, and so which way a packet goes."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

import numpy as np

from pktvisor.batches.columns import Array

__all__ = ["Hosts"]


@dataclass(frozen=True)
class Hosts:
    """Prefixes of the monitored hosts, as arrays the decoder compares against."""

    prefixes: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    v4: Array = field(init=False, repr=False, compare=False)
    v4_mask: Array = field(init=False, repr=False, compare=False)
    v6: Array = field(init=False, repr=False, compare=False)
    v6_mask: Array = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, bits, version in (("v4", 32, 4), ("v6", 64, 6)):
            chosen = [p for p in self.prefixes if p.version == version]
            values = [_words(int(p.network_address), bits) for p in chosen]
            masks = [_words(int(p.netmask), bits) for p in chosen]
            for key, words in ((name, values), (f"{name}_mask", masks)):
                array = np.array(words, np.uint64).reshape(len(chosen), 2).T.copy()
                object.__setattr__(self, key, array)

    @classmethod
    def parse(cls, text: str) -> Hosts:
        """Read `192.168.0.0/24,2001:db8::/32`; a bare address means that address alone.

        Raises ValueError with the item that is wrong and what is allowed.
        """
        prefixes: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for item in filter(None, (part.strip() for part in text.split(","))):
            try:
                prefixes.append(ipaddress.ip_network(item, strict=False))
            except ValueError:
                raise ValueError(
                    f"host spec: {item!r} is not an address or prefix;"
                    " allowed is a comma-separated list such as 192.168.0.0/24,2001:db8::/32"
                ) from None
        if text and not prefixes:
            raise ValueError(f"host spec: {text!r} names no address or prefix")
        return cls(tuple(prefixes))


def _words(value: int, bits: int) -> tuple[int, int]:
    return (0, value) if bits == 32 else (value >> 64, value & 0xFFFFFFFFFFFFFFFF)
