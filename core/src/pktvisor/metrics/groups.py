"""Metric groups: which are on after a policy's `disable` and `enable`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

__all__ = ["ALL", "choose_groups"]

ALL = "all"


def choose_groups(
    groups: Mapping[str, bool], *, enable: Iterable[str] = (), disable: Iterable[str] = ()
) -> frozenset[str]:
    """The groups that are on; `groups` are a bucket's, with their defaults.

    First `disable` is applied in order, then `enable`. The item `all` clears or sets every group
    and ends its list. ValueError names a group that is not there, and those that are.
    """
    chosen = {name for name, on in groups.items() if on}
    for name in disable:
        if name == ALL:
            chosen.clear()
            break
        _check(name, groups)
        chosen.discard(name)
    for name in enable:
        if name == ALL:
            chosen.update(groups)
            break
        _check(name, groups)
        chosen.add(name)
    return frozenset(chosen)


def _check(name: str, groups: Collection[str]) -> None:
    if name not in groups:
        raise ValueError(
            f"unknown metric group {name!r}; allowed are {', '.join([ALL, *sorted(groups)])}"
        )
