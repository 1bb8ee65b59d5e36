"""Ask an agent for what the screens show: a typed client of the REST API."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

import httpx

from pktvisor.tui.descriptions import Descriptions, descriptions

__all__ = ["LIVE", "MOST_PERIODS", "AgentClient", "AgentError", "Endpoint"]

LIVE = 0
"""The window that is the live bucket alone."""

MOST_PERIODS = 10
"""No policy keeps more."""

_RANGE = re.compile(r"specify \[\d+, (\d+)\]")
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
_TIMEOUT_S = 5.0


class AgentError(Exception):
    """What went wrong with a request, in one line for the person at the terminal."""


@dataclass(frozen=True)
class Endpoint:
    """Where an agent listens, and how to be let in."""

    host: str = "localhost"
    port: int = 10853
    tls: bool = False
    verify: bool = True
    token: str | None = None

    @property
    def url(self) -> str:
        """The base address, an IPv6 literal in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


class AgentClient:
    """One agent over HTTP; every method raises AgentError with a line that says what to do."""

    def __init__(
        self, endpoint: Endpoint, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.endpoint = endpoint
        headers = {"Accept": "application/json"}
        if endpoint.token:
            headers["Authorization"] = f"Bearer {endpoint.token}"
        self._http = httpx.AsyncClient(
            base_url=endpoint.url,
            verify=endpoint.verify,
            headers=headers,
            timeout=_TIMEOUT_S,
            transport=transport,
        )
        self._kept: dict[str, int] = {}

    async def version(self) -> str:
        """The agent's version."""
        found = await self._get("/api/v1/metrics/app")
        return str(found.get("app", {}).get("version", "unknown"))

    async def policies(self) -> list[str]:
        """The names of the agent's policies."""
        return sorted(await self._get("/api/v1/policies"))

    async def metrics(self, policy: str, window: int) -> dict[str, dict[str, Any]]:
        """`{handler: {schema: metrics}}` of a policy: the live bucket, or `window` merged ones.

        An agent that keeps fewer periods is asked again for all it has; `granted` tells how many.
        """
        part = "bucket/0" if window == LIVE else f"window/{window}"
        path = f"{_policy_path(policy)}/metrics/{part}"
        response = await self._send(path)
        if response.status_code == httpx.codes.TOO_EARLY and window != LIVE:
            kept = _RANGE.search(response.text)
            if kept is not None and int(kept[1]) != window:
                self._kept[policy] = int(kept[1])
                return await self.metrics(policy, self.granted(policy, window))
        elif self._kept.get(policy, window) < window:
            del self._kept[policy]  # it keeps more than it did
        found = _decoded(response).get(policy)
        return found if isinstance(found, dict) else {}

    def granted(self, policy: str, window: int) -> int:
        """The window that was answered for when this one was asked for."""
        kept = self._kept.get(policy, window)
        return window if kept >= window else kept if kept > 1 else LIVE

    async def periods(self, policy: str) -> int:
        """How many periods a policy keeps, the live one among them."""
        await self.metrics(policy, MOST_PERIODS)
        return self._kept.get(policy, MOST_PERIODS)

    async def bucket(self, policy: str, number: int) -> dict[str, dict[str, Any]] | None:
        """One kept period, 0 the live one; None where there is none so old."""
        response = await self._send(f"{_policy_path(policy)}/metrics/bucket/{number}")
        if number and response.status_code != httpx.codes.OK:
            return None
        found = _decoded(response).get(policy)
        return found if isinstance(found, dict) else {}

    async def health(self) -> dict[str, Any]:
        """How the agent's inputs do, ready or not; `{}` from an agent that does not tell."""
        response = await self._send("/health")
        if response.status_code == httpx.codes.NOT_FOUND:
            return {}
        try:
            found = response.json()
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    async def descriptions(self) -> Descriptions:
        """What the agent says of its handlers' metrics, `{}` from one that does not tell."""
        response = await self._send("/api/v1/handlers")
        if response.status_code == httpx.codes.NOT_FOUND:
            return {}
        names = _decoded(response) or ()
        return descriptions(
            [await self._get(f"/api/v1/handlers/{quote(name, safe='')}") for name in names]
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _send(self, path: str) -> httpx.Response:
        try:
            try:
                return await self._http.get(path)
            except (httpx.RemoteProtocolError, httpx.ReadError):
                # An idle connection the agent was just closing: a new one may well work.
                return await self._http.get(path)
        except httpx.ConnectError as error:
            raise AgentError(self._unreachable(error)) from None
        except httpx.TimeoutException:
            raise AgentError(
                f"{self.endpoint.url} did not answer within {_TIMEOUT_S:g} s"
            ) from None
        except httpx.HTTPError as error:
            raise AgentError(f"{self.endpoint.url}: {error or type(error).__name__}") from None

    def _unreachable(self, error: httpx.ConnectError) -> str:
        """Why there is no connection: a certificate, or nobody there."""
        url = self.endpoint.url
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return f"nobody known vouches for the certificate of {url}; --tls-noverify takes it"
        if any(mark in str(error) for mark in _NO_TLS):
            return f"the agent at {url} speaks no TLS; leave out --tls and --tls-noverify"
        cause = _root(error)
        if isinstance(cause, OSError) and not isinstance(cause, ConnectionRefusedError):
            return f"no agent answers at {url}: {_system_reason(cause)}"
        return f"no agent answers at {url} (is pktvisord running?)"

    async def reason(self, policy: str, error: AgentError) -> str:
        """The error; for an unknown policy its name, and the ones there are."""
        if "policy" not in str(error):
            return str(error)
        try:
            names = await self.policies()
        except AgentError:
            return str(error)
        if not names:
            return "the agent has no policy yet; post one to /api/v1/policies or start it with --config"
        return f"no policy {policy!r}; the agent has: {', '.join(names)}"

    async def _get(self, path: str) -> Any:
        return _decoded(await self._send(path)) or {}


def _root(error: BaseException) -> BaseException:
    """What an error began with."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return error


def _system_reason(error: OSError) -> str:
    """Why, without numbers and addresses."""
    number = error.errno or 0  # below 0 of name resolution
    return os.strerror(number) if number > 0 else error.strerror or str(error)


def _policy_path(policy: str) -> str:
    return f"/api/v1/policies/{quote(policy, safe='')}"


def _decoded(response: httpx.Response) -> Any:
    """The JSON of a good answer."""
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise AgentError(
            "the agent refuses this token; give one with --token-file or PKTVISOR_TOKEN"
        )
    try:
        content = response.json()
    except ValueError:
        content = None
    if response.status_code != httpx.codes.OK:
        reason = content.get("error") if isinstance(content, dict) else None
        raise AgentError(str(reason or f"the agent answers {response.status_code}"))
    if not isinstance(content, dict | list | None):
        raise AgentError("the agent's answer is not what pktvisord sends")
    return content
