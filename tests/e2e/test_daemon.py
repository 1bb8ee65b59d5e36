"""The life of a real `pktvisord` process, over the made-up traffic of input mock."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemons import PROGRAM, START_S, Starter, free_port

POLICY = """
visor:
  taps:
    m: {input_type: mock}
  policies:
    %s:
      kind: collection
      input: {tap: m, input_type: mock}
      handlers: {modules: {net: {type: net}}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY % "default")
    return path


def refused(*options: str, status: int = 1) -> str:
    """The one line a daemon ends with that cannot start."""
    done = subprocess.run(
        [PROGRAM, *options], check=False, capture_output=True, text=True, timeout=START_S
    )
    assert done.returncode == status, done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def test_sigterm_drains_and_stops(start: Starter, config: Path) -> None:
    daemon = start("--config", str(config))
    daemon.process.terminate()
    assert daemon.process.wait(START_S) == 0
    assert "packets processed" in daemon.log.read_text()


def test_delete_of_the_server_stops_it(start: Starter) -> None:
    daemon = start("--full-api")
    assert daemon.client.delete("/api/v1/server").status_code == 200
    assert daemon.process.wait(START_S) == 0


def test_sighup_reads_a_good_config_and_keeps_the_old_one_for_a_bad(
    start: Starter, config: Path
) -> None:
    daemon = start("--config", str(config))
    assert "default" in daemon.policies()

    def hang_up() -> None:
        daemon.process.send_signal(signal.SIGHUP)

    config.write_text(POLICY % "renamed")
    daemon.wait_for_new("again", hang_up)
    assert "renamed" in daemon.policies()
    assert "default" not in daemon.policies()
    config.write_text(POLICY % "9 bad")
    daemon.wait_for_new("the running configuration stays", hang_up)
    assert "renamed" in daemon.policies()


def test_sighup_leaves_alone_what_was_posted(start: Starter, config: Path) -> None:
    daemon = start("--config", str(config), "--full-api")
    (before,) = daemon.client.get("/health").json()["inputs"].values()
    answer = daemon.client.post(
        "/api/v1/policies",
        content=POLICY.partition("policies:")[2].join(("visor:\n  policies:", "")) % "posted",
        headers={"Content-Type": "application/x-yaml"},
    )
    assert answer.status_code == 201, answer.text
    config.write_text(POLICY % "renamed")
    daemon.wait_for_new("again", lambda: daemon.process.send_signal(signal.SIGHUP))
    assert {"posted", "renamed"} <= set(daemon.policies())
    assert "default" not in daemon.policies()
    (after,) = daemon.client.get("/health").json()["inputs"].values()
    assert (after["tap"], after["state"]) == (before["tap"], "running")
    assert after["processed"] >= before["processed"]


def test_a_killed_daemon_comes_back_on_the_same_port(start: Starter, config: Path) -> None:
    daemon = start("--config", str(config))
    daemon.process.kill()
    daemon.process.wait()
    again = start("--config", str(config), port=daemon.port)
    assert again.client.get("/health").status_code == 200


def test_three_daemons_run_side_by_side_and_a_fourth_is_told_its_port_is_taken(
    start: Starter, config: Path
) -> None:
    daemons = [start("--config", str(config)) for _ in range(3)]
    port = str(daemons[0].port)
    assert "unable to bind to localhost:" in refused("-p", port, "--config", str(config))
    for daemon in daemons:
        assert daemon.client.get("/health").status_code == 200


def test_a_fresh_daemon_listens_on_loopback_only_and_changes_nothing(
    start: Starter, config: Path
) -> None:
    daemon = start("--config", str(config))
    listening = subprocess.run(
        ["ss", "-ltnH", f"sport = :{daemon.port}"], capture_output=True, text=True, check=True
    ).stdout
    addresses = {line.split()[3].rpartition(":")[0] for line in listening.splitlines()}
    assert "127.0.0.1" in addresses
    assert addresses <= {"127.0.0.1", "[::1]"}
    assert daemon.client.delete("/api/v1/policies/default").status_code == 404


def test_readiness_is_told_to_the_service_manager(
    start: Starter, config: Path, tmp_path: Path
) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(START_S)
        start("--config", str(config), NOTIFY_SOCKET=address)
        assert manager.recv(1000).startswith(b"READY=1")


def test_200_clients_with_slow_headers_keep_no_good_one_waiting(
    start: Starter, config: Path
) -> None:
    daemon = start("--config", str(config))
    with contextlib.ExitStack() as clients:
        for _ in range(200):
            slow = clients.enter_context(socket.create_connection(("127.0.0.1", daemon.port)))
            slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        assert daemon.client.get("/health").status_code == 200


def test_another_host_and_another_origin_are_refused(start: Starter, config: Path) -> None:
    daemon = start("--config", str(config))
    get = daemon.client.get
    assert get("/health", headers={"Host": "rebound.example"}).status_code == 421
    assert get("/health", headers={"Origin": "http://page.example"}).status_code == 403


def test_a_tap_over_the_api_cannot_read_any_file(start: Starter) -> None:
    daemon = start("--full-api")
    tap = {"input_type": "pcap", "config": {"pcap_file": "/etc/passwd"}}
    body = json.dumps({"visor": {"taps": {"t": tap}}})
    answer = daemon.client.post(
        "/api/v1/taps", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert "/etc/passwd" in answer.json()["error"]


def test_what_cannot_start_says_so_in_one_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("visor:\n  taps:\n    t: {input_type: nope}\n")
    pushing = tmp_path / "pushing.yaml"
    tls = "otel: true, otel_tls: true, otel_tls_cert: /no/cert.pem, otel_tls_key: /no/key.pem"
    pushing.write_text(f"visor: {{config: {{{tls}}}}}")
    cases: list[tuple[tuple[str, ...], str]] = [
        ((), "nothing to do"),
        (("no_such_if0",), "IFACE no_such_if0: there is no interface 'no_such_if0'; available"),
        (("--config", "/no/such/file"), "/no/such/file"),
        (("--full-api", "--config", str(bad)), f"{bad}:3: visor.taps.t.input_type"),
        (("--config", str(pushing)), "--otel-tls: there is no file /no/cert.pem"),
        (("--full-api", "--log-file", "/no/such/log"), "--log-file /no/such/log: No such file"),
    ]
    for options, word in cases:
        assert word in refused("-p", str(free_port()), *options)


def test_an_option_that_is_wrong_ends_with_status_2_and_is_named() -> None:
    cases: list[tuple[tuple[str, ...], str]] = [
        (("lo", "-H", "1.2.3/9"), "pktvisord: -H: '1.2.3/9' is not an address or prefix"),
        (("lo", "-b", "udp prt"), "pktvisord: -b 'udp prt': can't parse filter expression"),
        (("lo", "--geo-city", "/no/such"), "pktvisord: --geo-city /no/such: cannot be read"),
        (("--full-api", "-l", "0.0.0.0"), "needs a token"),
        (("--full-api", "--tls"), "--tls-cert"),
        (("--full-api", "--otel", "--otel-tls"), "--otel-tls needs --otel-tls-cert and --otel-tls"),
        (("--full-api", "--user", "no-such-user"), "no-such-user"),
    ]
    for options, word in cases:
        assert word in refused("-p", str(free_port()), *options, status=2)


def test_version_and_module_list_end_at_once() -> None:
    def said(option: str) -> Any:
        done = subprocess.run([PROGRAM, option], capture_output=True, text=True, check=True)
        return done.stdout

    assert "compiled" in said("--version")
    assert "input: mock version 1.0" in said("--module-list")
