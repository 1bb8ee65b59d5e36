"""Quantiles take columns of every type there is."""

from __future__ import annotations

import numpy as np
import pytest

from pktvisor.metrics import Bucket, MetricSettings, Quantiles


class Sizes(Bucket):
    schema = "sizes"
    plain = Quantiles("plain", "Values")
    small = Quantiles("small", "Values that are mostly small", values="small")
    real = Quantiles("real", "Values with fractions", values="real")


@pytest.mark.parametrize("kind", ["plain", "small", "real"])
@pytest.mark.parametrize(
    "dtype", [np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float64]
)
def test_a_column_of_any_number_type_is_taken(kind: str, dtype: type) -> None:
    state = getattr(Sizes(MetricSettings()), kind)
    state.add(np.arange(101).astype(dtype))
    assert (state.count, state.quantile(0.5)) == (101, 50)


def test_integers_beyond_32_bits_count_as_the_largest() -> None:
    state = Sizes(MetricSettings()).plain
    state.add(np.array([2**40], np.uint64))
    assert state.quantile(0.5) == 2**31 - 1
