"""What was last fetched from the agent, and for which policy and window."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pktvisor.tui.client import LIVE, AgentClient, AgentError
from pktvisor.tui.figures import Figures, merged_schemas

__all__ = ["WINDOWS", "Feed"]

WINDOWS = (LIVE, 2, 3, 4, 5, 10)
"""Windows to choose from: the live bucket, or so many periods merged."""


@dataclass
class Feed:
    """Fetches figures; what came last stays when the agent is lost, with the reason."""

    client: AgentClient
    policy: str
    window: int = 5
    version: str = "unknown"
    client_version: str = ""
    problem: str = ""
    frozen: bool = False
    schemas: dict[str, tuple[str, Figures]] = field(default_factory=dict)

    async def fetch(self) -> bool:
        """Ask for the figures; False when they did not come."""
        try:
            if self.version == "unknown":
                self.version = await self.client.version()
            self.schemas = merged_schemas(await self.client.metrics(self.policy, self.window))
        except AgentError as error:
            self.problem = await self._reason(error)
            return False
        self.problem = "" if self.schemas else self._nothing()
        return True

    @property
    def title(self) -> str:
        """Who is watched, what, and of when."""
        start = min((f.start_ts for _, f in self.schemas.values() if f.start_ts), default=0)
        length = max((f.length_s for _, f in self.schemas.values()), default=0)
        of = "live" if self.window == LIVE else f"{self.window} min"
        when = ""
        if start:
            when = f" from {datetime.fromtimestamp(start).astimezone():%H:%M:%S}, {length} s"
        frozen = "  FROZEN" if self.frozen else ""
        return (
            f"pktvisor {self.client_version} │ agent {self.version} at {self.client.endpoint.url}"
            f" │ policy {self.policy} │ {of}{when}{frozen}"
        )

    async def _reason(self, error: AgentError) -> str:
        """The error, and for an unknown policy the ones there are."""
        if "policy" in str(error):
            try:
                known = ", ".join(await self.client.policies()) or "none yet"
            except AgentError:
                return str(error)
            return f"no policy {self.policy!r}; the agent has: {known} (p picks one)"
        return f"{error} · trying again"

    def _nothing(self) -> str:
        return (
            f"policy {self.policy!r} shows no metrics: all its groups are off, or nothing came yet"
        )
