"""`pktvisor describe` and `pktvisor plugins list`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pktvisor import Plugins
from pktvisor.commands.daemon import StartError
from pktvisor.commands.daemon import run as daemon
from pktvisor.commands.pktvisor import main
from pktvisor.exposition.type_text import type_text
from pktvisor.reflection import describe


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize(("kind", "name"), [("handler", "dns"), ("input", "pcap")])
def test_describe_prints_what_the_api_answers(kind: str, name: str) -> None:
    done = run("describe", kind, name, "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == describe(Plugins(), kind, name)  # type: ignore[arg-type]


def test_describe_prints_text_for_people() -> None:
    done = run("describe", "handler", "net")
    assert done.stdout == type_text(describe(Plugins(), "handler", "net"), 80) + "\n"


def test_an_unknown_type_is_one_line_with_those_there_are() -> None:
    done = run("describe", "input", "carrots")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr == ("pktvisor: no input 'carrots' is installed; installed are: mock, pcap\n")


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    done = run("describe", "tap", "pcap")
    assert done.exit_code == 2
    for kind in ("input", "handler", "sink"):
        assert kind in done.stderr


@pytest.fixture(autouse=True)
def own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", list(sys.path))


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "broken_one.py").write_text("1 / 0\n")
    return folder


def test_plugins_are_listed_with_what_they_offer_and_why_they_are_off(modules: Path) -> None:
    done = run("plugins", "list", "--module-dir", str(modules))
    assert done.exit_code == 0
    assert (
        "plugin 'net_handler' of pktvisor-net 0.1.0: active\n    handler net 1.0\n" in done.stdout
    )
    reason = "disabled: import failed: ZeroDivisionError: division by zero"
    assert f"plugin 'broken_one' of {modules}: {reason}\n" in done.stdout


def test_plugins_are_listed_as_json(modules: Path) -> None:
    done = run("plugins", "list", "--json", "--module-dir", str(modules))
    listed = {record["name"]: record for record in json.loads(done.stdout)}
    assert listed["broken_one"] == {
        "name": "broken_one",
        "distribution": str(modules),
        "version": "",
        "state": "disabled",
        "reason": "import failed: ZeroDivisionError: division by zero",
        "provides": [],
    }
    assert listed["net_handler"]["version"] == "0.1.0"
    assert listed["net_handler"]["provides"] == ["handler net 1.0", "handler net 2.0"]


def test_a_module_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run("plugins", "list", "--module-dir", str(tmp_path / "gone"))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"pktvisor: module folder {tmp_path}/gone: there is no such folder\n"


def with_module(tmp_path: Path, name: str, factory: str) -> Path:
    """A configuration that uses a handler from the module folder it names."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / f"{name}.py").write_text(
        "from pktvisor import Bucket, Counter, HandlerSpec, PacketBatch, hookimpl\n"
        "class Seen(Bucket):\n"
        "    schema = 'seen'\n"
        "    total = Counter('total', 'Packets')\n"
        "@hookimpl\n"
        "def pktvisor_handlers():\n"
        f"    yield HandlerSpec(name='{name}', version='1.0', bucket=Seen,\n"
        f"                      factory='{factory}', accepts=(PacketBatch,))\n"
    )
    file = tmp_path / "policy.yaml"
    file.write_text(
        "visor:\n"
        f"  config: {{module_dir: {folder}}}\n"
        "  taps: {m: {input_type: mock}}\n"
        "  policies:\n"
        "    p:\n"
        "      kind: collection\n"
        "      input: {tap: m, input_type: mock}\n"
        f"      handlers: {{modules: {{x: {{type: {name}}}}}}}\n"
    )
    return file


def test_validate_knows_the_plugins_of_the_module_folder_in_the_file(tmp_path: Path) -> None:
    file = with_module(tmp_path, "folder_only", "folder_only:Seen")
    assert run("validate", str(file)).exit_code == 0
    file.write_text(file.read_text().replace("config:", "config: {verbose: true} #"))
    refused = run("validate", str(file))
    assert refused.exit_code == 1
    assert "folder_only" in refused.stderr


def test_validate_refuses_a_handler_whose_code_cannot_be_imported(tmp_path: Path) -> None:
    refused = run("validate", str(with_module(tmp_path, "unusable_only", "nowhere:Handler")))
    assert refused.exit_code == 1
    assert "no handler 'unusable_only' is installed" in refused.stderr


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("{otel: true, otel_tls: true}", "visor.config.otel: --otel-tls needs --otel-tls-cert"),
        ("{otel: false, port: many}", "visor.config.port: 'many': allowed is a number"),
        ("{tls: true}", "visor.config.tls: --tls needs --tls-cert and --tls-key"),
        ("{geo_city: /no/such}", "visor.config.geo_city: --geo-city /no/such: cannot be read"),
        ("{default_geo_asn: /no}", "visor.config.default_geo_asn: --default-geo-asn /no: cannot"),
        ("{host: 0.0.0.0, full_api: true}", "visor.config.full_api: .*needs a token"),
    ],
)
def test_validate_refuses_the_settings_pktvisord_refuses(
    tmp_path: Path, config: str, reason: str
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(f"visor:\n  config: {config}\n")
    done = run("validate", str(file))
    assert done.exit_code == 1
    assert re.search(f"{re.escape(str(file))}:2: {reason}", done.stderr)
    with pytest.raises(StartError, match=reason) as refused:
        daemon(None, {"config": str(file)})
    assert not refused.value.wrong_option


def test_an_option_may_add_what_the_file_lacks_and_is_wrong_itself(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("visor: {config: {tls: true}}\n")
    given = {"config": str(file), "tls_cert": "/no/cert", "tls_key": "/no/key"}
    with pytest.raises(StartError, match="TLS: there is no file /no/cert"):
        daemon(None, given)
    for options, reason in (
        ({"tls": True}, "--tls needs"),
        ({"host_spec": "1.2.3/9"}, "-H: '1.2.3/9' is not an address"),
        ({"geo_asn": "/no/such"}, "--geo-asn /no/such: cannot be read"),
    ):
        with pytest.raises(StartError, match=reason) as refused:
            daemon("lo", options)
        assert refused.value.wrong_option


def test_validate_names_a_module_folder_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(f"visor: {{config: {{module_dir: {tmp_path}/gone}}}}\n")
    done = run("validate", str(file))
    assert done.exit_code == 1
    assert done.stderr == f"pktvisor: module folder {tmp_path}/gone: there is no such folder\n"
