"""Bad configurations: each is refused with its place and the reason, and nothing is left of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from click.testing import CliRunner

from pktvisor.commands import pktvisor as command
from pktvisor.engine.agent import Agent
from pktvisor.plugins import Plugins
from pktvisor.policies.errors import ConfigError

GOOD = """
version: "1.0"
visor:
  taps:
    t: {input_type: wire, config: {packets: 3}, tags: {env: test, n: 1}}
  policies:
    first:
      kind: collection
      input: {tap: t, input_type: wire}
      handlers: {modules: {m: {type: tally}}}
"""


def tap(text: str) -> str:
    """A document with a good policy and one more tap."""
    return GOOD.replace("  policies:\n", f"    u: {text}\n  policies:\n")


def policy(text: str) -> str:
    """A document with a good policy and, behind it, one more."""
    return f"{GOOD}    p: {text}\n"


def source(text: str) -> str:
    return policy(
        f"{{kind: collection, input: {text}, handlers: {{modules: {{m: {{type: tally}}}}}}}}"
    )


def handlers(text: str) -> str:
    return policy(f"{{kind: collection, input: {{tap: t, input_type: wire}}, handlers: {text}}}")


def module(text: str) -> str:
    return handlers(f"{{modules: {{m: {text}}}}}")


def window(text: str) -> str:
    return handlers(f"{{window_config: {text}, modules: {{m: {{type: tally}}}}}}")


TAP = "visor.taps.u"
POLICY = "visor.policies.p"
MODULE = f"{POLICY}.handlers.modules.m"

# name → (document, place, part of the reason)
BAD: dict[str, tuple[str, str, str]] = {
    "empty": ("", "", "empty"),
    "only a comment": ("# nothing", "", "empty"),
    "a scalar": ("hello", "", "needed is a map with the key visor"),
    "no visor": ("version: '1.0'", "", "needed is a map with the key visor"),
    "visor is a list": ("visor: [1]", "visor", "must be a map, not a list"),
    "other version": ("version: '2.0'\nvisor: {}", "version", "allowed is '1.0'"),
    "version is a map": ("version: {}\nvisor: {}", "version", "not supported"),
    "not yaml": ("visor: [", "", "not YAML"),
    "an alias": ("visor: {taps: &a {}, policies: *a}", "visor.policies", "aliases"),
    "a key twice": ("visor:\n  taps: {}\n  taps: {}", "visor", "'taps' is there twice"),
    "a map as key": ("visor: {taps: {{a: b}: c}}", "visor.taps", "identifier must be a scalar"),
    "too deep": ("visor: " + "{a: " * 40 + "b" + "}" * 40, "visor.a.a.a", "deeper than 32"),
    "too long": ("#" * (256 * 1024) + GOOD, "", "allowed are 262144"),
    "half a character": ('visor: {taps: {"\\ud800": {}}}', "", "not YAML"),
    "taps is a list": ("visor: {taps: []}", "visor.taps", "must be a map, not a list"),
    "tap is a scalar": (tap("x"), TAP, "tap configuration map expected"),
    "bad tap name": (GOOD.replace("    t:", "    9t:"), "visor.taps.9t", "invalid name '9t'"),
    "no input type": (tap("{x: 1}"), f"{TAP}.input_type", "missing"),
    "input type is a list": (tap("{input_type: [a]}"), f"{TAP}.input_type", "must not be a list"),
    "unknown input": (tap("{input_type: nope}"), f"{TAP}.input_type", "installed are: wire"),
    "tap config": (tap("{input_type: wire, config: [a]}"), f"{TAP}.config", "must be a map"),
    "tap tags": (tap("{input_type: wire, tags: x}"), f"{TAP}.tags", "must be a map"),
    "a map as tag": (tap("{input_type: wire, tags: {a: {}}}"), f"{TAP}.tags.a", "must be a scalar"),
    "list of lists": (
        tap("{input_type: wire, config: {a: [[b]]}}"),
        f"{TAP}.config.a[0]",
        "a list holds scalars only",
    ),
    "too large a number": (
        tap("{input_type: wire, config: {packets: 99999999999999999999}}"),
        f"{TAP}.config.packets",
        "too large",
    ),
    "global settings": (
        GOOD + "  global_handler_config: [x]\n",
        "visor.global_handler_config",
        "must be a map",
    ),
    "unknown global key": (
        GOOD + "  global_handler_config: {tally: {nope: 1}}\n",
        "visor.global_handler_config.tally.nope",
        "unknown key 'nope'; allowed are only_even",
    ),
    "policy is a list": (policy("[a]"), POLICY, "policy configuration map expected"),
    "no kind": (policy("{}"), f"{POLICY}.kind", "missing"),
    "other kind": (
        policy("{kind: x}"),
        f"{POLICY}.kind",
        "unknown kind 'x'; allowed is collection",
    ),
    "no input": (policy("{kind: collection}"), f"{POLICY}.input", "missing"),
    "input is a scalar": (source("x"), f"{POLICY}.input", "must not be a scalar"),
    "input without type": (source("{tap: t}"), f"{POLICY}.input.input_type", "missing"),
    "input config": (
        source("{tap: t, input_type: wire, config: x}"),
        f"{POLICY}.input.config",
        "must be a map",
    ),
    "input filter": (
        source("{tap: t, input_type: wire, filter: x}"),
        f"{POLICY}.input.filter",
        "must be a map",
    ),
    "tap and selector": (
        source("{tap: t, tap_selector: {any: []}, input_type: wire}"),
        f"{POLICY}.input",
        "exactly one of the keys tap and tap_selector",
    ),
    "neither tap nor selector": (source("{input_type: wire}"), f"{POLICY}.input", "neither"),
    "tap is a map": (source("{tap: {}, input_type: wire}"), f"{POLICY}.input.tap", "not be a map"),
    "unknown tap": (
        source("{tap: x, input_type: wire}"),
        f"{POLICY}.input.tap",
        "tap 'x' does not exist; there are: t",
    ),
    "selector is a list": (
        source("{tap_selector: [a], input_type: wire}"),
        f"{POLICY}.input.tap_selector",
        "must be a map",
    ),
    "any and all": (
        source("{tap_selector: {any: [], all: []}, input_type: wire}"),
        f"{POLICY}.input.tap_selector",
        "exactly one of the keys any and all",
    ),
    "neither any nor all": (
        source("{tap_selector: {}, input_type: wire}"),
        f"{POLICY}.input.tap_selector",
        "exactly one of the keys any and all",
    ),
    "any is a map": (
        source("{tap_selector: {any: {a: b}}, input_type: wire}"),
        f"{POLICY}.input.tap_selector.any",
        "must be a sequence",
    ),
    "two pairs in an item": (
        source("{tap_selector: {any: [{a: b, c: d}]}, input_type: wire}"),
        f"{POLICY}.input.tap_selector.any[0]",
        "exactly one key and value",
    ),
    "a list as tag value": (
        source("{tap_selector: {all: [{a: [b]}]}, input_type: wire}"),
        f"{POLICY}.input.tap_selector.all[0].a",
        "a tag value must be a scalar",
    ),
    "types of tags differ": (
        source("{tap_selector: {all: [{env: 5}]}, input_type: wire}"),
        f"{POLICY}.input.tap_selector.all",
        "types of tag and selector differ at tap 't', key 'env'",
    ),
    "no tap matches": (
        source("{tap_selector: {all: [{env: test}, {n: 2}]}, input_type: wire}"),
        "",
        "no tap match found for specified 'input.tap_selector' tags",
    ),
    "other input type": (
        source("{tap: t, input_type: pcap}"),
        f"{POLICY}.input.input_type",
        "pcap/wire",
    ),
    "unknown input key": (
        source("{tap: t, input_type: wire, config: {nope: 1}}"),
        f"{POLICY}.input.config.nope",
        "unknown key 'nope'; allowed are packets, bpf",
    ),
    "unknown input filter": (
        source("{tap: t, input_type: wire, filter: {nope: 1}}"),
        f"{POLICY}.input.filter.nope",
        "unknown key 'nope'",
    ),
    "input that does not start": (
        source("{tap: t, input_type: wire, config: {fail: true}}"),
        f"{POLICY}.input",
        "policy [p] failed to start: unable to create the input of tap 't': the wire is cut",
    ),
    "no handlers": (
        policy("{kind: collection, input: {tap: t, input_type: wire}}"),
        f"{POLICY}.handlers",
        "missing",
    ),
    "no modules": (handlers("{}"), f"{POLICY}.handlers.modules", "missing"),
    "empty modules": (handlers("{modules: {}}"), f"{POLICY}.handlers.modules", "at least one"),
    "modules is a scalar": (handlers("{modules: x}"), f"{POLICY}.handlers.modules", "a scalar"),
    "module is a scalar": (module("x"), MODULE, "must not be a scalar"),
    "bad module name": (handlers("{modules: {9m: {type: tally}}}"), MODULE[:-1] + "9m", "9m"),
    "module without type": (module("{}"), f"{MODULE}.type", "missing"),
    "version of a module": (
        module("{type: tally, require_version: [x]}"),
        f"{MODULE}.require_version",
        "must not be a list",
    ),
    "unknown handler": (module("{type: nope}"), f"{MODULE}.type", "installed are: tally"),
    "unknown version": (
        module("{type: tally, require_version: '7.0'}"),
        f"{MODULE}.require_version",
        "installed are: 1.0, 2.0",
    ),
    "handler config": (module("{type: tally, config: x}"), f"{MODULE}.config", "must be a map"),
    "handler filter": (module("{type: tally, filter: x}"), f"{MODULE}.filter", "must be a map"),
    "metric groups": (
        module("{type: tally, metric_groups: x}"),
        f"{MODULE}.metric_groups",
        "must not be a scalar",
    ),
    "empty metric groups": (
        module("{type: tally, metric_groups: {}}"),
        f"{MODULE}.metric_groups",
        "at least one of the keys enable and disable",
    ),
    "enable is a scalar": (
        module("{type: tally, metric_groups: {enable: all}}"),
        f"{MODULE}.metric_groups.enable",
        "must not be a scalar",
    ),
    "unknown group": (
        module("{type: tally, metric_groups: {enable: [nope]}}"),
        f"{MODULE}.metric_groups",
        "unknown metric group 'nope'; allowed are all, counters, extra",
    ),
    "unknown handler key": (
        module("{type: tally, config: {nope: 1}}"),
        f"{MODULE}.config.nope",
        "allowed are only_even, weight, names, fail, deep_sample_rate, num_periods,"
        " topn_count, topn_percentile_threshold",
    ),
    "unknown handler filter": (
        module("{type: tally, filter: {nope: 1}}"),
        f"{MODULE}.filter.nope",
        "unknown key 'nope'",
    ),
    "a flag for a number": (
        module("{type: tally, config: {weight: true}}"),
        f"{MODULE}.config.weight",
        "must be an integer, not True",
    ),
    "a number for a flag": (
        module("{type: tally, filter: {only_even: 1}}"),
        f"{MODULE}.filter.only_even",
        "must be true or false, not 1",
    ),
    "a scalar for a list": (
        module("{type: tally, config: {names: x}}"),
        f"{MODULE}.config.names",
        "names",
    ),
    "out of range": (
        module("{type: tally, config: {weight: 200}}"),
        f"{MODULE}.config.weight",
        "weight 200 is out of range; allowed is 1 to 100",
    ),
    "handler that does not start": (
        module("{type: tally, config: {fail: true}}"),
        "",
        "failed to start: the tally is full",
    ),
    "unknown window key": (
        window("{nope: 1}"),
        f"{POLICY}.handlers.window_config.nope",
        "allowed are deep_sample_rate, num_periods",
    ),
    "window of words": (
        window("{num_periods: few}"),
        f"{POLICY}.handlers.window_config.num_periods",
        "must be an integer, not 'few'",
    ),
    "threshold above 100": (
        window("{topn_percentile_threshold: 101}"),
        f"{POLICY}.handlers.window_config.topn_percentile_threshold",
        "allowed is 0 to 100",
    ),
    "top of nothing": (
        window("{topn_count: 0}"),
        f"{POLICY}.handlers.window_config.topn_count",
        "allowed is 1 to 6144",
    ),
    "chain of scalars": (handlers("{modules: [a]}"), f"{POLICY}.handlers.modules[0]", "a map"),
    "a name twice in a chain": (
        handlers("{modules: [{m: {type: tally}}, {m: {type: tally}}]}"),
        f"{POLICY}.handlers.modules[1]",
        "'m' is there twice",
    ),
    "policy config": (
        policy(
            "{kind: collection, config: x, input: {tap: t, input_type: wire},"
            " handlers: {modules: {m: {type: tally}}}}"
        ),
        f"{POLICY}.config",
        "must be a map",
    ),
    "unknown policy config": (
        policy(
            "{kind: collection, config: {nope: 1}, input: {tap: t, input_type: wire},"
            " handlers: {modules: {m: {type: tally}}}}"
        ),
        f"{POLICY}.config.nope",
        "allowed is merge_like_handlers",
    ),
}


def state(agent: Agent) -> tuple[Any, ...]:
    streams = [(status.tap, status.state, len(status.handlers)) for status in agent.streams()]
    return agent.tap_info(), agent.policy_names(), streams, threading.active_count()


@pytest.mark.parametrize(("document", "place", "reason"), BAD.values(), ids=BAD)
def test_a_bad_configuration_is_refused_in_one_line_that_says_where_and_why(
    agent: Agent, document: str, place: str, reason: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        agent.load(document)
    text = str(caught.value)
    assert reason in text
    assert text.startswith(f"{place}: " if place else text[:1])
    assert "\n" not in text


@pytest.mark.parametrize(("document", "place", "reason"), BAD.values(), ids=BAD)
def test_nothing_of_a_bad_configuration_is_applied(
    agent: Agent, document: str, place: str, reason: str
) -> None:
    before = state(agent)
    with pytest.raises(ConfigError):
        agent.load(document)
    assert state(agent) == before


@pytest.mark.parametrize("document", [d for d, _, _ in BAD.values()], ids=BAD)
def test_the_old_configuration_goes_on_when_the_new_one_is_bad(agent: Agent, document: str) -> None:
    agent.load(GOOD)
    agent.join()
    before = state(agent)
    with pytest.raises(ConfigError):
        agent.replace(document)
    assert state(agent) == before
    assert agent.snapshot("first").by_handler()["first-t-m"]["tally"]["total"] == 3


def test_the_line_of_what_is_wrong_is_named_behind_the_file(agent: Agent) -> None:
    bad = GOOD.replace("type: tally}", "type: tally, config: {nope: 1}}")
    with pytest.raises(ConfigError, match=r"^x\.yaml:10: visor\.policies\.first\.handlers"):
        agent.load(bad, source="x.yaml")


def test_in_a_chain_the_line_is_that_of_the_item(agent: Agent) -> None:
    bad = GOOD.replace(
        "handlers: {modules: {m: {type: tally}}}",
        "handlers:\n        modules:\n        - a: {type: tally}\n        - b: {type: nope}",
    )
    with pytest.raises(ConfigError, match=r"^x\.yaml:13: .*modules\.b\.type"):
        agent.load(bad, source="x.yaml")


@pytest.fixture
def validate(plugins: Plugins, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.setattr("pktvisor.commands.configuration.Plugins", lambda *_, **__: plugins)

    def run(document: str) -> Any:
        file = tmp_path / "x.yaml"
        file.write_text(document)
        return CliRunner().invoke(command.main, ["validate", str(file)])

    return run


STARTS_ONLY = {"input that does not start", "handler that does not start"}


@pytest.mark.parametrize("name", [name for name in BAD if name not in STARTS_ONLY])
def test_validate_refuses_it_and_names_file_place_and_reason(validate: Any, name: str) -> None:
    document, place, reason = BAD[name]
    result = validate(document)
    assert result.exit_code == 1
    assert "x.yaml:" in result.stderr
    assert place in result.stderr
    assert reason in result.stderr


def test_validate_accepts_a_good_configuration(validate: Any) -> None:
    result = validate(GOOD)
    assert result.exit_code == 0
    assert "good; taps: 1, policies: 1" in result.stdout


def test_validate_warns_of_keys_that_mean_nothing(validate: Any) -> None:
    result = validate(tap("{input_type: wire, filter: {bpf: x}}"))
    assert result.exit_code == 0
    assert "visor.taps.u.filter: unknown key, ignored" in result.stderr


@pytest.mark.parametrize(
    ("options", "place", "reason"),
    [
        ("{prot: 1}", "visor.config.prot", "unknown key"),
        ("{host: x, port: high}", "visor.config.port", "allowed is a number from 0 to 65535"),
        ("{tls: maybe}", "visor.config.tls", "neither true nor false"),
    ],
)
def test_validate_names_a_setting_of_the_daemon_that_is_wrong(
    validate: Any, options: str, place: str, reason: str
) -> None:
    result = validate(GOOD + f"  config: {options}\n")
    assert result.exit_code == 1
    assert f"x.yaml:11: {place}: " in result.stderr
    assert reason in result.stderr
