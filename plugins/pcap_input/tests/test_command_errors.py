"""What is wrong is told in one line that says what and where, with the documented exit code."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pytest

from pktvisor_sdk.captures import pcap_bytes
from pktvisor_sdk.frames import udp_frame

from .commanding import COMMAND, PACKETS, SAMPLE, Caller

FOLDER = Path(__file__).parent


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no/such.pcap"], "no/such.pcap: cannot be opened: No such file"),
        ([FOLDER], f"{FOLDER}: cannot be opened: Is a directory"),
        ([__file__], f"{__file__}: not a capture: it starts with 22 22 22 57"),
        ([], "Missing argument 'FILE'"),
        ([SAMPLE, "more"], "unexpected extra argument (more)"),
        (["--frob", SAMPLE], "No such option '--frob'"),
        (["-i", "tape", SAMPLE], "no input 'tape' is installed; installed are: "),
        (["-b", "port port", SAMPLE], "-b 'port port': can't parse filter expression"),
        (["-b", "tcp", "-i", "tape", SAMPLE], "-b applies to input pcap only, not to 'tape'"),
        (["-H", "300.1.2.3", SAMPLE], "-H: '300.1.2.3' is not an address or prefix"),
        (["-H", "10.0.0.0/8,x", SAMPLE], "-H: 'x' is not an address or prefix"),
        (["-H", ",", SAMPLE], "-H: ',' names no address"),
        (["--config", "no.yaml", SAMPLE], "no.yaml: cannot be read: No such file"),
        (["--periods", "0", SAMPLE], "'--periods': 0 is not in the range 1<=x<=10"),
        (["--periods", "11", SAMPLE], "'--periods': 11 is not in the range 1<=x<=10"),
        (["--periods", "two", SAMPLE], "'--periods': 'two' is not a valid integer"),
        (["--periods"], "'--periods' requires an argument"),
        (["--max-deep-sample", "101", SAMPLE], "'--max-deep-sample': 101 is not in the range"),
        (["--geo-city", "no.mmdb", SAMPLE], "no.mmdb: cannot be read: No such file"),
        (["--geo-asn", __file__, SAMPLE], f"{__file__}: not a MaxMind DB"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    command: Caller, arguments: list[str | Path], said: str
) -> None:
    assert said in command(*arguments).refusal()


def test_an_empty_file_is_refused(command: Caller, tmp_path: Path) -> None:
    path = tmp_path / "empty.pcap"
    path.touch()
    assert command(path).refusal() == f"{path}: empty; a pcap or pcapng capture is needed"


def test_empty_standard_input_is_refused(command: Caller) -> None:
    assert command("-").refusal().startswith("standard input: empty")


def test_a_file_without_permission_is_refused_by_reason(command: Caller, tmp_path: Path) -> None:
    """A socket can be opened by nobody, not even by root."""
    import socket

    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        assert command(path).refusal().startswith(f"{path}: cannot be opened: ")


def test_a_file_that_breaks_off_gives_what_it_held_and_says_where(
    command: Caller, tmp_path: Path
) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(SAMPLE.read_bytes()[:1000])
    answer = command(path)
    assert answer.code == 1
    assert answer.summary["packets"]["total"] == 7
    last = answer.err.splitlines()[-1]
    assert last.startswith(f"pktvisor-pcap: {path}: the file ends inside a record (after record 7")


def test_compressed_data_that_breaks_off_gives_what_it_held(
    command: Caller, tmp_path: Path
) -> None:
    path = tmp_path / "cut.pcap.gz"
    packed = gzip.compress(SAMPLE.read_bytes())
    path.write_bytes(packed[: len(packed) // 2])
    answer = command(path)
    assert answer.code == 1
    assert 0 < answer.summary["packets"]["total"] < PACKETS
    assert f"{path}: gzip data broken off" in answer.err


def test_packets_the_filter_cannot_judge_are_left_out_and_named(
    command: Caller, tmp_path: Path
) -> None:
    """A filter on Ethernet addresses says nothing of packets without them."""
    frame = udp_frame("192.0.2.1", "192.0.2.2", 1, 2, b"")[14:]
    path = tmp_path / "raw.pcap"
    path.write_bytes(pcap_bytes([frame], link_type=101))
    answer = command("-b", "ether host 02:00:00:00:00:01", path)
    assert (answer.code, answer.summary["packets"]["total"]) == (1, 0)
    assert "does not apply to link type 101" in answer.err


def test_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [COMMAND, SAMPLE], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "pktvisor-pcap: standard output: No space left on device"


@pytest.mark.parametrize("option", ["", "--summary"])
def test_a_reader_that_goes_away_ends_it_without_complaint(option: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{COMMAND} {option} {SAMPLE} | :; exit ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (141, "")
    assert len(done.stderr.splitlines()) == 1
