"""Filters: which DNS messages are counted, as masks over the columns of a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pktvisor.batches import Array
from pktvisor.metrics import MetricSettings, Texts
from pktvisor.stages import DnsMessages
from pktvisor_dns.codes import QUERY, READ, REPLY, UDP
from pktvisor_dns.config import DnsConfig

if TYPE_CHECKING:
    from pktvisor.geo import GeoDatabase

__all__ = ["Filters", "lower_names", "suffix_lengths"]

Step = Callable[[DnsMessages], Array]


class Filters:
    """The filters of one handler: steps that look at replies and steps that look at queries.

    In `dns` 1.0 every step looks at every message; in 2.0 codes, counts and types are those of
    replies, and names and client subnets those of queries.
    """

    def __init__(self, config: DnsConfig, settings: MetricSettings) -> None:
        self._predicate = _predicate(config)
        self._of_replies = tuple(_of_replies(config))
        self._of_queries = tuple(_of_queries(config, settings))

    @property
    def has_predicate(self) -> bool:
        """Whether messages over UDP are looked at only when a predicate wants them."""
        return self._predicate is not None

    def offered(self, messages: DnsMessages) -> DnsMessages:
        """The messages that are looked at at all: of those over UDP, what the predicate wants.

        The predicate is `only_rcode` on replies, or without that `only_qname`.
        """
        if self._predicate is None:
            return messages
        rows = np.flatnonzero((messages.transport != UDP) | self._predicate(messages))
        return messages if len(rows) == len(messages) else messages.take(rows)

    def rejected(self, messages: DnsMessages) -> Array | None:
        """Which messages fail a step, whatever they are; None when there are no steps."""
        return _failing(messages, (*self._of_replies, *self._of_queries))

    def rejected_by_kind(self, messages: DnsMessages) -> Array | None:
        """Which replies fail a step of replies and which queries one of queries, or None."""
        replies = _failing(messages, self._of_replies)
        queries = _failing(messages, self._of_queries)
        if replies is None and queries is None:
            return None
        failing = np.zeros(len(messages), bool)
        if replies is not None:
            failing |= replies & (messages.kind == REPLY)
        if queries is not None:
            failing |= queries & (messages.kind == QUERY)
        return failing


def _predicate(config: DnsConfig) -> Step | None:
    if (codes := _wanted_codes(config)) is not None:
        return lambda messages: (messages.kind == REPLY) & _among(messages.rcode, codes)
    if (names := config.qnames) is not None:
        return lambda messages: _named(messages, names)
    return None


def _of_replies(config: DnsConfig) -> Iterator[Step]:
    """Steps that look at what only a reply can say, or in `dns` 1.0 at any message."""
    if config.exclude_noerror:
        yield lambda messages: messages.rcode != 0
    if (codes := _wanted_codes(config)) is not None:
        yield lambda messages: _among(messages.rcode, codes)
    if config.answer_count is not None:
        yield lambda messages: messages.answers == config.answer_count
    if config.only_queries:
        yield lambda messages: messages.kind == QUERY
    if config.only_responses:
        yield lambda messages: messages.kind == REPLY
    if config.only_dnssec_response:
        yield lambda messages: (messages.kind == REPLY) & (messages.signed != 0)
    if (qtypes := config.qtypes) is not None:
        yield lambda messages: (messages.question == READ) & _among(messages.qtype, qtypes)


def _of_queries(config: DnsConfig, settings: MetricSettings) -> Iterator[Step]:
    """Steps that look at the name asked for and the client subnet."""
    if (names := config.qnames) is not None:
        yield lambda messages: _named(messages, names)
    if (suffixes := config.suffixes) is not None:
        yield lambda messages: _suffixed(messages, suffixes)
    if config.geoloc_notfound:
        yield _subnet_unknown(settings.city)
    if config.asn_notfound:
        yield _subnet_unknown(settings.asn)


def _wanted_codes(config: DnsConfig) -> frozenset[int] | None:
    return None if config.exclude_noerror else config.rcodes


def lower_names(messages: DnsMessages) -> Texts:
    """The lower-cased names of all messages whose question could be read, made once a table."""
    return messages.derived(lower_names, _lower_names)


def _lower_names(messages: DnsMessages) -> Texts:
    rows = np.flatnonzero(messages.question == READ)
    return Texts(messages.lower, messages.name_offset, messages.name_length, rows)


def suffix_lengths(names: Texts, rows: Array, suffixes: Iterable[bytes]) -> Array:
    """The length of the first of `suffixes` each of `rows` ends with, 0 for none (i32, by row)."""
    found = np.zeros(len(names.offset), np.int32)
    for suffix in suffixes:
        open_rows = rows[found[rows] == 0]
        found[open_rows[_ends(names, open_rows, suffix)]] = len(suffix)
    return found


def _ends(names: Texts, rows: Array, end: bytes) -> Array:
    """Which of `rows` end with `end`."""
    matching = names.length[rows] >= len(end)
    chosen = rows[matching]
    places = (names.offset[chosen] + names.length[chosen])[:, None] - np.arange(len(end), 0, -1)
    matching[matching] = (names.arena[places] == np.frombuffer(end, np.uint8)).all(axis=1)
    return matching


def _failing(messages: DnsMessages, steps: Sequence[Step]) -> Array | None:
    if not steps:
        return None
    failing = ~steps[0](messages)
    for step in steps[1:]:
        failing |= ~step(messages)
    return failing


def _among(numbers: Array, wanted: frozenset[int]) -> Array:
    return np.isin(numbers, sorted(wanted))


def _named(messages: DnsMessages, wanted: Iterable[bytes]) -> Array:
    names = lower_names(messages)
    keep = np.zeros(len(messages), bool)
    for name in wanted:
        rows = names.rows[names.length[names.rows] == len(name)]
        keep[rows[_ends(names, rows, name)]] = True
    return keep


def _suffixed(messages: DnsMessages, suffixes: Iterable[bytes]) -> Array:
    names = lower_names(messages)
    return suffix_lengths(names, names.rows, suffixes) > 0


def _subnet_unknown(database: GeoDatabase | None) -> Step:
    """Keeps queries whose client subnet a database does not know; without one, nothing."""

    def step(messages: DnsMessages) -> Array:
        keep = np.zeros(len(messages), bool)
        if database is None:
            return keep
        rows = np.flatnonzero((messages.kind == QUERY) & (messages.ecs_version > 0))
        codes = database.codes(messages.ecs_version, messages.ecs_hi, messages.ecs_lo, rows)
        keep[rows[codes < 0]] = True
        return keep

    return step
