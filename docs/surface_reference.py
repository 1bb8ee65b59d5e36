"""The page that lists the public surface, from the modules themselves."""

from __future__ import annotations

from pktvisor_sdk.surface import KIT_MODULES, PUBLIC_MODULES, PublicName, public_names

__all__ = ["pages"]

_HEAD = """# The public surface

What plugins and their tests may import. Everything listed here changes only with a line in the changelog and, from 1.0
on, a new major version; whatever is not listed may change in any release. `make docs` writes this page from the modules;
a test fails when a name, a parameter or a member comes or goes and the page was not written anew with it.
`pktvisor-sdk check` says when a plugin imports anything else.
"""


def pages() -> dict[str, str]:
    """The one page."""
    parts = [_HEAD, "## For plugins: `pktvisor`\n"]
    parts += [_module(module) for module in PUBLIC_MODULES]
    parts += ["## For their tests: `pktvisor_sdk`\n"]
    parts += [_module(module) for module in KIT_MODULES]
    return {"plugins/public-surface.md": "\n".join(parts)}


def _module(module: str) -> str:
    lines = [f"### `{module}`\n", "| name | is | what it is for |", "|---|---|---|"]
    lines += [
        f"| `{name.name}` | {_shape(name)} | {_cell(name.says)} |" for name in public_names(module)
    ]
    return "\n".join(lines) + "\n"


def _shape(name: PublicName) -> str:
    if name.kind == "function":
        return f"function `({name.takes})`"
    if name.kind == "class" and name.members:
        return f"class with {', '.join(f'`{member}`' for member in name.members)}"
    return name.kind


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
