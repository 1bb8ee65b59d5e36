"""Plain modules in a folder are plugins too, if nobody else may write to them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pktvisor import Plugins
from pktvisor.plugins import PluginRecord

from .installing import handler_module, rest_works


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.path", list(sys.path))
    made = tmp_path / "modules"
    made.mkdir()
    return made


def loaded(folder: Path, name: str) -> PluginRecord:
    plugins = Plugins(module_dir=str(folder))
    rest_works(plugins)
    (record,) = [record for record in plugins.records if record.name == name]
    return record


def test_a_module_is_a_plugin_of_its_folder(folder: Path) -> None:
    (folder / "plain_one.py").write_text(handler_module("plain_one"))
    record = loaded(folder, "plain_one")
    assert (record.state, record.distribution) == ("active", str(folder))
    assert record.provides == ("handler plain_one 1.0",)


def test_a_package_may_have_its_factory_in_another_of_its_modules(folder: Path) -> None:
    package = folder / "packaged_one"
    package.mkdir()
    source = handler_module("packaged_one").replace("nowhere:", "packaged_one.counting:")
    (package / "__init__.py").write_text(source)
    (package / "counting.py").write_text("class Handler:\n    pass\n")
    plugins = Plugins(module_dir=str(folder))
    plugins.preload()
    assert plugins.handler("packaged_one").version == "1.0"


def test_names_with_an_underscore_in_front_are_left_out(folder: Path) -> None:
    (folder / "_shared.py").write_text("1 / 0\n")
    plugins = Plugins(module_dir=str(folder))
    assert [r for r in plugins.records if r.distribution == str(folder)] == []


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("broken_two.py", "1 / 0\n", "import failed: ZeroDivisionError: division by zero"),
        ("json.py", "", "its name is taken by "),
        ("pktvisor_net.py", "", "its name is taken by "),
        ("not-a-name.py", "", "'not-a-name' cannot be imported; allowed are letters, digits and _"),
    ],
)
def test_a_module_that_cannot_be_loaded_says_why(
    folder: Path, file: str, text: str, reason: str
) -> None:
    (folder / file).write_text(text)
    record = loaded(folder, file.removesuffix(".py"))
    assert record.state == "disabled"
    assert record.reason.startswith(reason)


def test_a_module_may_be_switched_off(folder: Path) -> None:
    (folder / "idle_two.py").write_text("1 / 0\n")
    plugins = Plugins(["idle_two"], module_dir=str(folder))
    assert [r.reason for r in plugins.records if r.name == "idle_two"] == ["switched off"]
    assert plugins.broken() == []


def test_without_autoloading_the_folder_alone_is_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PKTVISOR_DISABLE_PLUGIN_AUTOLOAD", "1")
    (folder / "alone.py").write_text(handler_module("alone"))
    assert list(Plugins(module_dir=str(folder)).handlers) == [("alone", "1.0")]


@pytest.mark.parametrize("mode", [0o757, 0o777])
def test_a_folder_everyone_may_write_to_is_refused(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    with pytest.raises(ValueError, match=r"modules may be written by everyone; only its owner may"):
        Plugins(module_dir=str(folder))


def test_a_folder_that_everyone_may_replace_is_refused(folder: Path) -> None:
    folder.parent.chmod(0o777)
    with pytest.raises(ValueError, match="may be written by everyone"):
        Plugins(module_dir=str(folder))
    folder.parent.chmod(0o1777)
    Plugins(module_dir=str(folder))


def test_a_module_everyone_may_write_to_is_not_imported(folder: Path) -> None:
    (folder / "open_one.py").write_text("1 / 0\n")
    (folder / "open_one.py").chmod(0o666)
    assert loaded(folder, "open_one").reason == f"{folder}/open_one.py may be written by everyone"


def test_a_folder_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="gone: there is no such folder"):
        Plugins(module_dir=str(folder / "gone"))


def test_a_name_that_is_not_there_to_be_disabled_is_warned_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Plugins(["zork"], autoload=False)
    assert "plugin 'zork' is not there to be disabled" in caplog.text
