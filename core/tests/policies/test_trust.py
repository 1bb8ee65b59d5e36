"""What a request may reach: folders and addresses that were allowed, whatever the spelling."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pktvisor.policies.errors import ConfigError
from pktvisor.policies.trust import Trust


@dataclass(frozen=True)
class Config:
    file: str = field(default="", metadata={"reaches": "path"})
    bind: str = field(default="", metadata={"reaches": "endpoint"})
    iface: str = ""


def refused(trust: Trust, **values: str) -> bool:
    try:
        trust.check(Config, dict(values))
    except ConfigError as error:
        assert error.path == tuple(values)  # noqa: PT017 - the caller asserts the outcome
        return True
    return False


def test_no_path_is_allowed_unless_a_folder_was() -> None:
    assert refused(Trust(), file="/etc/passwd")


def test_a_path_under_an_allowed_folder_passes(tmp_path: Path) -> None:
    assert not refused(Trust((str(tmp_path),)), file=str(tmp_path / "x" / "y.pcap"))


@pytest.mark.parametrize(
    "text", ["{}/../../etc/passwd", "/etc/passwd", "x.pcap", "-", "{}x/y", "\0"]
)
def test_a_path_outside_it_is_refused_however_it_is_spelled(tmp_path: Path, text: str) -> None:
    assert refused(Trust((str(tmp_path),)), file=text.format(tmp_path))


def test_a_link_that_leads_out_of_it_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to("/etc")
    assert refused(Trust((str(inside),)), file=str(inside / "link" / "passwd"))


@pytest.mark.parametrize("text", ["127.0.0.1", "127.0.0.1:53", "localhost:1", "::1", "[::1]:53"])
def test_loopback_addresses_pass(text: str) -> None:
    assert not refused(Trust(), bind=text)


@pytest.mark.parametrize("text", ["0.0.0.0", "192.0.2.1:53", "::", "[::]:53", "example.org", ":53"])
def test_other_addresses_are_refused(text: str) -> None:
    assert refused(Trust(), bind=text)


def test_an_address_that_was_allowed_passes() -> None:
    assert not refused(Trust(addresses=("192.0.2.1",)), bind="192.0.2.1:53")


def test_keys_that_reach_nothing_are_not_looked_at() -> None:
    assert not refused(Trust(), iface="/etc/passwd")
