"""Settings of the handler `dns`."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DnsConfig"]

DEFAULT_TTL_MS = 5000


@dataclass(frozen=True)
class DnsConfig:
    """`xact_ttl_ms` wins over `xact_ttl_secs`; both say how long a query waits for its reply."""

    xact_ttl_ms: int | None = None
    xact_ttl_secs: int | None = None

    def __post_init__(self) -> None:
        for name in ("xact_ttl_ms", "xact_ttl_secs"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 86_400_000:
                raise ValueError(f"{name} {value} is out of range; allowed is 1 to 86400000")

    @property
    def ttl_ms(self) -> int:
        """The time a query waits for its reply, in milliseconds."""
        if self.xact_ttl_ms is not None:
            return self.xact_ttl_ms
        if self.xact_ttl_secs is not None:
            return 1000 * self.xact_ttl_secs
        return DEFAULT_TTL_MS
