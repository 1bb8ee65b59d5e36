"""Plain modules in a folder are plugins too, if nobody else may write to them."""

from __future__ import annotations

import os
import subprocess
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


@pytest.mark.parametrize("mode", [0o757, 0o777, 0o1777])
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


@pytest.mark.parametrize(
    "open_one",
    [
        "plugin_one.py",
        "_helper.py",
        "helper.abi3.so",
        "package/helper.py",
        "without_init/deep/helper.py",
        "package/__pycache__/helper.cpython-311.pyc",
    ],
)
def test_nothing_that_can_be_imported_may_be_written_by_everyone(
    folder: Path, open_one: str
) -> None:
    (folder / "plugin_one.py").write_text("1 / 0\n")
    file = folder / open_one
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    file.chmod(0o666)
    with pytest.raises(ValueError, match=f"{file} may be written by everyone") as refused:
        Plugins(module_dir=str(folder))
    assert "\n" not in str(refused.value)
    assert str(folder) not in sys.path


@pytest.mark.parametrize("place", ["package", "without_init/deep", "package/__pycache__"])
def test_no_folder_in_it_may_be_written_by_everyone_not_even_a_sticky_one(
    folder: Path, place: str
) -> None:
    (folder / place).mkdir(parents=True)
    (folder / place).chmod(0o1777)
    with pytest.raises(ValueError, match=f"{folder / place} may be written by everyone"):
        Plugins(module_dir=str(folder))


def test_what_no_import_looks_at_may_be_anyones(folder: Path) -> None:
    (folder / "notes.txt").write_text("")
    (folder / "notes.txt").chmod(0o666)
    Plugins(module_dir=str(folder))


def test_links_in_the_folder_are_held_to_the_same(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "package").mkdir(parents=True)
    (elsewhere / "package" / "helper.py").write_text("")
    (folder / "package").symlink_to(elsewhere / "package")
    (folder / "package" / "round").symlink_to(folder)
    Plugins(module_dir=str(folder))
    elsewhere.chmod(0o777)
    with pytest.raises(ValueError, match=f"{elsewhere} may be written by everyone"):
        Plugins(module_dir=str(folder))
    elsewhere.chmod(0o755)
    (elsewhere / "package" / "helper.py").chmod(0o666)
    with pytest.raises(ValueError, match=r"helper\.py may be written by everyone"):
        Plugins(module_dir=str(folder))


@pytest.mark.parametrize("name", ["dangling.py", "_helper.py", "round.py"])
def test_a_link_that_leads_to_nothing_is_named(folder: Path, name: str) -> None:
    (folder / name).symlink_to(folder / (name if name == "round.py" else "gone.py"))
    with pytest.raises(ValueError, match=f"modules: {folder}/{name} leads to nothing$"):
        Plugins(module_dir=str(folder))


def test_a_folder_behind_a_link_is_imported_from_where_it_is(folder: Path) -> None:
    (folder / "linked_one.py").write_text(handler_module("linked_one"))
    link = folder.parent / "link"
    link.symlink_to(folder)
    plugins = Plugins(module_dir=str(link))
    assert plugins.handler("linked_one").version == "1.0"
    assert str(folder) in sys.path
    assert str(link) not in sys.path


def test_a_link_that_everyone_may_replace_is_refused(folder: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "link").symlink_to(folder)
    shared.chmod(0o777)
    with pytest.raises(ValueError, match=f"{shared} may be written by everyone"):
        Plugins(module_dir=str(shared / "link"))


def test_a_folder_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="gone: there is no such folder"):
        Plugins(module_dir=str(folder / "gone"))


def test_a_name_that_is_not_there_to_be_disabled_is_warned_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Plugins(["zork"], autoload=False)
    assert "plugin 'zork' is not there to be disabled" in caplog.text


def test_a_folder_is_looked_through_however_deep_it_is(folder: Path) -> None:
    deep = sys.getrecursionlimit() + 100
    (folder / "plain_deep.py").write_text(handler_module("plain_deep"))
    try:
        here = os.open(folder, os.O_RDONLY)
        for _ in range(deep):  # a path of this length can be made step by step only
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(here)
        assert loaded(folder, "plain_deep").state == "active"
    finally:  # by what does not recurse, as pytest does when it clears away
        subprocess.run(["rm", "-rf", str(folder / "d")], check=True)
