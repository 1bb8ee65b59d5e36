"""Changing what runs: replacing, chaining, merging, forgetting taps, companions, untrusted paths."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.engine.agent import Agent
from pktvisor.engine.settings import PolicySettings
from pktvisor.plugins import Plugins
from pktvisor.policies.errors import AlreadyExists, ConfigError
from pktvisor.policies.trust import Trust

TAPS = """
visor:
  taps:
    t: {input_type: wire, config: {packets: 6}, tags: {env: test}}
    u: {input_type: wire, config: {packets: 4}, tags: {env: test}}
"""


def policy(
    name: str = "p",
    modules: str = "{m: {type: tally}}",
    source: str = "tap: t",
    window: str = "",
    config: str = "{}",
) -> str:
    kept = f"window_config: {window}, " if window else ""
    return f"""
  policies:
    {name}:
      kind: collection
      config: {config}
      input: {{input_type: wire, {source}}}
      handlers: {{{kept}modules: {modules}}}
"""


def post(agent: Agent, text: str) -> dict[str, Any]:
    return agent.create_policy(f"visor:{text}".encode())


def shown(agent: Agent, name: str = "p") -> dict[str, dict[str, Any]]:
    agent.join()
    return {
        handler: {k: v for k, v in schemas["tally"].items() if k != "period"}
        for handler, schemas in agent.snapshot(name).by_handler().items()
    }


def config_of(agent: Agent, handler: str = "p-t-m") -> dict[str, Any]:
    return dict(agent.policy_info("p")["p"]["modules"][handler]["module"]["config"])


@pytest.fixture
def taps(agent: Agent) -> Agent:
    agent.load(TAPS)
    return agent


def test_a_selector_gives_one_full_set_of_handlers_for_each_tap(taps: Agent) -> None:
    post(taps, policy(source="tap_selector: {any: [{env: test}, {x: y}]}"))
    assert shown(taps) == {"p-t-m": {"total": 6}, "p-u-m": {"total": 4}}


def test_a_chained_handler_sees_what_the_one_before_it_hands_on(taps: Agent) -> None:
    chain = "[{a: {type: tally, filter: {only_even: true}}}, {b: {type: tally}}]"
    post(taps, policy(modules=chain))
    assert shown(taps) == {"p-t-a": {"total": 3}, "p-t-b": {"total": 3}}


def test_in_a_chain_the_type_may_stand_beside_the_name(taps: Agent) -> None:
    post(taps, policy(modules="[{a: {config: {weight: 2}}, type: tally}]"))
    assert shown(taps) == {"p-t-a": {"total": 12}}


def test_filters_may_stand_under_config_and_settings_under_filter(taps: Agent) -> None:
    module = "{type: tally, config: {only_even: true}, filter: {weight: 10}}"
    post(taps, policy(modules=f"{{m: {module}}}"))
    assert shown(taps) == {"p-t-m": {"total": 30}}


def test_disabled_groups_go_before_enabled_ones_come(taps: Agent) -> None:
    groups = "{disable: [all], enable: [extra]}"
    post(taps, policy(modules=f"{{m: {{type: tally, metric_groups: {groups}}}}}"))
    assert shown(taps) == {"p-t-m": {"extra": 6}}


def test_a_handler_whose_groups_are_all_off_is_left_out(taps: Agent) -> None:
    post(taps, policy(modules="{m: {type: tally, metric_groups: {disable: [all]}}}"))
    assert shown(taps) == {}


def test_like_handlers_are_merged_where_the_policy_says_so(taps: Agent) -> None:
    both = policy(
        modules="{a: {type: tally}, b: {type: tally}}", config="{merge_like_handlers: true}"
    )
    post(taps, both)
    assert shown(taps) == {"tally_merged": {"total": 12}}


def test_global_settings_hold_where_a_module_says_nothing(agent: Agent) -> None:
    both = "{a: {type: tally}, b: {type: tally, config: {weight: 2}}}"
    agent.load(f"{TAPS}  global_handler_config: {{tally: {{weight: 3}}}}{policy(modules=both)}")
    assert shown(agent) == {"p-t-a": {"total": 18}, "p-t-b": {"total": 12}}


def test_global_settings_of_a_type_that_is_not_there_are_warned_about(
    agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        agent.load(
            f"{TAPS}  global_handler_config: {{nope: {{a: 1}}, tally: {{weight: 3}}}}{policy()}"
        )
    assert "visor.global_handler_config.nope" in caplog.text
    assert shown(agent) == {"p-t-m": {"total": 18}}


@pytest.mark.parametrize(
    ("window", "own", "kept", "periods"),
    [
        ("", "{}", {"num_periods": 7, "deep_sample_rate": 50}, 7),
        ("", "{num_periods: 2, topn_count: 3}", {"num_periods": 7, "topn_count": 3}, 7),
        ("{num_periods: 3}", "{}", {"num_periods": 3}, 3),
        ("{num_periods: 99}", "{}", {"num_periods": 99}, 10),
        ("{num_periods: 0}", "{}", {"num_periods": 0}, 1),
        ("{topn_count: 4}", "{num_periods: 2}", {"num_periods": 2, "topn_count": 4}, 2),
        ("{topn_count: 4}", "{}", {"topn_count": 4}, 5),
    ],
)
def test_window_config_wins_and_defaults_hold_only_without_it(
    plugins: Plugins, window: str, own: str, kept: dict[str, int], periods: int
) -> None:
    agent = Agent(plugins, defaults=PolicySettings(periods=7, deep_sample_rate=50))
    agent.load(TAPS)
    post(agent, policy(modules=f"{{m: {{type: tally, config: {own}}}}}", window=window))
    assert kept.items() <= config_of(agent).items()
    assert agent.snapshot("p").handlers["p-t-m"].periods == periods
    agent.close()


def test_a_window_config_that_is_no_map_counts_as_none(
    taps: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        post(taps, policy(window="x"))
    assert "window_config" in caplog.text
    assert taps.snapshot("p").handlers["p-t-m"].periods == 5


def test_a_forgotten_tap_leaves_its_stream_running(taps: Agent) -> None:
    post(taps, policy())
    taps.delete_tap("t")
    assert "taps" not in taps.policy_info("p")["p"]
    assert shown(taps) == {"p-t-m": {"total": 6}}


def test_what_is_equal_in_the_new_configuration_goes_on(agent: Agent) -> None:
    agent.load(TAPS + policy())
    agent.join()
    before = agent.streams()
    agent.replace(TAPS + policy())
    assert agent.streams() == before


def test_what_is_not_in_the_new_configuration_ends(agent: Agent) -> None:
    agent.load(TAPS + policy("p"))
    agent.replace(TAPS + policy("q", source="tap: u"))
    assert agent.policy_names() == ["q"]
    assert shown(agent, "q") == {"q-u-m": {"total": 4}}


def test_what_was_made_by_request_outlives_the_configuration_file(agent: Agent) -> None:
    agent.load(TAPS + policy("p"))
    agent.create_tap(b"visor: {taps: {mine: {input_type: wire, config: {packets: 3}}}}")
    post(agent, policy("own", source="tap: mine"))
    post(agent, policy("shared", source="tap: u"))
    agent.join()
    before = {status.tap: status for status in agent.streams()}
    agent.replace("visor:\n  taps: {v: {input_type: wire}}" + policy("q", source="tap: v"))
    assert set(agent.policy_names()) == {"own", "shared", "q"}
    assert set(agent.tap_info()) == {"mine", "v"}
    assert shown(agent, "own") == {"own-mine-m": {"total": 3}}
    assert shown(agent, "shared") == {"shared-u-m": {"total": 4}}
    kept = [status for status in agent.streams() if status.tap in before]
    assert kept == [before[status.tap] for status in kept]
    assert len(kept) == 2


@pytest.mark.parametrize("kind", ["tap", "policy"])
def test_a_file_with_the_name_of_what_was_made_by_request_is_refused(
    agent: Agent, kind: str
) -> None:
    agent.load(TAPS + policy("p"))
    agent.create_tap(b"visor: {taps: {own: {input_type: wire}}}")
    post(agent, policy("own"))
    taps = TAPS + ("    own: {input_type: wire}\n" if kind == "tap" else "")
    with pytest.raises(AlreadyExists, match=f"{kind} 'own' exists already, made by request"):
        agent.replace(f"visor:{taps.removeprefix(chr(10) + 'visor:')}" + policy("own"))
    assert set(agent.policy_names()) == {"p", "own"}


def test_what_of_the_file_was_deleted_and_made_anew_by_request_outlives_it(agent: Agent) -> None:
    agent.load(TAPS + policy("p"))
    agent.delete_policy("p")
    agent.delete_tap("t")
    agent.create_tap(b"visor: {taps: {t: {input_type: wire, config: {packets: 1}}}}")
    post(agent, policy("p"))
    agent.replace(
        TAPS.replace("    t: {input_type: wire, config: {packets: 6}", "    w: {input_type: wire")
    )
    assert set(agent.tap_info()) == {"t", "u", "w"}
    assert shown(agent) == {"p-t-m": {"total": 1}}


def test_a_tap_that_joins_a_selector_joins_its_policy_when_the_file_is_read_again(
    agent: Agent,
) -> None:
    chosen = policy(source="tap_selector: {any: [{env: test}]}")
    agent.load(
        TAPS.replace("u: {input_type: wire, config: {packets: 4}, tags: {env: test}}", "") + chosen
    )
    agent.replace(TAPS + chosen)
    assert set(shown(agent)) == {"p-t-m", "p-u-m"}


def test_a_changed_policy_starts_anew_under_its_name(agent: Agent) -> None:
    agent.load(TAPS + policy())
    agent.replace(TAPS.replace("packets: 6", "packets: 2") + policy())
    assert shown(agent) == {"p-t-m": {"total": 2}}
    assert len(agent.streams()) == 1


@pytest.fixture
def accompanied(plugins: Plugins, companion: Any) -> Iterator[Agent]:
    plugins.register(companion, "companion")
    made = Agent(plugins)
    made.load(TAPS)
    yield made
    made.close()


def test_a_new_stream_gets_its_companions_with_the_window_of_the_policy(accompanied: Agent) -> None:
    (stream,) = post(accompanied, policy(window="{num_periods: 2}"))["p"]["input"]
    name = f"{stream}-resources"
    assert accompanied.policy_names() == ["p", name]
    found = accompanied.policy_info(name)[name]
    assert "taps" not in found
    assert found["modules"][name]["module"]["config"]["num_periods"] == 2


def test_companions_stay_when_the_file_is_read_again(accompanied: Agent) -> None:
    document = TAPS + policy("p")
    accompanied.replace(document)
    names = accompanied.policy_names()
    assert len(names) == 2
    accompanied.replace(document)
    assert sorted(accompanied.policy_names()) == sorted(names)


def test_a_shared_stream_gets_no_second_companion(accompanied: Agent) -> None:
    post(accompanied, policy("p"))
    post(accompanied, policy("q"))
    assert len(accompanied.policy_names()) == 3


def test_a_deleted_companion_does_not_come_back_with_the_next_policy(accompanied: Agent) -> None:
    post(accompanied, policy("p"))
    accompanied.delete_policy(accompanied.policy_names()[1])
    post(accompanied, policy("q"))
    assert accompanied.policy_names() == ["p", "q"]


@pytest.mark.parametrize("part", ["config", "filter"])
def test_a_policy_by_request_names_no_file_that_was_not_allowed(taps: Agent, part: str) -> None:
    source = f"tap: t, {part}: {{wire_file: /etc/passwd}}"
    with pytest.raises(ConfigError, match=rf"input\.{part}\.wire_file: path '/etc/passwd' may not"):
        post(taps, policy(source=source))


def test_a_tap_by_request_names_no_file_that_was_not_allowed(agent: Agent) -> None:
    for key, value in (("wire_file", "/etc/passwd"), ("bind", "192.0.2.1")):
        body = f"visor: {{taps: {{x: {{input_type: wire, config: {{{key}: {value}}}}}}}}}"
        with pytest.raises(
            ConfigError, match=rf"visor\.taps\.x\.config\.{key}: .* may not be named"
        ):
            agent.create_tap(body.encode())
    assert agent.tap_info() == {}


def test_a_file_that_was_allowed_may_be_named(plugins: Plugins) -> None:
    agent = Agent(plugins, trust=Trust(("/etc",), ("192.0.2.1",)))
    tap = "{input_type: wire, config: {wire_file: /etc/passwd, bind: 192.0.2.1}}"
    assert "x" in agent.create_tap(f"visor: {{taps: {{x: {tap}}}}}".encode())
    agent.close()


def test_a_configuration_file_may_name_any_file(agent: Agent) -> None:
    agent.load(TAPS.replace("packets: 6", "wire_file: /etc/passwd") + policy())
    assert agent.policy_names() == ["p"]


VALUES = st.recursive(
    st.sampled_from(["0", "5", "true", "x", "all", "tally", "t", "1.0", "99999999999999999999999"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["type", "config", "filter", "weight", "names", "enable", "num_periods"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def fuzzed(shared_plugins: Plugins) -> Iterator[Agent]:
    made = Agent(shared_plugins)
    made.load(TAPS)
    yield made
    made.close()


@given(one=VALUES, two=VALUES, three=VALUES)
def test_no_request_ends_in_anything_but_a_config_error(
    fuzzed: Agent, one: Any, two: Any, three: Any
) -> None:
    body = {
        "visor": {
            "policies": {
                "p": {
                    "kind": "collection",
                    "input": {"tap": "t", "input_type": "wire", "config": one},
                    "handlers": {
                        "window_config": two,
                        "modules": {"m": {"type": "tally", "config": two, "metric_groups": three}},
                    },
                }
            }
        }
    }
    try:
        fuzzed.create_policy(json.dumps(body).encode())
    except ConfigError as error:
        assert "\n" not in str(error)  # noqa: PT017 - any other exception fails the test
    else:
        fuzzed.delete_policy("p")
