"""The type table, and the hash that names what is equal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pktvisor.policies.errors import ConfigError
from pktvisor.policies.values import check_name, config_hash, typed_map, typed_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("123", 123),
        ("007", 7),
        (str(2**64 - 1), 2**64 - 1),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("on", "on"),
        ("-5", "-5"),
        ("1.5", "1.5"),
        ("null", "null"),
        ("", ""),
        ("١٢", "١٢"),
    ],
)
def test_scalars_have_the_type_the_table_says(text: str, value: object) -> None:
    found = typed_scalar(text)
    assert (type(found), found) == (type(value), value)


def test_items_of_a_list_stay_text() -> None:
    assert typed_map({"a": ["2", "true", "x"]}) == {"a": ["2", "true", "x"]}


def test_maps_are_converted_at_every_depth() -> None:
    assert typed_map({"a": {"b": {"c": "1"}}}) == {"a": {"b": {"c": 1}}}


@pytest.mark.parametrize("text", [str(2**64), "9" * 5000])
def test_a_number_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=f"allowed is up to {2**64 - 1}"):
        typed_map({"a": text})


@pytest.mark.parametrize("name", ["a", "_", "a-b_9", "A" * 128])
def test_names_are_letters_digits_and_dashes(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "9a", "-a", "a b", "a.b", "ä", "a\n", "A" * 129])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="invalid name"):
        check_name(name)


CONFIGS = st.dictionaries(
    st.text("ab", min_size=1), st.integers(0, 9) | st.booleans() | st.text("01t", max_size=2)
)


@given(CONFIGS)
def test_the_hash_does_not_depend_on_the_order_of_keys(config: dict[str, object]) -> None:
    turned = dict(reversed(config.items()))
    assert config_hash(config) == config_hash(turned)  # type: ignore[arg-type]


@given(CONFIGS, CONFIGS)
def test_different_configurations_have_different_hashes(
    one: dict[str, object], other: dict[str, object]
) -> None:
    same = [(k, type(v), v) for k, v in sorted(one.items())] == [
        (k, type(v), v) for k, v in sorted(other.items())
    ]
    assert (config_hash(one) == config_hash(other)) == same  # type: ignore[arg-type]
