"""The type table: what the scalars of a configuration mean, and a name for its content."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from pktvisor.policies.errors import ConfigError, shown

__all__ = [
    "DEFAULT_POLICY",
    "NAME",
    "Value",
    "check_name",
    "config_hash",
    "kind_of",
    "typed_map",
    "typed_scalar",
]

Value = bool | int | str | list[str] | dict[str, Any]

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]*\Z")
_MAX_NAME = 128

# The policy that IFACE makes, and that routes without a policy are about.
DEFAULT_POLICY = "default"

_DIGITS = re.compile(r"[0-9]+\Z")
_MAX_INTEGER = 2**64 - 1


def check_name(name: str) -> str:
    """The name of a tap, policy or handler, if it is one."""
    if len(name) > _MAX_NAME or not NAME.match(name):
        raise ConfigError(
            f"invalid name {shown(name)}; allowed are up to {_MAX_NAME} letters, digits, _ and -,"
            " a letter or _ first"
        )
    return name


def kind_of(value: Any) -> str:
    """What a loaded value is, for an error text."""
    kinds = {dict: "a map", list: "a list", str: "a scalar", bool: "a boolean", int: "an integer"}
    return kinds[type(value)]


def typed_map(value: Any) -> dict[str, Value]:
    """A map of a configuration with its types: digits are an integer, true and false a boolean.

    All else stays text; so do the items of a list. Raises ConfigError with the key.
    """
    if not isinstance(value, dict):
        raise ConfigError(f"must be a map, not {kind_of(value)}")
    result: dict[str, Value] = {}
    for key, item in value.items():
        try:
            if isinstance(item, dict):
                result[key] = typed_map(item)
            elif isinstance(item, list):
                result[key] = [_scalar_item(part, index) for index, part in enumerate(item)]
            else:
                result[key] = typed_scalar(item)
        except ConfigError as error:
            raise error.under((key,)) from None
    return result


def typed_scalar(text: str) -> bool | int | str:
    """One scalar with its type."""
    if _DIGITS.match(text):
        digits = text.lstrip("0") or "0"
        if len(digits) > 20 or int(digits) > _MAX_INTEGER:
            raise ConfigError(f"{shown(text)} is too large; allowed is up to {_MAX_INTEGER}")
        return int(digits)
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text


def config_hash(config: Mapping[str, Value]) -> str:
    """16 hexadecimal digits that are the same for equal configurations, in whatever order."""
    text = json.dumps(config, sort_keys=True, default=list)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _scalar_item(item: Any, index: int) -> str:
    if not isinstance(item, str):
        raise ConfigError(f"a list holds scalars only, not {kind_of(item)}", (index,))
    return item
