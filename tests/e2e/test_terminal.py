"""`pktvisor-cli` in a real terminal over a real `pktvisord`: what is seen, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from pktvisor.tui import numbers
from tests.e2e.daemons import Daemon, Starter
from tests.e2e.lab import Lab, needs_lab
from tests.e2e.processes import children, gone
from tests.e2e.terminal import Terminal, needs_tmux
from tests.e2e.watched import CLI
from tests.samples import SAMPLE, SAMPLE_HOSTS

pytestmark = [pytest.mark.slow, needs_tmux]

ROOT = Path(__file__).parents[2]
LOST = "no agent answers at"

Agent = Callable[..., Daemon]


@pytest.fixture
def agent(start: Starter, tmp_path: Path) -> Agent:
    """Start an agent with handlers over the sample, or over an interface."""

    def starter(
        *handlers: str, iface: str = "", port: int | None = None, options: tuple[str, ...] = (),
        **environment: str,
    ) -> Daemon:  # fmt: skip
        source = {"iface": iface} if iface else {"pcap_file": str(SAMPLE)}
        tap = {"input_type": "pcap", "config": {**source, "host_spec": SAMPLE_HOSTS}}
        policy = {
            "kind": "collection",
            "input": {"tap": "t", "input_type": "pcap"},
            "handlers": {"modules": {name: {"type": name} for name in handlers}},
        }
        visor = {"taps": {"t": tap}, "policies": {"default": policy} if handlers else {}}
        config = tmp_path / f"agent-{'-'.join(handlers)}.yaml"
        config.write_text(json.dumps({"visor": visor}))
        return start("--config", str(config), *options, port=port, **environment)

    return starter


def watch(port: int, size: tuple[int, int] = (120, 40), **environment: str) -> Terminal:
    return Terminal([CLI, "-H", "127.0.0.1", "-p", str(port)], size, environment)


def rows_like(items: list[dict[str, Any]]) -> list[str]:
    """Patterns of the API's rows, name and figure on one line of one table."""
    return [rf"│{re.escape(item['name'])} +{item['estimate']:,} " for item in items]


def _processed(daemon: Daemon) -> tuple[int, int]:
    """What the only input has processed, and what still waits."""
    (status,) = daemon.client.get("/health").json()["inputs"].values()
    return status["processed"], status["queued"]


def _figures_of(found: dict[str, Any], status: dict[str, int]) -> list[str]:
    """Patterns of the lines that say the API's figures."""
    packets, dns = found["packets"], found["dns"]
    wire, xact = dns["wire_packets"], dns["xact"]
    said = {
        "Packets": [("", packets["total"])]
        + [(label.upper(), packets[label]) for label in ("udp", "tcp")]
        + [("IPv4", packets["ipv4"]), ("IPv6", packets["ipv6"])]
        + [("in", packets["in"]), ("out", packets["out"])]
        + [("IPs in", packets["cardinality"]["src_ips_in"])],
        "DNS": [
            ("", wire["total"]),
            ("UDP", wire["udp"]),
            ("TCP", wire["tcp"]),
            ("queries", wire["queries"]),
            ("replies", wire["replies"]),
            ("names", dns["cardinality"]["qname"]),
        ],
        "Xacts": [
            ("", xact["counts"]["total"]),
            ("timed out", xact["counts"]["timed_out"]),
            ("in", xact["in"]["total"]),
            ("out", xact["out"]["total"]),
        ],
        "RCodes": [(label.upper(), wire[label]) for label in ("noerror", "nxdomain", "srvfail")],
        "Drops": [
            ("kernel", status["kernel_drops"]),
            ("queue", status["queue_drops"]),
            ("OS in window", found["pcap"]["os_drops"]),
        ],
    }
    wanted = [
        rf"^ {title} +{figure:,}(?![\d,])"
        if not label
        else rf"^ {title} .*(?<!\S){label} +{figure:,}(?![\d,])"
        for title, figures in said.items()
        for label, figure in figures
    ]
    for table in ("top_qname2", "top_qname3", "top_qtype", "top_rcode"):
        wanted += rows_like(dns[table])
    wanted += rows_like(packets["top_ipv4"])
    for way in ("in", "out"):
        quantiles = [numbers.compact(v / 1000) for v in xact[way]["quantiles_us"].values()]
        wanted.append(rf"xact {way} ms +{' +'.join(map(re.escape, quantiles))} ")
    return wanted


