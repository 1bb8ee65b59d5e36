"""What the original answered for each capture: our JSON and Prometheus text say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pktvisor.exposition.prometheus import prometheus_text

from .captured import CAPTURES, HOSTS, SHARED, differences, needs_captures, run
from .prometheus_lines import text_differences

ANSWERS = SHARED / "reference" / "handlers"
HANDLERS = {
    "net1": ("net", "1.0"),
    "net2": ("net", "2.0"),
    "dns1": ("dns", "1.0"),
    "dns2": ("dns", "2.0"),
}

# The answers to one filter each: handler, capture, filter.
FILTERED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "dns1.exclude_noerror": ("dns1", "dns_udp_mixed_rcode", {"exclude_noerror": True}),
    "dns1.only_rcode3": ("dns1", "dns_udp_mixed_rcode", {"only_rcode": 3}),
    "dns1.psl": ("dns1", "dns_udp_mixed_rcode", {"public_suffix_list": True}),
    "dns1.suffix": ("dns1", "dns_udp_tcp_random", {"only_qname_suffix": [".test.com"]}),
    "dns2.only_rcode3": ("dns2", "dns_udp_mixed_rcode", {"only_rcode": 3}),
}


def _named(kind: str) -> list[tuple[str, str]]:
    """Capture and handler of every answer of a kind."""
    return sorted(
        (capture, handler)
        for handler in HANDLERS
        for path in ANSWERS.glob(f"*.{handler}{kind}")
        if (CAPTURES / f"{(capture := path.name.removesuffix(f'.{handler}{kind}'))}.pcap").exists()
    )


def _answer(path: Path, handler: str) -> Any:
    (schema,) = json.loads(path.read_text())[handler].values()
    return schema


def _assert_same(found: list[str], what: str) -> None:
    assert not found, f"{what}:\n" + "\n".join(found)


@needs_captures
@pytest.mark.parametrize(("capture", "handler"), _named(".json"))
def test_default_groups_show_what_the_original_shows(capture: str, handler: str) -> None:
    ours = run(capture, *HANDLERS[handler])
    theirs = _answer(ANSWERS / f"{capture}.{handler}.json", handler)
    _assert_same(list(differences(ours, theirs)), capture)


@needs_captures
@pytest.mark.parametrize(("capture", "handler"), _named(".all.json"))
def test_all_groups_show_what_the_original_shows(capture: str, handler: str) -> None:
    ours = run(capture, *HANDLERS[handler], enable=("all",), host_spec=HOSTS, geo=True)
    theirs = _answer(ANSWERS / f"{capture}.{handler}.all.json", handler)
    _assert_same(list(differences(ours, theirs)), capture)


@needs_captures
@pytest.mark.parametrize(("capture", "handler"), _named(".prom.txt"))
def test_prometheus_lines_are_those_of_the_original(capture: str, handler: str) -> None:
    ours = run(capture, *HANDLERS[handler], enable=("all",), host_spec=HOSTS, geo=True)
    text = prometheus_text([(ours, {"policy": "default"})])
    theirs = (ANSWERS / f"{capture}.{handler}.prom.txt").read_text()
    _assert_same(list(text_differences(text, theirs)), capture)


@needs_captures
@pytest.mark.parametrize(
    "name", [n for n, (handler, *_) in FILTERED.items() if handler in HANDLERS]
)
def test_filters_count_what_the_original_counts(name: str) -> None:
    handler, capture, config = FILTERED[name]
    ours = run(capture, *HANDLERS[handler], config)
    _assert_same(list(differences(ours, _answer(ANSWERS / f"{name}.json", handler))), name)
