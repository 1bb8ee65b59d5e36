"""A collector for tests: takes OTLP over HTTP and keeps what it was sent."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

__all__ = ["Received", "collector"]


class Received:
    """Where it listens, and the requests it took so far; `status` is what it answers."""

    def __init__(self) -> None:
        self.port = 0
        self.status = 200
        self.paths: list[str] = []
        self.requests: list[ExportMetricsServiceRequest] = []


@contextmanager
def collector(tls: tuple[Path, Path] | None = None, port: int = 0) -> Iterator[Received]:
    """A running collector; with TLS it wants a certificate of its clients, signed by its own."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/x-protobuf"
            received.paths.append(self.path)
            received.requests.append(ExportMetricsServiceRequest.FromString(body))
            self.send_response(received.status)
            self.end_headers()
            self.wfile.write(ExportMetricsServiceResponse().SerializeToString())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    received.port = server.server_address[1]
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        context.load_verify_locations(tls[0])
        context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
