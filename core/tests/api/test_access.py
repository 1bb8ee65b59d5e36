"""Who may use the API, before any route is reached."""

from __future__ import annotations

import pytest

from pktvisor.api.access import Access, is_loopback

READ_ONLY = Access.listening(["localhost"], [], writes=False, token=None)
OPEN = Access.listening(["localhost"], [], writes=True, token=None)
WITH_TOKEN = Access.listening(["192.0.2.1"], [], writes=True, token="s3cret")


def refusal(access: Access, method: str = "GET", **headers: str) -> int | None:
    found = {"host": "localhost:10853", **headers}
    encoded = {name.replace("_", "-").encode(): text.encode() for name, text in found.items()}
    refused = access.refusal(method, encoded)
    return None if refused is None else refused[0]


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:10853", "LOCALHOST:1", "127.0.0.1:10853", "[::1]:10853", "localhost."],
)
def test_a_loopback_server_is_known_by_its_usual_names(host: str) -> None:
    assert refusal(READ_ONLY, host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:10853",
        "localhost.evil.example",
        "localhost@evil.example",
        "127.0.0.1.nip.example",
        "192.0.2.1",
        "",
        "localhost:10853:80",
        "localhost/",
        "[localhost",
    ],
)
def test_a_name_that_is_not_ours_is_misdirected(host: str) -> None:
    assert refusal(READ_ONLY, host=host) == 421


def test_a_further_host_is_known_once_allowed() -> None:
    access = Access.listening(["localhost"], ["Agent.Example"], writes=False, token=None)
    assert refusal(access, host="agent.example:443") is None


def test_an_off_loopback_server_is_not_known_as_localhost() -> None:
    assert refusal(WITH_TOKEN, host="localhost") == 421


def test_a_wildcard_server_is_known_by_the_address_a_connection_came_in_at() -> None:
    access = Access.listening(["0.0.0.0"], [], writes=False, token=None)
    assert access.knows("198.51.100.7:10853", "198.51.100.7")
    assert not access.knows("198.51.100.8:10853", "198.51.100.7")


def test_a_star_allows_every_host() -> None:
    access = Access.listening(["localhost"], ["*"], writes=False, token=None)
    assert refusal(access, host="any.example") is None


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:8080", "http://localhost"]
)
def test_a_page_of_another_origin_is_refused(method: str, origin: str) -> None:
    assert refusal(OPEN, method, origin=origin) == 403


def test_our_own_page_may_read_and_write() -> None:
    assert refusal(OPEN, "POST", origin="http://localhost:10853") is None


def test_our_own_page_behind_a_tls_proxy_may_write() -> None:
    assert refusal(OPEN, "POST", origin="https://localhost:10853") is None


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic s3cret", "s3cret", ""])
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_a_write_without_the_token_is_unauthorized(method: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    assert refusal(WITH_TOKEN, method, host="192.0.2.1", **headers) == 401


def test_a_write_with_the_token_is_let_through() -> None:
    assert refusal(WITH_TOKEN, "POST", host="192.0.2.1", authorization="Bearer s3cret") is None


def test_a_read_needs_no_token() -> None:
    assert refusal(WITH_TOKEN, host="192.0.2.1") is None


def test_the_token_is_not_shown_when_access_is_printed() -> None:
    assert "s3cret" not in repr(WITH_TOKEN)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("myhost", False),
    ],
)
def test_only_loopback_addresses_are_local(host: str, local: bool) -> None:
    assert is_loopback(host) is local
