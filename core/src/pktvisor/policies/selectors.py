"""Which taps a policy means: one by name, or all whose tags match."""

from __future__ import annotations

from collections.abc import Mapping

from pktvisor.policies.errors import ConfigError, NoTapMatch, shown
from pktvisor.policies.models import Input, Tap, TapSelector
from pktvisor.policies.values import Value, kind_of

__all__ = ["choose_taps"]

NO_MATCH = "no tap match found for specified 'input.tap_selector' tags"


def choose_taps(chosen: Input, taps: Mapping[str, Tap]) -> list[str]:
    """The names of the taps an input stands for, at least one.

    Raises ConfigError when the tap is not there or the types of tag and selector differ, and
    NoTapMatch when no tap matches.
    """
    if chosen.tap is not None:
        if chosen.tap not in taps:
            known = ", ".join(taps) or "none"
            raise ConfigError(
                f"tap {shown(chosen.tap)} does not exist; there are: {known}", ("tap",)
            )
        return [chosen.tap]
    assert chosen.tap_selector is not None
    names = [n for n, tap in taps.items() if _matches(n, chosen.tap_selector, tap.tags)]
    if not names:
        raise NoTapMatch(NO_MATCH)
    return names


def _matches(name: str, selector: TapSelector, tags: Mapping[str, Value]) -> bool:
    """`all`: every pair is there and equal; `any`: at least one is. No pairs match nothing."""
    equal = []
    for key, value in selector.pairs:
        if key in tags and type(tags[key]) is not type(value):
            raise ConfigError(
                f"types of tag and selector differ at tap {shown(name)}, key {shown(key)}:"
                f" {kind_of(tags[key])} and {kind_of(value)}",
                ("tap_selector", selector.mode),
            )
        equal.append(key in tags and tags[key] == value)
    return bool(equal) and (any(equal) if selector.mode == "any" else all(equal))
