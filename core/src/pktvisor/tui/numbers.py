"""Write numbers the way people read them on a dashboard."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["bar", "compact", "exact", "percent", "quantile_bar", "spark"]

_BLOCKS = " ▏▎▍▌▋▊▉█"
_TICKS = "▁▂▃▄▅▆▇█"
_SHADES = "█▓▒░"
_DECADES = 1e-3


def exact(value: float) -> str:
    """A number with all its digits: 12,345."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def compact(value: float) -> str:
    """A number with three digits and a unit prefix: 12.3k; below 100 a fraction keeps a decimal."""
    for unit in ("", "k", "M", "G", "T"):
        if abs(value) < 999.5:
            whole = abs(value) >= 100 or (unit == "" and float(value).is_integer())
            return f"{value:.{0 if whole else 1}f}{unit}"
        value /= 1000
    return f"{value:.1f}P"


def percent(part: float, base: float) -> str:
    """A share with one decimal, empty without a base: 12.3%."""
    return f"{100 * part / base:.1f}%" if base > 0 else ""


def bar(share: float, width: int) -> str:
    """A horizontal bar of `width` cells filled to a share between 0 and 1."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_BLOCKS[rest] if rest else "")).ljust(width)


def quantile_bar(quantiles: Sequence[float], top: float, width: int) -> str:
    """A bar up to each quantile, paler from one to the next, on a logarithmic scale up to `top`.

    The scale begins at a thousandth of `top`: what is smaller has the first cell.
    """
    if top <= 0:
        return " " * width
    text = ""
    for shade, value in zip(_SHADES, quantiles, strict=False):
        share = 1 - math.log(max(value / top, _DECADES)) / math.log(_DECADES)
        cells = round(share * width) if value > 0 else 0
        text += shade * (max(cells, 1 if value > 0 else 0) - len(text))
    return text.ljust(width)


def spark(values: Sequence[float], width: int) -> str:
    """The last values as bars, the highest filling a cell; the newest is at the right."""
    shown = list(values)[-width:]
    top = max(shown, default=0)
    if top <= 0:
        return (_TICKS[0] * len(shown)).rjust(width)
    ticks = (_TICKS[round(value / top * (len(_TICKS) - 1))] for value in shown)
    return "".join(ticks).rjust(width)
