"""The one error of this package."""

__all__ = ["CaptureError"]


class CaptureError(Exception):
    """A capture that cannot be read at all; the text is one line that says what and where."""
