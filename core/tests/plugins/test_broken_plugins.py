"""A plugin that is broken is disabled with the reason; the rest works."""

from __future__ import annotations

import pytest

from pktvisor import Engine, Plugins

from .installing import Site, handler_module, rest_works


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("raises", "1 / 0\n", "import failed: ZeroDivisionError: division by zero"),
        ("missing", "import no_such_module\n", "import failed: ModuleNotFoundError: "),
        ("garbled", "def (:\n", "import failed: SyntaxError: "),
        ("exits", "raise SystemExit(3)\n", "import failed: SystemExit: 3"),
        (
            "bad_name",
            handler_module("Bad-Name"),
            "ValueError: handler name 'Bad-Name': allowed are",
        ),
        (
            "taken",
            handler_module("net"),
            "ValueError: handler net 1.0 is declared already by plugin 'net_handler' of pktvisor-net 0",
        ),
        (
            "too_new",
            handler_module("too_new", api_version=99),
            "ValueError: too_new is written for plugin API 99; this is 1",
        ),
        (
            "misspelt",
            "from pktvisor import hookimpl\n@hookimpl\ndef pktvisor_handler():\n    return ()\n",
            "ValueError: unknown hook pktvisor_handler",
        ),
        (
            "odd_yield",
            "from pktvisor import hookimpl\n@hookimpl\ndef pktvisor_inputs():\n    yield 7\n",
            "ValueError: pktvisor_inputs yielded 7; allowed is InputSpec",
        ),
        (
            "raising_hook",
            "from pktvisor import hookimpl\n@hookimpl\ndef pktvisor_inputs():\n    raise OSError('x')\n",
            "OSError: x",
        ),
        (
            "not_iterable",
            "from pktvisor import hookimpl\n@hookimpl\ndef pktvisor_inputs():\n    return 7\n",
            "TypeError: ",
        ),
    ],
)
def test_the_record_says_what_was_wrong(site: Site, module: str, source: str, reason: str) -> None:
    record = site.plugin(module, source)
    assert record.state == "disabled"
    assert record.reason.startswith(reason)
    assert str(record).startswith(
        f"plugin {module!r} of dist-{module.replace('_', '-')} 2.5: disabled: "
    )


def test_nothing_of_a_broken_plugin_is_taken_over(site: Site) -> None:
    """A good spec before a bad one goes with it: half a plugin is worse than none."""
    good = handler_module("half")
    bad = good + good.partition("def pktvisor_handlers():\n")[2].replace("'half'", "'net'")
    record = site.plugin("half_good", bad)
    assert record.state == "disabled"
    with pytest.raises(LookupError, match="no handler 'half' is installed"):
        Plugins().handler("half")


def test_an_object_that_is_not_there_is_named(site: Site) -> None:
    site.install("dist", "[pktvisor.plugins]\ngone = hollow:gone\n", hollow="")
    assert "has no attribute 'gone'" in site.record("gone").reason


def test_a_plugin_switched_off_is_not_imported_and_not_called_broken(site: Site) -> None:
    site.install("dist", "[pktvisor.plugins]\nidle = idle_one\n", idle_one="1 / 0\n")
    plugins = Plugins(disabled=["idle"])
    rest_works(plugins)
    (record,) = [record for record in plugins.records if record.name == "idle"]
    assert (record.state, record.reason) == ("disabled", "switched off")
    assert record not in plugins.broken()


def test_autoloading_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PKTVISOR_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = Plugins()
    assert (plugins.records, plugins.inputs, plugins.handlers) == ([], {}, {})


def test_a_broken_plugin_is_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.plugin("logged", "1 / 0\n")
    assert "plugin 'logged' of dist-logged 2.5: disabled: import failed" in caplog.text


def test_a_plugin_whose_factory_is_not_there_is_disabled_when_factories_are_loaded(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.plugin("hollow_two", handler_module("hollow_two"))
    plugins = Plugins()
    assert plugins.handler("hollow_two").version == "1.0"
    plugins.preload()
    rest_works(plugins)
    (record,) = plugins.broken()
    assert record.reason == (
        "handler hollow_two 1.0: ModuleNotFoundError: No module named 'nowhere'"
    )
    assert record.provides == ()
    assert str(record) in caplog.text
    with pytest.raises(LookupError, match="no handler 'hollow_two' is installed"):
        plugins.handler("hollow_two")


def test_a_plugin_that_cannot_be_made_refuses_the_policy_and_nothing_else(site: Site) -> None:
    site.plugin("hollow_three", handler_module("hollow_three"))
    with Engine() as engine:
        engine.add_tap("t", "mock")
        engine.add_policy("good", "t", ["net"])
        with pytest.raises(ValueError, match="handler 'hollow_three' failed to start: ModuleNotF"):
            engine.add_policy("bad", "t", ["net", "hollow_three"])
        assert list(engine.snapshot("good").handlers) == ["net"]
        with pytest.raises(LookupError, match="no policy 'bad'"):
            engine.snapshot("bad")
