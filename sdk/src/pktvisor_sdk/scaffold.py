"""Write a new plugin project: a complete one, whose tests are green at once."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Literal

__all__ = ["Kind", "new_project"]

Kind = Literal["handler", "input", "sink"]

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_SUFFIX = ".tmpl"


def new_project(kind: Kind, name: str, folder: Path) -> Path:
    """Write the project `pktvisor-NAME` into `folder` and return its root.

    Raises ValueError for a name no plugin may have, and FileExistsError when the root is there:
    nothing is written then.
    """
    if not _NAME.match(name) or keyword.iskeyword(name):
        raise ValueError(
            f"name {name!r}: allowed are lower-case letters, digits and _, a letter first"
        )
    package = f"pktvisor_{name}"
    words = {
        "name": name,
        "package": package,
        "distribution": package.replace("_", "-"),
        "class_name": "".join(part.capitalize() for part in name.split("_")),
    }
    root = folder / words["distribution"]
    root.mkdir(parents=True)
    templates = Path(str(files("pktvisor_sdk"))) / "templates" / kind
    for template in sorted(templates.rglob(f"*{_SUFFIX}")):
        relative = template.relative_to(templates)
        parts = [package if part == "package" else part for part in relative.parts]
        target = root.joinpath(*parts).with_name(parts[-1].removesuffix(_SUFFIX))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(template.read_text("utf-8")).substitute(words), "utf-8")
    return root
