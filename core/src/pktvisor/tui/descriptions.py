"""What the agent says of its handlers' metrics: words, units and groups for figures nobody here knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Described", "Descriptions", "declared_order", "described", "descriptions"]


@dataclass(frozen=True)
class Described:
    """One metric: what it counts, its unit, its kind, and its metric group ("" for always)."""

    text: str
    unit: str = ""
    kind: str = ""
    group: str = ""


Descriptions = Mapping[str, Mapping[str, Described]]
"""`{schema: {path: description}}`, a label in a path as `<direction>.xacts`."""


def descriptions(types: Iterable[Mapping[str, Any]]) -> Descriptions:
    """From the agent's descriptions of its handler types, all versions of a schema together."""
    found: dict[str, dict[str, Described]] = {}
    for about in types:
        for version in dict(about.get("versions") or {}).values():
            schema = found.setdefault(str(version.get("schema", "")), {})
            for metric in version.get("metrics") or ():
                groups = metric.get("groups") or ()
                schema[str(metric["path"])] = Described(
                    str(metric.get("description", "")),
                    str(metric.get("unit") or ""),
                    str(metric.get("kind", "")),
                    str(groups[0]) if groups else "",
                )
    return found


def described(known: Mapping[str, Described], path: str) -> Described | None:
    """The description of a path; `in.xacts` is described as `<direction>.xacts`."""
    name = _name(known, path)
    return None if name is None else known[name]


def declared_order(known: Mapping[str, Described], paths: Iterable[str]) -> list[str]:
    """The paths as their handler declares them, those without a description last."""
    places = {name: place for place, name in enumerate(known)}
    return sorted(paths, key=lambda path: places.get(_name(known, path) or "", len(places)))


def _name(known: Mapping[str, Described], path: str) -> str | None:
    """What the path is called in the descriptions."""
    if path in known:
        return path
    rest = path.partition(".")[2]
    labelled = (n for n in known if n.startswith("<") and n.partition(".")[2] == rest)
    return next(labelled, None) if rest else None
