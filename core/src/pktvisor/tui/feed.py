"""What was last fetched from the agent, and for which policy and window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pktvisor.tui.client import LIVE, MOST_PERIODS, AgentClient, AgentError
from pktvisor.tui.descriptions import Descriptions
from pktvisor.tui.figures import Schemas, merged_schemas
from pktvisor.tui.ledger import Ledger, ledger
from pktvisor.tui.title_bar import Part

__all__ = ["Feed", "windows"]


def windows(kept: int) -> list[int]:
    """Windows to choose from: the live bucket, or so many of the periods kept merged."""
    return [LIVE, *(n for n in (2, 3, 4, 5, 10) if n < kept), *([kept] if kept > 1 else [])]


def _began(bucket: Schemas) -> int:
    """When a bucket's period began, 0 for one without figures."""
    return min((figures.start_ts for _, figures in bucket.values()), default=0)


@dataclass
class Feed:
    """Fetches figures; what came last stays when the agent is lost, with the reason."""

    client: AgentClient
    policy: str
    window: int = 5
    version: str = "unknown"
    client_version: str = ""
    file: str = ""
    """The capture file that is watched instead of traffic; "" for none."""
    problem: str = ""
    frozen: bool = False
    schemas: Schemas = field(default_factory=dict)
    ledger: Ledger | None = None
    buckets: list[Schemas] = field(default_factory=list)
    known: Descriptions = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    """Schemas the agent has described."""

    def watch(self, policy: str) -> None:
        """Go over to another policy: nothing of the one before stays in sight."""
        self.policy = policy
        self.schemas, self.buckets, self.ledger = {}, [], None

    async def fetch(self) -> bool:
        """Ask for the figures; False when they did not come."""
        try:
            if self.version == "unknown":
                self.version = await self.client.version()
            answer = await self.client.metrics(self.policy, self.window)
            first = not self.schemas
            self.schemas = merged_schemas(answer, self.known)
            self.ledger = ledger(await self.client.health(), self.policy)
        except AgentError as error:
            self.problem = await self._reason(error)
            return False
        self.problem = self._nothing()
        if not first and await self._describe(answer):  # the first figures wait for no description
            self.schemas = merged_schemas(answer, self.known)
        return True

    async def fetch_buckets(self) -> None:
        """Ask for all kept periods, newest first.

        Sealed periods never change: as long as the live one is the same, only it is asked for.
        """
        try:
            live = await self.client.bucket(self.policy, LIVE)
            self.problem = ""
            told_more = await self._describe(live or {})
            kept = [merged_schemas(live or {}, self.known)]
            if not told_more and self.buckets and _began(self.buckets[0]) == _began(kept[0]) != 0:
                kept += self.buckets[1:]
            else:
                for number in range(1, MOST_PERIODS):
                    bucket = await self.client.bucket(self.policy, number)
                    if bucket is None:
                        break
                    kept.append(merged_schemas(bucket, self.known))
        except AgentError as error:
            self.problem = await self._reason(error)
            return
        self.buckets = kept

    @property
    def last(self) -> str:
        """What the last period is called: in a file it is over."""
        return "last period" if self.file else "live"

    def title(self) -> list[Part]:
        """Who is watched, what, and of when."""
        return [
            ("FROZEN" if self.frozen else "", 0),
            (f"pktvisor-cli {self.client_version}", 4),
            ("" if self.file else f"agent {self.version}", 3),
            (self.file or self.client.endpoint.url.removeprefix("http://"), 2),
            (f"policy {self.policy}", 0),
            (self._when(), 1),
        ]

    async def _describe(self, answer: Mapping[str, Mapping[str, object]]) -> bool:
        """Ask what the metrics are, once for each schema that turns up; True when told."""
        names = {schema for schemas in answer.values() for schema in schemas or ()}
        if names <= self.asked:
            return False
        try:
            self.known = await self.client.descriptions()
        except AgentError as error:  # the figures are worth showing without
            self.problem = f"{error}; trying again"
            return False
        self.asked |= names
        return True

    def _when(self) -> str:
        """From when to when the figures are, and of how long a window."""
        start = min((f.start_ts for _, f in self.schemas.values() if f.start_ts), default=0)
        length = max((f.length_s for _, f in self.schemas.values()), default=0)
        window = self.client.granted(self.policy, self.window)
        of = self.last if window == LIVE else f"of {window} min"
        if not start:
            return of
        first, last = (datetime.fromtimestamp(at).astimezone() for at in (start, start + length))
        return f"{first:%H:%M:%S}-{last:%H:%M:%S}, {length} s {of}"

    async def _reason(self, error: AgentError) -> str:
        """The error, and for an unknown policy the ones there are."""
        reason = await self.client.reason(self.policy, error)
        if reason == str(error):
            return f"{error}; trying again"
        return reason + (" (p picks one)" if "the agent has:" in reason else "")

    def _nothing(self) -> str:
        """What is wrong though figures came."""
        if self.ledger is not None and self.ledger.problem:
            return self.ledger.problem
        if self.schemas:
            return ""
        return (
            f"policy {self.policy!r} shows no metrics: all its groups are off, or nothing came yet"
        )
