"""Push metrics to an OpenTelemetry collector, over HTTP, at an interval."""

from __future__ import annotations

import importlib.util
import logging
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from pktvisor.api.answers import exposed
from pktvisor.engine.runner import Busy
from pktvisor.exposition.otlp import otlp_request
from pktvisor.policies.errors import NotFound

if TYPE_CHECKING:
    from pktvisor.engine.agent import Agent
    from pktvisor.exposition.prometheus import Exposed

__all__ = ["Collector", "OtlpPush", "collector_of"]

_CONNECT_S, _ANSWER_S = 3.0, 10.0
_PACKAGE = "opentelemetry.proto"

_log = logging.getLogger("pktvisor.otlp")


@dataclass(frozen=True)
class Collector:
    """Where metrics go, and how often; `tls` carries the client's certificate."""

    url: str
    interval_s: int
    tls: ssl.SSLContext | None = None


def collector_of(
    host: str, port: int, path: str, interval_s: int, tls: tuple[str | None, str | None] | None
) -> Collector:
    """The collector of the `--otel-…` options; `tls` is certificate and key, None without TLS.

    Raises ValueError, naming the option, for what cannot work.
    """
    try:
        found = importlib.util.find_spec(_PACKAGE)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise ValueError(
            "--otel: the package opentelemetry-proto is not installed:"
            " pip install 'pktvisor-core[otlp]'"
        )
    name = f"[{host}]" if ":" in host else host
    url = f"{'http' if tls is None else 'https'}://{name}:{port}/{path.removeprefix('/')}"
    try:
        httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"--otel: {url} is no address: {error}") from None
    return Collector(url, interval_s, None if tls is None else _client_tls(*tls))


class OtlpPush:
    """The thread that pushes; `pushed` and `errors` count how it went.

    A push that fails is not repeated: the next one tells what is then. Policies whose handlers are
    busy are left out of it.
    """

    def __init__(self, agent: Agent, collector: Collector) -> None:
        self.pushed = 0
        self.errors = 0
        self._agent = agent
        self._collector = collector
        self._over = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="otlp", daemon=True)
        otlp_request({}, 0)  # import what it takes now, while we may read all modules

    def start(self) -> None:
        """Begin; the first push is due after one interval."""
        _log.info("pushing to %s every %s s", self._collector.url, self._collector.interval_s)
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for an answer."""
        self._over.set()

    def _run(self) -> None:
        tls = self._collector.tls
        timeout = httpx.Timeout(_ANSWER_S, connect=_CONNECT_S)
        with httpx.Client(verify=True if tls is None else tls, timeout=timeout) as client:
            due = time.monotonic()
            while True:
                # Never two at once, and none in a hurry to make up for those that took too long.
                due = max(due + self._collector.interval_s, time.monotonic())
                if self._over.wait(due - time.monotonic()):
                    return
                self._push(client)

    def _push(self, client: httpx.Client) -> None:
        try:
            data = otlp_request(self._told(), time.time_ns())
            if not data:
                return
            answer = client.post(
                self._collector.url,
                content=data,
                headers={"Content-Type": "application/x-protobuf"},
            )
            answer.raise_for_status()
        except Exception as error:  # whatever it is, the next push comes
            self.errors += 1
            if not self._failing:
                _log.warning("push to %s failed: %s", self._collector.url, _reason(error))
            self._failing = True
        else:
            self.pushed += 1
            if self._failing:
                _log.info("pushing to %s works again", self._collector.url)
            self._failing = False

    def _told(self) -> dict[str, list[Exposed]]:
        policies = {}
        for name in self._agent.policy_names():
            try:
                policies[name] = list(exposed([self._agent.snapshot(name)], {}, handlers=True))
            except (NotFound, Busy):
                continue
        return policies


def _client_tls(certificate: str | None, key: str | None) -> ssl.SSLContext:
    if certificate is None or key is None:
        raise ValueError("--otel-tls needs --otel-tls-cert and --otel-tls-key")
    context = ssl.create_default_context()
    for name in (certificate, key):
        if not Path(name).is_file():
            raise ValueError(f"--otel-tls: there is no file {name}")
    try:
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise ValueError(f"--otel-tls: {certificate} and {key} do not work: {error}") from None
    return context


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answered {error.response.status_code}"
    return " ".join(str(error).split()) or type(error).__name__
