"""Where the daemon's log goes: a terminal in colour, plain lines, a file or syslog."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from pathlib import Path

__all__ = ["start_logging"]

_LINE = "%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s: %(message)s"
_TIME = "%Y-%m-%d %H:%M:%S"


def start_logging(*, verbose: bool, log_file: str | None = None, syslog: bool = False) -> None:
    """Send all log records to one place. Raises OSError, naming the option, when that fails."""
    try:
        handler = _handler(log_file, syslog)
    except OSError as error:
        option = f"--log-file {log_file}" if log_file is not None else "--syslog"
        raise OSError(f"{option}: {error.strerror or error}") from None
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("pktvisor").setLevel(logging.DEBUG if verbose else logging.INFO)
    # What uvicorn says at level info is said by the daemon in its own words.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _handler(log_file: str | None, syslog: bool) -> logging.Handler:
    if log_file is not None:
        return _plain(logging.handlers.WatchedFileHandler(Path(log_file), encoding="utf-8"))
    if syslog:
        address = "/dev/log"
        facility = logging.handlers.SysLogHandler.LOG_DAEMON
        target = logging.handlers.SysLogHandler(address, facility)
        target.ident = "pktvisord: "
        target.setFormatter(logging.Formatter("%(name)s: %(levelname)s: %(message)s"))
        return target
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.logging import RichHandler

        return RichHandler(console=Console(stderr=True), show_path=False, markup=False)
    return _plain(logging.StreamHandler(sys.stderr))


def _plain(handler: logging.Handler) -> logging.Handler:
    handler.setFormatter(logging.Formatter(_LINE, _TIME))
    return handler
