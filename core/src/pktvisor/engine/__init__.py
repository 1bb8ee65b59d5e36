"""Run streams and handlers: taps, policies, periods, snapshots."""

from pktvisor.engine.engine import Engine
from pktvisor.engine.settings import Limits, PolicySettings

__all__ = ["Engine", "Limits", "PolicySettings"]
