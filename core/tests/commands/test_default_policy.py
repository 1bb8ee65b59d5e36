"""What `pktvisord IFACE` stands for."""

from __future__ import annotations

import pytest

from pktvisor.batches import PacketBatch
from pktvisor.commands.default_policy import with_default_policy
from pktvisor.metrics import Bucket
from pktvisor.plugins import Plugins
from pktvisor.policies.document import Document, parse_document
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


def document(plugins: Plugins, before: bytes = b"visor: {}", bpf: str = "") -> Document:
    return with_default_policy(parse_document(before), "eth0", bpf, plugins)


def test_the_usual_handlers_that_are_installed_are_in_it_under_their_names() -> None:
    found = document(installed("dns", "flow", "pcap", "net"))
    modules = found.policies["default"].handlers.modules
    assert [(name, module.type) for name, module in modules.items()] == [
        ("net", "net"),
        ("dns", "dns"),
        ("pcap_stats", "pcap"),
    ]


def test_the_tap_names_the_interface_and_the_policy_the_filter() -> None:
    found = document(installed("net"), bpf='port 53 or "x"')
    tap = found.taps["default"]
    assert (tap.input_type, tap.config) == ("pcap", {"iface": "eth0"})
    assert found.policies["default"].input.config == {"bpf": 'port 53 or "x"'}


def test_it_is_added_to_what_the_config_file_has() -> None:
    before = b"visor:\n  taps:\n    mine: {input_type: pcap, config: {iface: lo}}\n"
    found = document(installed("net"), before)
    assert set(found.taps) == {"mine", "default"}
    assert found.loaded.line(("visor", "taps", "mine")) == 3


@pytest.mark.parametrize(
    ("section", "own"),
    [
        ("taps", "{input_type: pcap}"),
        (
            "policies",
            "{kind: collection, input: {tap: t, input_type: pcap}, handlers: {modules: {m: {type: net}}}}",
        ),
    ],
)
def test_a_config_file_that_has_one_itself_is_refused(section: str, own: str) -> None:
    with pytest.raises(ConfigError, match=rf"visor\.{section}\.default: .*IFACE"):
        document(installed("net"), f"visor: {{{section}: {{default: {own}}}}}".encode())


def test_without_the_input_the_distribution_to_install_is_named() -> None:
    with pytest.raises(LookupError, match="install pktvisor-pcap"):
        document(installed("net", inputs=()))


def test_without_any_handler_what_to_install_is_named() -> None:
    with pytest.raises(LookupError, match="no handler of net, dhcp, dns, pcap"):
        document(installed("flow"))
