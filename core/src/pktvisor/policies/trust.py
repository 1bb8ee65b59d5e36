"""What a document that came over the network may reach: which files and addresses."""

from __future__ import annotations

import ipaddress
from dataclasses import Field, dataclass, fields
from pathlib import Path as FilePath
from typing import Any

from pktvisor.policies.errors import ConfigError, shown

__all__ = ["REACHES", "Trust"]

# The key of a config field's metadata that says what its value reaches: `path`, a file or socket
# in the file system, or `endpoint`, an address to listen on or to connect to, with or without
# a port behind a colon.
REACHES = "reaches"


@dataclass(frozen=True)
class Trust:
    """Folders and addresses that requests may name; `documents` are trusted altogether.

    A path must lie in one of `paths` after all symbolic links are followed; an address must be
    of the loopback or one of `addresses`.
    """

    paths: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    def check(self, config: type, values: dict[str, Any]) -> None:
        """Look at the values of a request that reach something. Raises ConfigError with the key."""
        for field in fields(config):
            if field.name in values:
                self._check_field(field, values[field.name])

    def _check_field(self, field: Field[Any], value: Any) -> None:
        reach = field.metadata.get(REACHES)
        if reach == "path" and not self._has_path(str(value)):
            raise ConfigError(
                f"path {shown(value)} may not be named by a request;"
                f" allowed are paths under {', '.join(self.paths) or 'no folder'} (--allow-path)",
                (field.name,),
            )
        if reach == "endpoint" and not self._has_address(str(value)):
            raise ConfigError(
                f"address {shown(value)} may not be named by a request; allowed are loopback"
                f" addresses and {', '.join(self.addresses) or 'no other'} (--allow-bind)",
                (field.name,),
            )

    def _has_path(self, text: str) -> bool:
        try:
            real = FilePath(text).resolve()
            allowed = [FilePath(folder).resolve() for folder in self.paths]
        except (OSError, ValueError, RuntimeError):
            return False
        return FilePath(text).is_absolute() and any(real.is_relative_to(root) for root in allowed)

    def _has_address(self, text: str) -> bool:
        host = _host(text)
        if host == "localhost" or host in self.addresses:
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


def _host(text: str) -> str:
    """The host of `host`, `host:port` or `[v6]:port`."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
