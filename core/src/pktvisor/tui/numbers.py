"""Write numbers the way people read them on a dashboard."""

from __future__ import annotations

__all__ = ["bar", "compact", "exact", "milliseconds", "percent"]

_BLOCKS = " ▏▎▍▌▋▊▉█"


def exact(value: float) -> str:
    """A number with all its digits: 12,345."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def compact(value: float) -> str:
    """A number with three digits and a unit prefix: 12.3k."""
    for unit in ("", "k", "M", "G", "T"):
        if abs(value) < 1000:
            digits = 0 if unit == "" or abs(value) >= 100 else 1
            return f"{value:.{digits}f}{unit}"
        value /= 1000
    return f"{value:.1f}P"


def percent(part: float, base: float) -> str:
    """A share with one decimal, empty without a base: 12.3%."""
    return f"{100 * part / base:.1f}%" if base > 0 else ""


def milliseconds(micros: float) -> str:
    """Microseconds as milliseconds with one decimal."""
    return f"{micros / 1000:,.1f}"


def bar(share: float, width: int) -> str:
    """A horizontal bar of `width` cells filled to a share between 0 and 1."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_BLOCKS[rest] if rest else "")).ljust(width)
