"""`pktvisor-pcap --config`: the policies of a configuration over a capture file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pktvisor.commands.pktvisor import main as pktvisor_main
from pktvisor_pcap.command import main
from pktvisor_sdk import dns
from pktvisor_sdk.captures import pcap_bytes
from pktvisor_sdk.frames import tcp_frame, udp_frame

US, THEM = "192.0.2.53", "198.51.100.1"
QUERY = dns.query("www.example.org", identifier=7)

TAP = '{input_type: pcap, config: {iface: nosuch0, host_spec: "192.0.2.0/24"}, tags: {side: ours}}'


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    file = tmp_path / "x.pcap"
    frames = [
        udp_frame(THEM, US, 4242, 53, QUERY),
        udp_frame(US, THEM, 53, 4242, dns.reply(QUERY)),
        tcp_frame(THEM, US, 4242, 80),
    ]
    file.write_bytes(pcap_bytes(frames))
    return file


@pytest.fixture
def run(tmp_path: Path, capture: Path) -> Any:
    def call(policies: str, *options: str) -> Result:
        config = tmp_path / "policy.yaml"
        config.write_text(f"visor:\n  taps: {{t: {TAP}}}\n  policies:{policies}")
        return CliRunner().invoke(main, ["--config", str(config), *options, str(capture)])

    return call


def policy(name: str, modules: str, more: str = "", config: str = "{}") -> str:
    return f"""
    {name}:
      kind: collection
      config: {config}
      input: {{tap: t, input_type: pcap{more}}}
      handlers: {{modules: {modules}}}
"""


NET = "{type: net}"


def test_each_handler_is_shown_under_its_policy_and_instance_name(run: Any) -> None:
    shown = json.loads(run(policy("p", f"{{a: {NET}, b: {{type: dns}}}}")).stdout)
    assert list(shown) == ["p"]
    assert {name: list(schemas) for name, schemas in shown["p"].items()} == {
        "p-t-a": ["packets"],
        "p-t-b": ["dns"],
    }


def test_hosts_are_those_of_the_tap(run: Any) -> None:
    shown = json.loads(run(policy("p", f"{{a: {NET}}}")).stdout)["p"]["p-t-a"]["packets"]
    assert (shown["in"], shown["out"], shown["unknown_dir"]) == (2, 1, 0)


def test_policies_with_different_filters_see_different_packets(run: Any) -> None:
    udp = policy("udp", f"{{a: {NET}}}", ", filter: {bpf: udp}")
    tcp = policy("tcp", f"{{a: {NET}}}", ", filter: {bpf: tcp}")
    shown = json.loads(run(udp + tcp).stdout)
    assert shown["udp"]["udp-t-a"]["packets"]["total"] == 2
    assert shown["tcp"]["tcp-t-a"]["packets"]["total"] == 1


def test_of_several_policies_it_is_said_whose_packets_were_processed(run: Any) -> None:
    two = policy("p", f"{{a: {NET}}}") + policy("q", f"{{a: {NET}}}", ", filter: {bpf: tcp}")
    first, second = run(two).stderr.splitlines()
    assert first.startswith("policy p, tap t: processed 3 packets: ")
    assert second.startswith("policy q, tap t: processed 1 packet: ")


def test_a_policy_without_window_config_keeps_the_periods_asked_for(
    run: Any, capture: Path
) -> None:
    frame = udp_frame(THEM, US, 4242, 53, QUERY)
    capture.write_bytes(pcap_bytes([(60_000_000_000 * minute, frame) for minute in range(1, 8)]))
    for periods in (2, 7):
        shown = json.loads(run(policy("p", f"{{a: {NET}}}"), "--periods", str(periods)).stdout)
        assert shown["p"]["p-t-a"]["packets"]["total"] == periods


def test_a_chained_handler_sees_what_the_one_before_it_accepted(run: Any) -> None:
    chain = f"[{{d: {{type: dns, filter: {{only_responses: true}}}}}}, {{n: {NET}}}]"
    shown = json.loads(run(policy("p", chain)).stdout)["p"]
    assert shown["p-t-d"]["dns"]["wire_packets"]["total"] == 1
    assert shown["p-t-n"]["packets"]["total"] == 1


def test_any_installed_version_can_be_asked_for(run: Any) -> None:
    shown = json.loads(run(policy("p", '{d: {type: dns, require_version: "2.0"}}')).stdout)["p"]
    assert shown["p-t-d"]["dns"]["in"]["xacts"] == 1


def test_a_selector_finds_the_tap_by_its_tags(run: Any) -> None:
    selected = policy("p", f"{{a: {NET}}}").replace("tap: t", "tap_selector: {any: [{side: ours}]}")
    assert list(json.loads(run(selected).stdout)["p"]) == ["p-t-a"]


def test_like_handlers_are_merged_where_the_policy_says_so(run: Any) -> None:
    both = policy("p", f"{{a: {NET}, b: {NET}}}", config="{merge_like_handlers: true}")
    shown = json.loads(run(both).stdout)["p"]
    assert list(shown) == ["packets_merged"]
    assert shown["packets_merged"]["packets"]["total"] == 6


def test_a_handler_without_metric_groups_is_left_out(run: Any) -> None:
    silent = "{type: dns, metric_groups: {disable: [all]}}"
    shown = json.loads(run(policy("p", f"{{a: {NET}, b: {silent}}}")).stdout)
    assert list(shown["p"]) == ["p-t-a"]


def test_a_bad_policy_is_refused_with_file_line_and_place(run: Any) -> None:
    result = run(policy("p", "{a: {type: net, config: {nope: 1}}}"))
    assert result.exit_code == 2
    assert "policy.yaml:8: visor.policies.p.handlers.modules.a.config.nope" in result.stderr


def test_a_bad_filter_is_refused_where_it_stands(run: Any) -> None:
    result = run(policy("p", f"{{a: {NET}}}", ', filter: {bpf: "no such thing"}'))
    assert result.exit_code == 2
    assert "visor.policies.p.input.filter.bpf" in result.stderr


@pytest.mark.parametrize("option", [("-b", "udp"), ("-H", "192.0.2.0/24")])
def test_hosts_and_filters_of_the_command_line_do_not_go_with_it(run: Any, option: Any) -> None:
    result = run(policy("p", f"{{a: {NET}}}"), *option)
    assert result.exit_code == 2
    assert "do not go with --config" in result.stderr


SAMPLES = Path(__file__).parents[1] / "samples"


def test_the_sample_policy_runs_over_the_sample_capture() -> None:
    files = [str(SAMPLES / name) for name in ("policy.yaml", "dns-lab.pcap")]
    result = CliRunner().invoke(main, ["--config", *files])
    assert result.exit_code == 0
    assert {policy: list(shown) for policy, shown in json.loads(result.stdout).items()} == {
        "usual": ["usual-lab-names", "usual-lab-packets"],
        "missing_names": ["missing_names-lab-answers", "missing_names-lab-packets"],
    }


def test_the_sample_policy_is_valid() -> None:
    result = CliRunner().invoke(pktvisor_main, ["validate", str(SAMPLES / "policy.yaml")])
    assert (result.exit_code, result.stderr) == (0, "")
