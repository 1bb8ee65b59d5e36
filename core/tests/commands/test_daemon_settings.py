"""Settings of the daemon: command line before config file before default."""

from __future__ import annotations

from typing import Any

import pytest

from pktvisor.commands.configuration import SettingError, merged
from pktvisor.commands.daemon_settings import DaemonSettings, declared

# Every option of the original, 3.x and 4.x.
ORIGINAL = [
    "-d",
    "-v",
    "--no-track",
    "-l",
    "-p",
    "--tls",
    "--tls-cert",
    "--tls-key",
    "--admin-api",
    "--full-api",
    "--geo-city",
    "--geo-asn",
    "--geo-cache-size",
    "--default-geo-city",
    "--default-geo-asn",
    "--config",
    "--cp-disable",
    "--cp-token",
    "--cp-url",
    "--cp-custom",
    "--cp-path",
    "--module-list",
    "--module-dir",
    "--log-file",
    "--syslog",
    "--prometheus",
    "--prom-instance",
    "--otel",
    "--otel-host",
    "--otel-path",
    "--otel-port",
    "--otel-interval",
    "--otel-tls",
    "--otel-tls-cert",
    "--otel-tls-key",
    "--iana-service-port-registry",
    "--default-service-registry",
    "--max-deep-sample",
    "--periods",
    "-b",
    "-H",
]


def test_every_option_of_the_original_is_there() -> None:
    flags = {flag for setting in declared() for flag in setting.metadata["flags"]}
    assert set(ORIGINAL) <= flags


def test_defaults_hold_where_nothing_is_said() -> None:
    assert merged({"port": None, "tls": False, "allow_host": ()}, {}) == DaemonSettings()


def test_the_command_line_wins_over_the_file() -> None:
    settings = merged({"port": 1, "host": None}, {"port": "2", "host": "::1"})
    assert (settings.port, settings.host) == (1, "::1")


def test_a_flag_the_file_sets_stays_set() -> None:
    assert merged({"admin_api": False}, {"admin_api": "true"}).admin_api


def test_a_flag_the_file_clears_can_be_given() -> None:
    assert merged({"verbose": True}, {"verbose": "no"}).verbose


@pytest.mark.parametrize("key", ["admin_api", "full_api"])
def test_both_names_of_the_full_api_are_keys(key: str) -> None:
    assert merged({}, {key: "yes"}).admin_api


def test_leading_zeros_change_no_number() -> None:
    assert merged({}, {"port": "0" * 5000 + "80"}).port == 80


def test_a_list_may_be_one_text() -> None:
    assert merged({}, {"allow_host": "a", "allow_path": ["/b", "/c"]}) == DaemonSettings(
        allow_host=("a",), allow_path=("/b", "/c")
    )


@pytest.mark.parametrize(
    ("in_file", "word"),
    [
        ({"nope": "1"}, "visor.config.nope: unknown key; allowed are"),
        ({"port": "99999"}, "visor.config.port: '99999': allowed is a number from 0 to 65535"),
        ({"port": "many"}, "visor.config.port"),
        ({"port": "-1"}, "visor.config.port"),
        ({"periods": "0"}, "from 1 to 10"),
        ({"port": "9" * 5000}, "visor.config.port: '9{58}…: allowed is a number from 0 to 65535$"),
        ({"tls": "perhaps"}, "neither true nor false"),
        ({"host": ["a"]}, "must be a single value"),
        ({"allow_host": {"a": "b"}}, "must be a text or a list"),
        ({"bpf": "udp"}, "unknown key"),
        ({"otel_interval": "0"}, "from 1 to 86400"),
    ],
)
def test_a_key_that_cannot_be_is_named(in_file: dict[str, Any], word: str) -> None:
    with pytest.raises(SettingError, match=word):
        merged({}, in_file)
