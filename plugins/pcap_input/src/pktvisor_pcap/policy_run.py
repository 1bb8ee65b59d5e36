"""What `pktvisor-pcap --config` does: a configuration's policies over one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pktvisor.policies.document import parse_document
from pktvisor.policies.errors import ConfigError
from pktvisor.policy_summary import summarize_policies
from pktvisor.snapshot import Snapshot

__all__ = ["run_policies"]


def run_policies(config: str, file: str, **options: Any) -> list[Snapshot]:
    """One snapshot a policy; `options` are those of `summarize_policies`.

    Warnings go to standard error. Raises ValueError or OSError with one line that names the
    configuration, and the line and key in it.
    """
    document = None
    try:
        text = Path(config).read_bytes()
    except OSError as error:
        raise ValueError(f"{config}: cannot be read: {error.strerror}") from None
    try:
        document = parse_document(text)
        for warning in document.warnings:
            click.echo(f"pktvisor-pcap: {config}: {warning}", err=True)
        return summarize_policies(document, file, **options)
    except ConfigError as error:
        line = document.loaded.line(error.path) if document and error.path else error.line
        place = f"{config}:{line}" if line else config
        raise ValueError(f"{place}: {error}") from None
