"""Answers the original gave to requests, asked again of our API: same status, same JSON keys and types.

`make replay` prints the comparison. Traffic is made up, so values are compared only where they do not
depend on it; what depends on traffic may be absent. What was asked after 150 s is asked after as many
seconds of a clock that runs faster than the machine's. Pending is what is of a tap whose input is not
installed.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from litestar.testing import TestClient

from pktvisor.api.access import Access
from pktvisor.api.app import create_app, guarded
from pktvisor.engine.agent import Agent
from pktvisor.exposition.json import bucket_json
from pktvisor.plugins import Plugins
from tests.conformance.shared import REFERENCE

API = REFERENCE / "api"
REQUESTS = API / "REQUESTS.txt"

pytestmark = pytest.mark.skipif(
    not REQUESTS.exists(), reason=f"no recorded answers under {API}; set PKTVISOR_CAPTURES"
)

# Status codes we decided to differ in: the original's 500 for bad input.
OURS = {500: {400, 425}}
# Keys that are there when there was traffic for them.
OF_TRAFFIC = re.compile(
    r"p50|p90|p95|p99|live|quantiles_us|ratio|payload_size|rates|xact_rates|end_tstamp|ipv[46]"
)
DIRECTIONS = ("in", "out", "unknown")
# Names with a hash of the configuration in them, which each implementation makes its own way.
HASHED = re.compile(r"-[0-9a-f]{13,16}(?=$|-)")
# Keys that differ on purpose, by their path without the names of policies and handlers.
DECIDED = {
    "ro_taps": "-H adds to the hosts found, so the tap has no host_spec",
    "ro_taps_default": "-H adds to the hosts found, so the tap has no host_spec",
    "ro_policies": "-H adds to the hosts found, so tap and input have no host_spec",
    "ro_policies_default": "-H adds to the hosts found, so tap and input have no host_spec",
    "long_mock_bucket1": "made-up packets have times, so periods pass",
    "long_mock_bucket2": "made-up packets have times, so periods pass",
    "ro_policy_window2": "theirs repeats in each handler the schemas of those before it",
}

FASTER = 100

SKIPPED = {
    "server_delete": "stops the agent; shown by the process tests",
}


def requests() -> list[tuple[str, str, str, dict[str, str]]]:
    """Name, method, path and headers of each recorded request that was to the API."""
    found = []
    if not REQUESTS.exists():
        return found
    for line in REQUESTS.read_text().splitlines():
        name, _, command = line.partition(": ")
        match = re.search(r"http://localhost:10853(\S*)", command)
        if match is None or "curl" not in command:
            continue
        method = re.search(r"-X (\w+)", command)
        kind = re.search(r"-H '?Content-Type: ?([^' ]*)'?", command)
        headers = {"content-type": kind[1]} if kind and "/" in kind[1] else {}
        verb = method[1] if method else "HEAD" if " -I " in command else "GET"
        found.append((name, verb, match[1], headers))
    return found


def recorded(name: str) -> tuple[int, str]:
    head, _, body = (API / f"{name}.http").read_bytes().decode().partition("\r\n\r\n")
    return int(head.split()[1]), body


def cut_policies(plugins: Plugins) -> bytes:
    """policy.yaml, on made-up traffic, without the inputs and handlers that are not installed."""
    document = yaml.safe_load((API / "policy.yaml").read_text())
    visor = document["visor"]
    inputs = {name for name, _ in plugins.inputs}
    kinds = {name for name, _ in plugins.handlers}
    visor["taps"] = {n: t for n, t in visor["taps"].items() if t["input_type"] in inputs}
    visor["taps"]["lo"]["config"]["pcap_source"] = "mock"
    for name, policy in list(visor["policies"].items()):
        modules = policy["handlers"]["modules"]
        for key in [k for k, m in modules.items() if m["type"] not in kinds]:
            del modules[key]
        if policy["input"]["tap"] not in visor["taps"] or not modules:
            del visor["policies"][name]
    return json.dumps(document).encode()


def missing(cut: bytes) -> list[str]:
    """Taps and policies of policy.yaml that were cut out of it."""
    whole = yaml.safe_load((API / "policy.yaml").read_text())["visor"]
    kept = json.loads(cut)["visor"]
    return [name for part in ("taps", "policies") for name in whole[part] if name not in kept[part]]


READ_ONLY = {
    "visor": {
        "taps": {
            "default": {"input_type": "pcap", "config": {"iface": "lo", "pcap_source": "mock"}}
        },
        "policies": {
            "default": {
                "kind": "collection",
                "input": {"tap": "default", "input_type": "pcap"},
                "handlers": {
                    "modules": {
                        n: {"type": t}
                        for n, t in (("net", "net"), ("dns", "dns"), ("pcap_stats", "pcap"))
                    }
                },
            }
        },
    }
}


class HastyClock:
    """The machine's clock until it is told to hurry, then `FASTER` times as fast."""

    def __init__(self) -> None:
        self._hurried_ns: int | None = None

    def now_ns(self) -> int:
        now, since = time.time_ns(), self._hurried_ns
        return now if since is None else since + FASTER * (now - since)

    def hurry(self) -> None:
        self._hurried_ns = time.time_ns()


def wait_for_periods(agent: Agent, count: int) -> None:
    """Until every handler of the policies that are asked for late has that many periods."""
    deadline = time.monotonic() + 60
    for name in ("default", "v2", "mock"):
        while any(len(h.buckets) < count for h in agent.snapshot(name).handlers.values()):
            assert time.monotonic() < deadline, name
            time.sleep(0.05)


