"""What a policy may set for `tls_hello`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TlsHelloConfig:
    """Settings, checked when a policy is made."""

    only_suffix: str = field(
        default="", metadata={"doc": "count only server names that end so", "filter": True}
    )
