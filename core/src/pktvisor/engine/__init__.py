"""Run streams and handlers: taps, policies, periods, snapshots."""

from pktvisor.engine.engine import Engine
from pktvisor.engine.settings import PolicySettings

__all__ = ["Engine", "PolicySettings"]
