"""`pktvisor-pcap` on whole files: every option, every way in."""

from __future__ import annotations

import bz2
import gzip
import lzma
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from pktvisor_sdk.captures import pcap_bytes
from pktvisor_sdk.frames import udp_frame

from .commanding import COMMAND, PACKETS, SAMPLE, Answer, Caller

NS = 1_000_000_000
RESOLVER = "192.0.2.53/32,2001:db8:1::53/128"
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


PROCESSED = "processed {}: 0 malformed, 0 truncated, 0 of unsupported link types\n"


def minutes(folder: Path, count: int) -> Path:
    """A capture of one packet a minute."""
    frame = udp_frame("192.0.2.1", "192.0.2.2", 1000, 2000, b"x")
    frames = [(60 * NS * (1000 + n), frame) for n in range(count)]
    path = folder / "minutes.pcap"
    path.write_bytes(pcap_bytes(frames))
    return path


def counts(answer: Answer) -> list[object]:
    """What two runs over the same packets have in common; sketches of many values differ."""
    summary = answer.summary
    return [summary["packets"], summary["dns"]["wire_packets"], summary["dns"]["cardinality"]]


def test_the_summary_is_one_line_of_json_on_standard_output(command: Caller) -> None:
    answer = command(SAMPLE)
    assert answer.code == 0
    assert answer.summary["packets"]["total"] == PACKETS


def test_the_handlers_are_the_installed_ones_of_net_dns_and_dhcp(command: Caller) -> None:
    assert {"packets", "dns"} <= set(command(SAMPLE).summary) <= {"packets", "dns", "dhcp"}


def test_standard_error_says_how_many_packets_were_processed(command: Caller) -> None:
    assert command(SAMPLE).err.startswith(f"processed {PACKETS} packets: 0 malformed")


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_a_compressed_file_gives_the_same_summary(
    command: Caller, tmp_path: Path, kind: str
) -> None:
    """Its name does not matter, what it begins with does."""
    packed = tmp_path / "capture"
    packed.write_bytes(COMPRESSORS[kind](SAMPLE.read_bytes()))
    assert counts(command(packed)) == counts(command(SAMPLE))


@pytest.mark.parametrize("kind", [None, *COMPRESSORS])
def test_a_dash_reads_standard_input(command: Caller, kind: str | None) -> None:
    pack = COMPRESSORS[kind] if kind else bytes
    answer = command("-", stdin=pack(SAMPLE.read_bytes()))
    assert counts(answer) == counts(command(SAMPLE))


def test_five_periods_are_kept_unless_told_otherwise(command: Caller, tmp_path: Path) -> None:
    """Of seven packets, a minute apart, the last five minutes hold five."""
    answer = command(minutes(tmp_path, 7))
    assert answer.out.startswith('{"5m":')
    assert answer.summary["packets"]["total"] == 5


def test_periods_says_how_many_minutes_are_kept(command: Caller, tmp_path: Path) -> None:
    answer = command("--periods", "2", minutes(tmp_path, 7))
    assert answer.out.startswith('{"2m":')
    assert answer.summary["packets"]["total"] == 2


def test_one_period_holds_the_whole_file(command: Caller, tmp_path: Path) -> None:
    answer = command("--periods", "1", minutes(tmp_path, 7))
    assert answer.out.startswith('{"1m":')
    assert answer.summary["packets"]["total"] == 7


LEFT_OUT = (
    "pktvisor-pcap: the first {} s of the file are not in the summary, which is of its last {}"
)


@pytest.mark.parametrize(
    ("count", "periods", "left_out"), [(7, 5, 120), (7, 2, 300), (12, 10, 120)]
)
def test_what_is_older_than_the_periods_kept_is_said_to_be_left_out(
    command: Caller, tmp_path: Path, count: int, periods: int, left_out: int
) -> None:
    said = command("--periods", str(periods), minutes(tmp_path, count)).err.splitlines()[-1]
    assert said.startswith(LEFT_OUT.format(left_out, periods))
    assert ("--periods keeps up to 10" in said) == (periods < 10)
    assert said.endswith("--periods 1 puts the whole file into one")


@pytest.mark.parametrize("periods", ["1", "5"])
def test_nothing_is_said_of_a_file_that_is_summarized_whole(
    command: Caller, tmp_path: Path, periods: str
) -> None:
    answer = command("--periods", periods, minutes(tmp_path, 5))
    assert answer.err == PROCESSED.format("5 packets")


def test_one_packet_is_one_packet(command: Caller, tmp_path: Path) -> None:
    assert command(minutes(tmp_path, 1)).err == PROCESSED.format("1 packet")


def test_a_filter_lets_only_what_it_accepts_through(command: Caller) -> None:
    packets = command("-b", "tcp", SAMPLE).summary["packets"]
    assert packets["total"] == packets["tcp"] == 290


def test_without_hosts_no_direction_is_known(command: Caller) -> None:
    assert command(SAMPLE).summary["packets"]["unknown_dir"] == PACKETS


def test_hosts_give_directions(command: Caller) -> None:
    packets = command("-H", RESOLVER, SAMPLE).summary["packets"]
    assert packets["in"] > 0
    assert packets["in"] + packets["out"] + packets["unknown_dir"] == PACKETS


def test_a_bare_address_is_a_host(command: Caller) -> None:
    bare = command("-H", "192.0.2.53", SAMPLE).summary
    assert bare["packets"] == command("-H", "192.0.2.53/32", SAMPLE).summary["packets"]


def test_deep_sampling_looks_closely_at_a_part(command: Caller) -> None:
    """The draw is the same in every run; a quarter of 2,916 packets is 729."""
    packets = command("--max-deep-sample", "25", SAMPLE).summary["packets"]
    assert packets["total"] == PACKETS
    assert 600 < packets["deep_samples"] < 850


def test_the_input_type_may_be_written_in_capitals(command: Caller) -> None:
    assert counts(command("-i", "PCAP", SAMPLE)) == counts(command(SAMPLE))


def test_verbose_names_plugins_and_counts_on_standard_error(command: Caller) -> None:
    answer = command("-v", SAMPLE)
    assert "plugin 'pcap_input' of pktvisor-pcap" in answer.err
    assert f"processed: {PACKETS}\n" in answer.err
    assert answer.summary["packets"]["total"] == PACKETS


def test_summary_prints_tables_instead_of_json(command: Caller) -> None:
    out = command("--summary", SAMPLE).out
    assert "net 1.0" in out
    assert "dns 1.0" in out
    assert f"total  {PACKETS:,}" in out
    assert "{" not in out


@pytest.mark.parametrize("name", ["pktvisor-pcap", "pktvisor-reader"])
def test_both_names_run_and_tell_their_version(name: str) -> None:
    done = subprocess.run(
        [COMMAND.with_name(name), "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == name


def test_help_names_every_option_and_exit_status(command: Caller) -> None:
    answer = command("--help")
    assert answer.code == 0
    options = "-i -b -H --periods --max-deep-sample --geo-city --geo-asn --summary -v --version"
    assert [name for name in options.split() if name not in answer.out] == []
    assert "130 it was interrupted" in " ".join(answer.out.split())


def test_an_empty_capture_gives_a_summary_of_nothing(command: Caller, tmp_path: Path) -> None:
    path = tmp_path / "none.pcap"
    path.write_bytes(pcap_bytes([]))
    answer = command(path)
    assert (answer.code, answer.summary["packets"]["total"]) == (0, 0)
