"""The shapes of answers, for the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any

from litestar.params import PathParameter
from typing_extensions import TypedDict

__all__ = [
    "AnyPolicy",
    "AppBody",
    "Empty",
    "Handlers",
    "Name",
    "Number",
    "PolicyInfo",
    "RatesBody",
    "Schemas",
    "TapInfo",
    "Type",
]

Number = Annotated[int, PathParameter(description="0 is the live period")]
Name = Annotated[str, PathParameter(description="a name as it was given")]
AnyPolicy = Annotated[str, PathParameter(description="a policy, or __all for every one")]
Type = Annotated[str, PathParameter(description="an input or handler type that is installed")]

# Metrics by schema, as the JSON schema of each handler's metrics describes them.
Schemas = dict[str, Any]
Handlers = dict[str, Schemas]


class Empty(TypedDict):
    """Nothing to say."""


class AppInfo(TypedDict):
    """The agent itself."""

    version: str
    up_time_min: float


class AppBody(TypedDict):
    """The agent itself."""

    app: AppInfo


# Always 0: the live rates are in bucket 0.
InOutBody = TypedDict("InOutBody", {"in": int, "out": int})


class RatesBody(TypedDict):
    """A route older clients ask for."""

    packets: InOutBody
    warning: str


class TapInfo(TypedDict):
    """A tap as it was configured."""

    config: dict[str, Any] | None
    input_type: str
    interface: str
    tags: dict[str, Any] | None


class _AtWork(TypedDict):
    input: dict[str, Any]
    modules: dict[str, Any]


# Not NotRequired: annotations here are text when the class is made, so it would not be seen.
class PolicyInfo(_AtWork, total=False):
    """A policy at work: its input streams and its handlers, and its taps that are still there."""

    taps: dict[str, TapInfo]