@needs_lab
def test_the_figures_on_screen_are_those_of_the_api_at_that_moment(lab: Lab, agent: Agent) -> None:
    daemon = agent("net", "dns", "pcap", iface=lab.near)
    with watch(daemon.port, (200, 60)) as terminal:
        terminal.wait_for("Drops")
        terminal.press("u")
        sent, _ = lab.replay(SAMPLE, "--topspeed")
        # All of it is counted, by every handler: the screen may be of a moment before that.
        daemon.wait_until(lambda: _processed(daemon) == (sent, 0))
        answer = daemon.client.get("/api/v1/policies/default/metrics/window/5").json()["default"]
        found: dict[str, Any] = {}
        for schemas in answer.values():
            found.update(schemas)
        packets, dns, health = found["packets"], found["dns"], daemon.client.get("/health").json()
        wire, xact = dns["wire_packets"], dns["xact"]
        terminal.wait_for(
            f"Packets  {sent:,}",
            f"DNS      {wire['total']:,}",
            f"Xacts    {xact['counts']['total']:,}",
        )
        terminal.press("f")  # nothing is sent any more, and nothing is asked any more
        terminal.wait_for("FROZEN")
        assert packets["total"] == sent
        (status,) = health["inputs"].values()
        wanted = _figures_of(found, status)
        terminal.wait_for_lines(*wanted)  # tmux shows what is half drawn, too


@pytest.mark.parametrize(
    ("handler", "seen"),
    [
        ("dns", ("DNS   ", "Xacts", "QName 2", ".example.test", "kernel 0  interface 0  queue 0")),
        ("net", ("Packets", "IPv4", "192.0.2.10", "kernel 0  interface 0  queue 0")),
        ("pcap", ("kernel 0  interface 0  queue 0", "OS in window 0")),
    ],
)
def test_one_handler_alone_shows_what_it_has_and_what_was_lost(
    agent: Agent, handler: str, seen: tuple[str, ...]
) -> None:
    with watch(agent(handler).port, (80, 24)) as terminal:
        text = terminal.wait_for(*seen)
    assert "NaN" not in text
    assert ("Packets" in text) == (handler == "net")


def test_a_handler_of_others_shows_with_its_figures(agent: Agent, tmp_path: Path) -> None:
    """Nothing of the UI knows it: what it says comes from the API."""
    folder = tmp_path / "installed"
    example = ROOT / "docs/examples/pktvisor-subnets"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*install, "--target", folder, example], check=True, cwd=tmp_path)
    daemon = agent("subnets", PYTHONPATH=str(folder))
    with watch(daemon.port, (80, 24)) as terminal:
        terminal.wait_for("subnets", "kernel 0  interface 0  queue 0", "198.51.100.0/24")
        terminal.press("Enter")
        terminal.wait_for("live", "sum", "back", "packets  Count of packets to or")


def test_an_agent_without_a_policy_says_what_to_do_and_shows_one_that_is_posted(
    agent: Agent,
) -> None:
    daemon = agent(options=("--full-api",))
    with watch(daemon.port, (80, 24)) as terminal:
        terminal.wait_for("the agent has no policy yet", "/api/v1/policies")
        policy = {
            "kind": "collection",
            "input": {"tap": "t", "input_type": "pcap"},
            "handlers": {"modules": {"net": {"type": "net"}}},
        }
        document = {"version": "1.0", "visor": {"policies": {"default": policy}}}
        posted = daemon.client.post("/api/v1/policies", json=document)
        assert posted.status_code == 201, posted.text
        # Over the API only allowed folders are read: the tap is the configuration's, so it may.
        terminal.wait_for("Packets", "192.0.2.10")


