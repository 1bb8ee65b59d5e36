"""Plugins are found by entry point; what is malformed is reported and hides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pktvisor import Plugins
from pktvisor.discovery import find_plugins

from .installing import Site, handler_module, rest_works

INSIDE = """
class inside:
    pktvisor_handlers = staticmethod(pktvisor_handlers)
"""


def test_a_plugin_is_found_with_its_distribution_and_version(site: Site) -> None:
    record = site.plugin("found_one", handler_module("found"))
    assert (record.state, record.reason) == ("active", "")
    assert (record.distribution, record.version) == ("dist-found-one", "2.5")
    assert record.provides == ("handler found 1.0",)


def test_an_entry_point_may_name_an_object_in_a_module(site: Site) -> None:
    source = handler_module("inner") + INSIDE
    site.install("dist", "[pktvisor.plugins]\nobject_one = object_one:inside\n", object_one=source)
    assert site.record("object_one").reason == ""


@pytest.mark.parametrize(
    "text",
    [
        b"[pktvisor.plugins\nx = y\n",
        b"x = y\n",
        b"[pktvisor.plugins]\nx = y\nx = z\n",
        b"[console_scripts]\nno delimiter here\n",
        b"\xff\xfe\x00[",
    ],
    ids=["open section", "no section", "twice", "no value", "not text"],
)
def test_a_malformed_file_of_a_foreign_distribution_is_reported_and_hides_nothing(
    site: Site, text: bytes
) -> None:
    site.install("foreign_thing", text)
    plugins = Plugins()
    rest_works(plugins)
    (record,) = plugins.broken()
    assert (record.distribution, record.version) == ("foreign-thing", "2.5")
    assert record.reason.startswith("entry_points.txt cannot be read: ")
    assert "\n" not in str(record)


def test_what_is_no_entry_point_is_reported_by_its_name(site: Site) -> None:
    site.install("odd", "[pktvisor.plugins]\nodd_one = not a module!\n")
    assert site.record("odd_one").reason == "not an entry point: 'not a module!'"


def test_other_groups_are_nobodys_business(site: Site) -> None:
    site.install("other", "[console_scripts]\nother = other:main\n")
    assert [found for found in find_plugins() if found.distribution == "other"] == []


def test_a_distribution_on_the_path_twice_counts_once(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one on the path is the one that gets imported; names are compared normalised."""
    site.install("Some.Thing", "[pktvisor.plugins]\nfirst = first\n")
    second = tmp_path / "second"
    second.mkdir()
    monkeypatch.setattr("sys.path", [str(site.folder), str(second)])
    Site(second, monkeypatch).install("some_thing", "[pktvisor.plugins]\nother = other\n")
    monkeypatch.setattr("sys.path", [str(site.folder), str(second)])
    assert [found.name for found in find_plugins()] == ["first"]


@pytest.mark.parametrize("folder", ["", "."])
def test_the_current_directory_offers_no_plugins(
    site: Site, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """Python puts it on the path; what lies where a command was started must not run."""
    site.install("here", "[pktvisor.plugins]\nhere = here\n")
    monkeypatch.chdir(site.folder)
    assert list(find_plugins([folder])) == []
    assert list(find_plugins([str(site.folder)])) == []


def test_a_folder_on_the_path_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    assert list(find_plugins([str(tmp_path / "gone"), str(tmp_path)])) == []


def test_finding_imports_nothing(site: Site) -> None:
    site.install("lazy", "[pktvisor.plugins]\nlazy = lazy\n", lazy="raise RuntimeError\n")
    (found,) = [found for found in find_plugins() if found.distribution == "lazy"]
    assert (found.target, found.reason) == ("lazy", "")
