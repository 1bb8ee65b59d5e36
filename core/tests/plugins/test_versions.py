"""Versions are numbers: the lowest of a type is the one taken by default, everywhere."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pktvisor import Bucket, Counter, HandlerSpec, PacketBatch, Plugins
from pktvisor.hookspecs import hookimpl
from pktvisor.reflection import describe, overview


class Seen(Bucket):
    schema = "seen"
    total = Counter("total", "Packets")


@pytest.fixture
def plugins() -> Plugins:
    specs = [
        HandlerSpec(
            name="seen", version=version, bucket=Seen, factory="x:y", accepts=(PacketBatch,)
        )
        for version in ("10.0", "2.0", "2.10", "2.9")
    ]
    plugin = SimpleNamespace(
        __name__="seen",
        pktvisor_handlers=hookimpl(specname="pktvisor_handlers")(lambda: specs),
    )
    found = Plugins(autoload=False)
    found.register(plugin, "seen")
    return found


def test_a_policy_that_asks_for_none_gets_the_lowest(plugins: Plugins) -> None:
    assert plugins.handler("seen").version == "2.0"
    assert [spec.version for spec in plugins.handlers_for(PacketBatch)] == ["2.0"]


def test_what_is_said_of_types_has_the_lowest_first(plugins: Plugins) -> None:
    in_order = ["2.0", "2.9", "2.10", "10.0"]
    assert overview(plugins, "handler")["seen"]["versions"] == in_order
    assert overview(plugins, "handler")["seen"]["default_version"] == "2.0"
    assert list(describe(plugins, "handler", "seen")["versions"]) == in_order
    assert describe(plugins, "handler", "seen")["default_version"] == "2.0"


def test_a_version_that_is_not_there_is_answered_with_those_that_are(plugins: Plugins) -> None:
    with pytest.raises(LookupError, match=r"installed are: 2\.0, 2\.9, 2\.10, 10\.0"):
        plugins.handler("seen", "3.0")
