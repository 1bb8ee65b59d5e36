"""What a policy may set for `subnets`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SubnetsConfig:
    """Settings, checked when a policy is made."""

    ipv4_length: int = field(default=24, metadata={"doc": "prefix length of an IPv4 subnet"})
    ipv6_length: int = field(default=48, metadata={"doc": "prefix length of an IPv6 subnet"})

    def __post_init__(self) -> None:
        for key, most in (("ipv4_length", 32), ("ipv6_length", 64)):
            value = getattr(self, key)
            if not 1 <= value <= most:
                raise ValueError(f"{key} {value} is out of range; allowed is 1 to {most}")
