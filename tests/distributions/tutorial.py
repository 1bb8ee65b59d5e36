"""Run a tutorial: its files are written, its commands run in one shell, its outputs compared."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Block", "blocks", "run"]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w./-]+\.\w+)\n")
_MARK = "--- block "


@dataclass(frozen=True)
class Block:
    """A fenced block: a file when its first line is a comment with its name, a command, or what
    the command before it prints.
    """

    kind: str
    text: str

    @property
    def file(self) -> str:
        """The name of the file it is; empty if it is none."""
        found = _FILE.match(self.text)
        return found[1] if found and self.kind != "sh" else ""

    def agrees(self, printed: str) -> bool:
        """Whether every line was printed, in this order; `…` stands for anything."""
        at = 0
        for line in filter(lambda line: line.strip(" …"), self.text.splitlines()):
            pattern = ".*".join(re.escape(part) for part in line.split("…"))
            found = re.compile(f"^{pattern}$", re.MULTILINE).search(printed, at)
            if found is None:
                return False
            at = found.end()
        return True


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    return [Block(kind, text) for kind, text in _BLOCK.findall(page.read_text())]


def run(
    page: Path, folder: Path, environment: Mapping[str, str], replace: Mapping[str, str]
) -> Iterator[tuple[Block, str]]:
    """Run a page in a folder; each block that says what is printed, with what was printed.

    `replace` puts other words in the place of some, such as a free port. Raises AssertionError
    with everything that was printed when a command fails.
    """
    found = blocks(page)
    script = ["set -e"]
    for place, block in enumerate(found):
        text = block.text
        for old, new in replace.items():
            text = text.replace(old, new)
        script.append(f"echo '{_MARK}{place}'")
        if block.file:
            name = shlex.quote(block.file)
            script.append(f"cat >{name} <<'END OF FILE'\n{text}END OF FILE")
        elif block.kind == "sh":
            script.append(text)
    done = subprocess.run(
        ["bash"],
        input="\n".join(script),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout
    printed = dict(
        re.findall(rf"^{_MARK}(\d+)\n(.*?)(?=^{_MARK}|\Z)", done.stdout, re.MULTILINE | re.DOTALL)
    )
    for place, block in enumerate(found):
        if block.kind == "text":
            yield block, printed[str(place - 1)]
