"""Make the pictures of docs/terminal.md: the real `pktvisor-cli` in tmux, watching a real agent.

    make pictures        # as root, on Debian, some four minutes

The agent captures on one end of a veth pair, at whose other end the sample capture is sent again
and again; everything is in a network namespace of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from docs.screen_picture import draw
from tests.e2e.lab import Lab, lab, run
from tests.e2e.terminal import Terminal

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "samples/dns-lab.pcap"
HOSTS = "192.0.2.53/32,198.51.100.53/32,2001:db8:1::53/128,2001:db8:2::53/128"
SIZES = {"small": (80, 24), "middle": (120, 40), "large": (200, 60)}
PICTURES = ROOT / "docs/pictures"
HISTORY_S = float(os.environ.get("HISTORY_S", "150"))


def main() -> None:
    """Make every picture, in a network of our own."""
    if "--inside" not in sys.argv:
        inside = ("unshare", "--net", sys.executable, "-m", "docs.pictures", "--inside")
        raise SystemExit(subprocess.call(inside, cwd=ROOT))
    run("ip", "link", "set", "lo", "up")
    PICTURES.mkdir(exist_ok=True)
    with lab() as network, ExitStack() as stack:
        agent = start_agent(network)
        stack.callback(agent.kill)
        sender = network.spawn(
            "tcpreplay", "--quiet", "-i", network.far, "--loop=0", "--multiplier=1.7", str(SAMPLE)
        )
        stack.callback(sender.terminate)
        terminals = {
            name: stack.enter_context(Terminal([str(binary("pktvisor-cli"))], size))
            for name, size in SIZES.items()
        }
        time.sleep(HISTORY_S)
        overview(terminals)
        agent.send_signal(signal.SIGTERM)
        agent.wait()
        for name, terminal in terminals.items():
            terminal.wait_for("no agent answers")
            keep(terminal, f"lost-{name}")


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
    size = SIZES[name.rpartition("-")[2]]
    draw(terminal.ansi(), size, PICTURES / f"{name}.png")
    print(name)


def start_agent(network: Lab) -> subprocess.Popen[bytes]:
    """The agent, once it answers."""
    document = {
        "visor": {
            "taps": {
                "veth": {
                    "input_type": "pcap",
                    "config": {"iface": network.near, "host_spec": HOSTS},
                }
            },
            "policies": {
                "default": {
                    "kind": "collection",
                    "input": {"tap": "veth", "input_type": "pcap"},
                    "handlers": {"modules": {k: {"type": k} for k in ("net", "dns", "pcap")}},
                }
            },
        }
    }
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
        json.dump(document, file)
    agent = subprocess.Popen(
        [binary("pktvisord"), "--user", "root", "--config", file.name], stderr=subprocess.DEVNULL
    )
    for _ in range(200):
        try:
            urllib.request.urlopen("http://localhost:10853/health").close()
        except OSError:
            time.sleep(0.1)
        else:
            return agent
    raise SystemExit("the agent does not answer")


def binary(name: str) -> Path:
    """A command of the environment this runs in."""
    return Path(sys.executable).with_name(name)


if __name__ == "__main__":
    main()
