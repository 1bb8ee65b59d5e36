"""Which queries and replies make a transaction in `dns` 2.0, and which are filtered.

Theory of operation. A query opens (or opens anew) the transaction of its flow, identifier and
direction; the first reply with all three closes it. A query that a filter rejects is remembered,
so that its reply is filtered too, but not over TCP: there its reply is an orphan, as in the
original. A reply that a filter rejects closes its transaction, and both messages are filtered.
What remains is, by reply: a transaction, or a time-out if it came too late, or an orphan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from pktvisor.batches import Array
from pktvisor.kernels import PairMatcher
from pktvisor.stages import DnsMessages
from pktvisor_dns.codes import QUERY, REPLY, UDP

__all__ = ["Matcher", "Outcome", "Side"]

_NAMES = ("unknown", "in", "out")  # of a transaction, by its number
_OF_REPLY = np.array([0, 2, 1], np.uint8)  # a reply to the host belongs to a query from it
_SPREAD = np.uint64(0xD6E8FEB86659FD93)

# Words a query keeps for its reply: size and these bits; then, if wanted, the subnet's halves.
_REJECTED, _UNCHECKED, _DIRECTION, _VERSION, _SIZE = 0, 1, 2, 4, 8
_CHECKING_DISABLED = 0x0010  # of the header's flags


@dataclass(frozen=True)
class Side:
    """The transactions of one direction in a batch, one item each, and what else was seen.

    `reply` is the row of the reply; `subnet` the version, hi and lo of the query's client subnet.
    """

    reply: Array
    elapsed_ns: Array
    query_size: Array
    unchecked: Array
    subnet: tuple[Array, Array, Array] | None
    timeouts: int
    orphans: int

    def take(self, chosen: Array) -> Side:
        """Some of the transactions, with the same counts beside them."""
        subnet = self.subnet
        if subnet is not None:
            subnet = subnet[0][chosen], subnet[1][chosen], subnet[2][chosen]
        return Side(
            self.reply[chosen],
            self.elapsed_ns[chosen],
            self.query_size[chosen],
            self.unchecked[chosen],
            subnet,
            self.timeouts,
            self.orphans,
        )


@dataclass(frozen=True)
class Outcome:
    """What became of a batch: accepted messages, filtered packets, and `Side`s by direction."""

    accepted: Array
    filtered: int
    sides: Mapping[int, Side]


class Matcher:
    """Follows the transactions of one stream of DNS messages, in all directions."""

    def __init__(self, ttl_ms: int, directions: Iterable[str] | None, *, subnets: bool) -> None:
        self._ttl_ns = ttl_ms * 1_000_000
        self._subnets = subnets
        self._table = PairMatcher(3 if subnets else 1)
        self._kept: Array | None = None
        if directions is not None:
            self._kept = np.isin(_NAMES, list(directions))

    def match(self, messages: DnsMessages, rejected: Array | None) -> Outcome:
        """Run a table of messages through; `rejected` says which ones failed a filter."""
        kind = messages.kind
        reply = kind == REPLY
        direction = np.where(reply, _OF_REPLY[messages.direction], messages.direction)
        if self._kept is not None:
            failing = ~self._kept[direction] & (kind <= REPLY)
            rejected = failing if rejected is None else rejected | failing
        if rejected is None:
            rejected = np.zeros(len(messages), bool)
        forgotten = rejected & (kind == QUERY) & (messages.transport != UDP)
        pairs = self._table.match(
            messages.flow_hash ^ (direction * _SPREAD),
            messages.identifier,
            messages.timestamp_ns,
            np.where(forgotten, np.uint8(REPLY + 1), kind),
            self._words(messages, direction, rejected),
        )
        head = pairs.words[:, 0]
        of_rejected = (head >> _REJECTED & 1) != 0
        own_rejected = rejected[pairs.reply]
        accepted = ~rejected
        accepted[pairs.reply[of_rejected]] = False
        orphan = reply & accepted
        orphan[pairs.reply] = False
        whole = ~(of_rejected | own_rejected)
        rows, head = pairs.reply[whole], head[whole]
        elapsed = np.abs(messages.timestamp_ns[rows] - pairs.query_ns[whole])
        items = Side(
            rows,
            elapsed,
            head >> _SIZE,
            (head >> _UNCHECKED & 1) != 0,
            self._subnet(pairs.words[whole]),
            0,
            0,
        )
        orphans = np.bincount(direction[orphan], minlength=3).tolist()
        return Outcome(
            accepted,
            int(np.count_nonzero(~accepted) + np.count_nonzero(own_rejected & ~of_rejected)),
            dict(_by_direction(items, direction[rows], elapsed >= self._ttl_ns, orphans)),
        )

    def purge(self, at_ns: int) -> Array:
        """Close what has waited too long; how many accepted queries that were, by direction."""
        head = self._table.purge(at_ns - self._ttl_ns)[:, 0]
        accepted = (head >> _REJECTED & 1) == 0
        return np.bincount(head[accepted] >> _DIRECTION & 3, minlength=3)

    @property
    def open(self) -> int:
        """Queries that wait for their reply."""
        return self._table.open

    @property
    def evicted(self) -> int:
        """Queries given up because the table was full."""
        return self._table.evicted

    def _words(self, messages: DnsMessages, direction: Array, rejected: Array) -> Array:
        words = np.empty((len(messages), 3 if self._subnets else 1), np.int64)
        head = messages.message_length.astype(np.int64) << _SIZE
        head |= rejected.astype(np.int64) << _REJECTED
        head |= ((messages.flags & _CHECKING_DISABLED) != 0).astype(np.int64) << _UNCHECKED
        head |= direction.astype(np.int64) << _DIRECTION
        if self._subnets:
            # Versions 4 and 6 become 2 and 3: two bits are enough.
            head |= (messages.ecs_version >> 1).astype(np.int64) << _VERSION
            words[:, 1] = messages.ecs_hi.view(np.int64)
            words[:, 2] = messages.ecs_lo.view(np.int64)
        words[:, 0] = head
        return words

    def _subnet(self, words: Array) -> tuple[Array, Array, Array] | None:
        if not self._subnets:
            return None
        version = ((words[:, 0] >> _VERSION & 3) << 1).astype(np.uint8)
        hi, lo = (words[:, column].copy().view(np.uint64) for column in (1, 2))
        return version, hi, lo


def _by_direction(
    items: Side, direction: Array, late: Array, orphans: list[int]
) -> Iterator[tuple[int, Side]]:
    """The items of each direction, the late ones only counted; none where no reply was seen."""
    for number in range(len(orphans)):
        mine = direction == number
        if orphans[number] or mine.any():
            timeouts = int(np.count_nonzero(mine & late))
            side = items.take(np.flatnonzero(mine & ~late))
            yield number, replace(side, timeouts=timeouts, orphans=orphans[number])
