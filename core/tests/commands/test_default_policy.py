"""What `pktvisord IFACE` stands for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pktvisor.batches import PacketBatch
from pktvisor.commands.default_policy import with_default_policy
from pktvisor.metrics import Bucket
from pktvisor.plugins import Plugins
from pktvisor.policies.errors import ConfigError
from pktvisor.streams import HandlerSpec, InputSpec


class Config:
    pass


class AnyBucket(Bucket):
    schema = "any"


def installed(*handlers: str, inputs: tuple[str, ...] = ("pcap",)) -> Plugins:
    plugins = Plugins(autoload=False)
    for name in inputs:
        plugins.inputs[name, "1.0"] = InputSpec(
            name=name, version="1.0", config=Config, factory="m:f", emits=PacketBatch
        )
    for name in handlers:
        plugins.handlers[name, "1.0"] = HandlerSpec(
            name=name,
            version="1.0",
            config=Config,
            bucket=AnyBucket,
            factory="m:f",
            accepts=(PacketBatch,),
        )
    return plugins


def document(plugins: Plugins, before: bytes | None = None, bpf: str = "") -> Any:
    return json.loads(with_default_policy(before, "eth0", bpf, plugins))["visor"]


def test_the_usual_handlers_that_are_installed_are_in_it_under_their_names() -> None:
    found = document(installed("dns", "flow", "pcap", "net"))
    modules = found["policies"]["default"]["handlers"]["modules"]
    assert list(modules.items()) == [
        ("net", {"type": "net"}),
        ("dns", {"type": "dns"}),
        ("pcap_stats", {"type": "pcap"}),
    ]


def test_the_tap_names_the_interface_and_the_policy_the_filter() -> None:
    found = document(installed("net"), bpf='port 53 or "x"')
    assert found["taps"]["default"] == {"input_type": "pcap", "config": {"iface": "eth0"}}
    assert found["policies"]["default"]["input"]["config"] == {"bpf": 'port 53 or "x"'}


def test_it_is_added_to_what_the_config_file_has() -> None:
    before = b"visor:\n  taps:\n    mine: {input_type: pcap, config: {iface: lo}}\n"
    found = document(installed("net"), before)
    assert set(found["taps"]) == {"mine", "default"}


@pytest.mark.parametrize("section", ["taps", "policies"])
def test_a_config_file_that_has_one_itself_is_refused(section: str) -> None:
    with pytest.raises(ConfigError, match=f"visor.{section}.default: .*IFACE"):
        document(installed("net"), f"visor: {{{section}: {{default: {{}}}}}}".encode())


def test_without_the_input_the_distribution_to_install_is_named() -> None:
    with pytest.raises(LookupError, match="install pktvisor-pcap"):
        document(installed("net", inputs=()))


def test_without_any_handler_what_to_install_is_named() -> None:
    with pytest.raises(LookupError, match="no handler of net, dhcp, dns, pcap"):
        document(installed("flow"))
