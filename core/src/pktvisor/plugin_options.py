"""The options that say which plugins a command loads, and what they mean; imports nothing."""

from __future__ import annotations

__all__ = ["DISABLE_PLUGIN", "MODULE_DIR"]

MODULE_DIR = "A folder whose modules are plugins, beside those that are installed."
DISABLE_PLUGIN = (
    "A plugin that is not to be loaded; PKTVISOR_DISABLE_PLUGIN_AUTOLOAD=1: no installed one."
)