def wait_for_samples(agent: Agent) -> None:
    """Until what counts the cost of the made-up traffic has seen some: the recording was later."""
    deadline = time.monotonic() + 60
    for name in agent.policy_names():
        for handler in agent.snapshot(name).handlers:
            while name.startswith("lo-") and not _sampled(agent, name, handler):
                assert time.monotonic() < deadline, name
                time.sleep(0.05)


def _sampled(agent: Agent, policy: str, handler: str) -> bool:
    return "cpu_usage" in bucket_json(agent.snapshot(policy).handlers[handler].buckets[0])


def at(path: str, agent: Agent) -> str:
    """The path with our names in it: those with a hash are made by each implementation its own way."""
    named = re.search(r"/policies/([^/]+)-[0-9a-f]{13,16}-", path)
    if named is None:
        return path
    ours = [name for name in agent.policy_names() if re.match(rf"{named[1]}-[0-9a-f]+-", name)]
    return re.sub(r"/policies/[^/]+", f"/policies/{ours[0]}", path) if ours else path


def ask(names: list[str], document: bytes, *, writes: bool) -> Iterator[tuple[str, Any]]:
    """The answers to requests in the order in which they were recorded."""
    clock = HastyClock()
    agent = Agent(clock=clock)
    early = True
    try:
        agent.load(document)
        wait_for_samples(agent)
        app = create_app(agent, writes=writes, stop=lambda: None)
        access = Access.listening(["localhost"], [], writes=writes, token=None)
        client = TestClient(guarded(app, access), base_url="http://127.0.0.1:10853")
        for name, method, path, headers in requests():
            if name in names:
                if early and name.startswith("long_"):
                    early = False
                    clock.hurry()
                    wait_for_periods(agent, 3)
                body = API / f"{name}.body"
                content = body.read_bytes() if body.exists() else b""
                yield (
                    name,
                    client.request(method, at(path, agent), headers=headers, content=content),
                )
    finally:
        agent.close()


def differences(theirs: Any, ours: Any, plugins: Plugins, path: str = "") -> list[str]:
    """Keys and types of the original's answer that ours lacks; handlers not installed are left out."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        named = {HASHED.sub("-#", key): value for key, value in ours.items()}
        found = []
        for key, value in theirs.items():
            plain = HASHED.sub("-#", key)
            if plain in named:
                found += differences(value, named[plain], plugins, f"{path}.{plain}")
            elif key in DIRECTIONS and isinstance(value, dict):
                continue  # the second versions show a direction once it has traffic
            elif not OF_TRAFFIC.fullmatch(key) and not _pending(key):
                found.append(f"{path}.{plain} missing")
        return found
    if isinstance(theirs, list) and isinstance(ours, list):
        return differences(theirs[0], ours[0], plugins, f"{path}[]") if theirs and ours else []
    numbers = (int, float)
    if type(theirs) is not type(ours) and not (
        isinstance(theirs, numbers) and isinstance(ours, numbers)
    ):
        return [f"{path} is {type(ours).__name__}, not {type(theirs).__name__}"]
    return []


def _pending(key: str) -> bool:
    """Whether this is of a handler or input that is not installed."""
    words = "dhcp|bgp|flow|sflow|dnstap|netprobe"
    return re.search(rf"(^|[-_])({words})", key) is not None


def _compare(name: str, answer: Any, plugins: Plugins) -> tuple[str, str]:
    status, body = recorded(name)
    if name in DECIDED:
        return "decided", DECIDED[name]
    if answer.status_code != status and answer.status_code not in OURS.get(status, set()):
        return "DIFFERS", f"status {answer.status_code}, not {status}"
    if body[:1] in "{[" and body and answer.request.method != "HEAD":
        found = differences(json.loads(body), answer.json(), plugins)
        if found:
            return "DIFFERS", "; ".join(found[:6])
    changed = f"status {answer.status_code} for {status}" if answer.status_code != status else ""
    return "same", changed


def test_every_recorded_answer_is_given_again_with_the_same_status_keys_and_types() -> None:
    plugins = Plugins()
    names = [name for name, *_ in requests() if name not in SKIPPED]
    document = cut_policies(plugins)
    of_missing = re.compile(f"^(adm|long)_({'|'.join(missing(document))})")
    pending = [name for name in names if of_missing.match(name)]
    asked = [name for name in names if name not in pending]
    read_only = [name for name in asked if name.startswith("ro_")]
    others = [name for name in asked if name not in read_only]
    rows = []
    for wanted, wanted_of, writes in (
        (read_only, json.dumps(READ_ONLY).encode(), False),
        (others, document, True),
    ):
        rows += [
            (name, *_compare(name, answer, plugins))
            for name, answer in ask(wanted, wanted_of, writes=writes)
        ]
    rows += [(name, "pending", "input not installed") for name in pending]
    rows += [(name, "skipped", reason) for name, reason in SKIPPED.items()]
    for name, verdict, remark in rows:
        print(f"{name:44} {verdict:8} {remark}")
    counts = {
        v: sum(row[1] == v for row in rows) for v in ("same", "decided", "pending", "DIFFERS")
    }
    print(counts)
    assert [row for row in rows if row[1] == "DIFFERS"] == []
