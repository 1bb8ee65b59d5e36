"""The host specification: which addresses are ours, and so which way a packet goes."""

from __future__ import annotations

import ipaddress

import numpy as np

from pktvisor.batches.columns import Array

__all__ = ["Hosts"]


class Hosts:
    """Prefixes of the monitored hosts, as arrays the decoder compares against."""

    def __init__(
        self, prefixes: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    ) -> None:
        self.prefixes = prefixes
        self.v4, self.v4_mask = self._arrays(4, 32)
        self.v6, self.v6_mask = self._arrays(6, 64)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hosts) and self.prefixes == other.prefixes

    def __hash__(self) -> int:
        return hash(self.prefixes)

    def __repr__(self) -> str:
        return f"Hosts({','.join(map(str, self.prefixes))!r})"

    def _arrays(self, version: int, bits: int) -> tuple[Array, Array]:
        chosen = [p for p in self.prefixes if p.version == version]
        values = [_words(int(p.network_address), bits) for p in chosen]
        masks = [_words(int(p.netmask), bits) for p in chosen]
        found = np.array([values, masks], np.uint64).reshape(2, len(chosen), 2)
        return found[0].T.copy(), found[1].T.copy()

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