def test_a_token_the_agent_does_not_ask_for_is_no_obstacle(agent: Agent) -> None:
    daemon = agent("net", options=("--full-api",), PKTVISOR_TOKEN="right")
    with watch(daemon.port, PKTVISOR_TOKEN="wrong") as terminal:
        terminal.wait_for("Packets", "192.0.2.10")


def test_a_refused_token_is_named_with_what_to_give() -> None:
    """The agent lets everyone read; who guards it with a proxy in front answers 401."""
    with guarded() as port, watch(port, (80, 24), PKTVISOR_TOKEN="wrong") as terminal:
        terminal.wait_for("the agent refuses this token", "--token-file")


def test_an_agent_that_goes_away_keeps_its_figures_on_screen_and_comes_back(agent: Agent) -> None:
    daemon = agent("net")
    with watch(daemon.port, (80, 24)) as terminal:
        terminal.wait_for("Packets", "192.0.2.10")
        daemon.process.kill()
        daemon.process.wait()
        text = terminal.wait_for(LOST)
        assert "192.0.2.10" in text
        agent("net", "dns", port=daemon.port)
        terminal.wait_for("Xacts", "RCodes", "IPv4")  # the table in focus stays in sight
        assert LOST not in terminal.text()


@pytest.mark.parametrize("way", ["C-c", "q"])
def test_it_ends_with_0_and_takes_the_agent_of_a_capture_file_along(way: str) -> None:
    with Terminal([CLI, str(SAMPLE)]) as terminal:
        terminal.wait_for("Packets")
        agents = children(terminal.pid())
        assert len(agents) == 1
        terminal.press(way)
        assert terminal.exit_status() == 0
    assert gone(agents)


def test_a_lost_terminal_ends_it_and_the_agent_of_a_capture_file() -> None:
    with Terminal([CLI, str(SAMPLE)]) as terminal:
        terminal.wait_for("Packets")
        processes = [terminal.pid(), *children(terminal.pid())]
        assert len(processes) == 2
        terminal.hang_up()
        assert gone(processes)


def test_a_screen_that_is_killed_takes_the_agent_of_a_capture_file_along() -> None:
    with Terminal([CLI, str(SAMPLE)]) as terminal:
        terminal.wait_for("Packets")
        process = terminal.pid()
        agents = children(process)
        assert len(agents) == 1
        os.kill(process, 9)
        assert gone([process, *agents])


def test_sigterm_restores_the_terminal_and_says_so_in_the_exit_code() -> None:
    with Terminal([CLI, str(SAMPLE)]) as terminal:
        terminal.wait_for("Packets")
        process = terminal.pid()
        agents = children(process)
        os.kill(process, 15)
        assert terminal.exit_status() == 143
        assert "Packets" not in terminal.text()
    assert gone(agents)


def test_no_color_draws_in_greys_only(agent: Agent) -> None:
    daemon = agent("net")
    with watch(daemon.port, NO_COLOR="1") as terminal:
        terminal.wait_for("Packets", "192.0.2.10")
        colors = re.findall(r"[34]8;2;(\d+);(\d+);(\d+)", terminal.ansi())
    assert colors
    assert {color for color in colors if len(set(color)) > 1} == set()


def test_a_copied_row_is_in_the_terminals_clipboard(agent: Agent) -> None:
    daemon = agent("net")
    with watch(daemon.port) as terminal:
        terminal.wait_for("IPv4", "192.0.2.10")
        terminal.press("y")
        terminal.wait_for("copied")
        assert terminal.clipboard().startswith("192.0.2.1")


def test_keys_that_come_all_at_once_go_where_they_belong(agent: Agent) -> None:
    daemon = agent("dns")
    with watch(daemon.port) as terminal:
        terminal.wait_for("QName 2", ".lab.example")
        terminal.type("/shop")
        terminal.wait_for("clear filter", "no match in")
        assert ".lab.example" not in terminal.text()


@contextmanager
def guarded() -> Iterator[int]:
    """A server that lets nobody in."""

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Refuse)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
