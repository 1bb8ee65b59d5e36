"""Make the pictures of docs/terminal.md: the real `pktvisor-cli` in tmux, watching a real agent.

    make pictures        # as root, on Debian, some four minutes

The agent captures on one end of a veth pair, at whose other end the sample capture is sent again
and again; everything is in a network namespace of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from tests.e2e.lab import lab, run
from tests.e2e.terminal import Terminal
from tests.e2e.watched import CLI, watched_agent
from tests.samples import SAMPLE

ROOT = Path(__file__).parents[1]
SIZES = {"small": (80, 24), "middle": (120, 40), "large": (200, 60)}
PICTURES = ROOT / "docs/pictures"
HISTORY_S = float(os.environ.get("HISTORY_S", "150"))


def main() -> None:
    """Make every picture, in a network of our own."""
    if problem := missing():
        raise SystemExit(f"docs.pictures: {problem}; `make pictures` installs what is needed")
    if "--inside" not in sys.argv:
        inside = ("unshare", "--net", sys.executable, "-m", "docs.pictures", "--inside")
        raise SystemExit(subprocess.call(inside, cwd=ROOT))
    run("ip", "link", "set", "lo", "up")
    PICTURES.mkdir(exist_ok=True)
    with lab() as network, ExitStack() as stack:
        agent = stack.enter_context(watched_agent(network))
        sender = network.spawn(
            "tcpreplay", "--quiet", "-i", network.far, "--loop=0", "--multiplier=1.7", str(SAMPLE)
        )
        stack.callback(sender.terminate)
        terminals = {
            name: stack.enter_context(Terminal([CLI], size)) for name, size in SIZES.items()
        }
        time.sleep(HISTORY_S)
        overview(terminals)
        agent.process.terminate()
        agent.process.wait()
        for name, terminal in terminals.items():
            terminal.wait_for("no agent answers")
            keep(terminal, f"lost-{name}")


def missing() -> str:
    """What there is not to draw with, in a few words."""
    try:
        from docs.screen_picture import FONTS
    except ImportError as error:
        return f"no {error.name} is installed"
    lacking = [str(font) for font in FONTS if not font.exists()]
    return f"there is no {lacking[0]}" if lacking else ""


def overview(terminals: dict[str, Terminal]) -> None:
    """The screens of a running agent."""
    for name, terminal in terminals.items():
        terminal.wait_for("QName 2")
        keep(terminal, f"overview-{name}")
    for name, terminal in terminals.items():
        terminal.press("Enter")
        terminal.wait_for("sum", "back")
        keep(terminal, f"drill-down-{name}")
        terminal.press("Escape")
        terminal.wait_for("QName 3")
        terminal.press("/")
        terminal.type("shop")
        terminal.wait_for("shop")
        terminal.wait_for("shop", "clear filter")
        keep(terminal, f"filter-{name}")
        terminal.press("Escape")


def keep(terminal: Terminal, name: str) -> None:
    """Draw what a terminal shows."""
    from docs.screen_picture import draw

    size = SIZES[name.rpartition("-")[2]]
    draw(terminal.ansi(), size, PICTURES / f"{name}.png")
    print(name)


if __name__ == "__main__":
    main()
