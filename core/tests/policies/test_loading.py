"""The loader: text as it was written, nothing unfolded, and nothing but a ConfigError for bad bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pktvisor.policies.document import parse_document, parse_one
from pktvisor.policies.errors import ConfigError
from pktvisor.policies.loading import MAX_BYTES, MAX_DEPTH, load


@pytest.mark.parametrize("text", ["123", "0x1F", "1.5", "-7", "yes", "null", "~", "2026-11-24"])
def test_every_scalar_stays_text(text: str) -> None:
    assert load(f"a: {text}").value == {"a": text}
    assert load(f"a: '{text}'").value == {"a": text}


def test_tags_make_nothing_of_a_scalar() -> None:
    assert load("a: !!int 5\nb: !!python/object/apply:os.system x").value == {"a": "5", "b": "x"}


def test_a_merge_key_is_a_key_like_any_other() -> None:
    assert load("<<: {a: b}").value == {"<<": {"a": "b"}}


@given(
    st.recursive(
        st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1),
        lambda inner: (
            st.dictionaries(st.text("abcxyz_0", min_size=1), inner, max_size=3)
            | st.lists(inner, max_size=3)
        ),
        max_leaves=12,
    ).filter(lambda value: isinstance(value, dict) and value)
)
def test_json_is_read_as_yaml(value: Any) -> None:
    assert load(json.dumps(value, ensure_ascii=False)).value == value


def test_lines_are_counted_from_one() -> None:
    loaded = load("a:\n  b: c\n  d:\n    - e\n    - f: g\n")
    assert [loaded.line(path) for path in (("a",), ("a", "b"), ("a", "d", 1, "f"))] == [2, 2, 5]


def test_what_is_not_there_has_the_line_of_what_holds_it() -> None:
    assert load("a:\n  b:\n    c: d\n").line(("a", "b", "missing", "x")) == 3


def test_in_a_list_of_maps_a_name_stands_for_the_item_that_has_it() -> None:
    assert load("a:\n  - b: {x: 1}\n  - c: {x: 2}\n").line(("a", "c", "x")) == 3


def test_the_deepest_document_that_is_allowed_is_read() -> None:
    deepest = "{a: " * MAX_DEPTH + "b" + "}" * MAX_DEPTH
    load(deepest)
    with pytest.raises(ConfigError, match=f"deeper than {MAX_DEPTH}"):
        load("{a: " + deepest + "}")


def test_the_longest_document_that_is_allowed_is_read() -> None:
    longest = "a: " + "b" * (MAX_BYTES - 3)
    load(longest)
    with pytest.raises(ConfigError, match=f"allowed are {MAX_BYTES}"):
        load(longest + "b")


def test_brackets_without_end_are_refused_and_nothing_recurses() -> None:
    with pytest.raises(ConfigError):
        load("[" * MAX_BYTES)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x b\nc: *x", "line 2: aliases are not allowed"),
        ("a: 1\na: 2", "line 2: key 'a' is there twice"),
        ("? [a, b]\n: c", "line 1: an identifier must be a scalar"),
        ("a: b\n---\nc: d", "only one document"),
        ("a: [b", "not YAML"),
        (b"\xff\xfe\xfa", "not UTF-8"),
        ("a: \x07", "not YAML"),
    ],
)
def test_what_a_configuration_has_no_use_for_is_refused(text: str | bytes, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert reason in str(caught.value)


def only_config_errors(call: Any, data: bytes) -> None:
    try:
        call(data)
    except ConfigError as error:
        assert "\n" not in str(error)  # noqa: PT017 - any other exception fails the test


@given(st.binary(max_size=300))
@example(b'"\\ud83d\\ude00"')
@example(b"visor: {taps: {a: {input_type: b, config: {c: " + b"9" * 5000 + b"}}}}")
def test_bytes_never_raise_anything_but_a_config_error(data: bytes) -> None:
    for call in (
        parse_document,
        lambda d: parse_one(d, "taps"),
        lambda d: parse_one(d, "policies"),
    ):
        only_config_errors(call, data)


WORDS = st.sampled_from(
    [
        "visor",
        "taps",
        "policies",
        "kind",
        "collection",
        "input",
        "input_type",
        "tap",
        "tap_selector",
        "any",
        "all",
        "config",
        "filter",
        "handlers",
        "modules",
        "window_config",
        "num_periods",
        "type",
        "metric_groups",
        "enable",
        "version",
        "1.0",
        "5",
        "true",
        "t",
        "global_handler_config",
        "chained",
    ]
)


@given(
    st.recursive(
        WORDS,
        lambda inner: st.dictionaries(WORDS, inner, max_size=5) | st.lists(inner, max_size=3),
        max_leaves=40,
    )
)
def test_documents_of_known_words_never_raise_anything_but_a_config_error(value: Any) -> None:
    for section in ("taps", "policies", "global_handler_config"):
        only_config_errors(parse_document, json.dumps({"visor": {section: value}}).encode())
    named = {"visor": {"policies": {"p": value}, "taps": {"t": value}}}
    only_config_errors(parse_document, json.dumps(named).encode())
