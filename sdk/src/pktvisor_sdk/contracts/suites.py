"""The rules as test classes to inherit: pytest runs each rule as a test of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest

from pktvisor import HandlerSpec, InputSpec, SinkSpec
from pktvisor_sdk.captures import Frame
from pktvisor_sdk.contracts import handler_rules, input_rules, sink_rules
from pktvisor_sdk.contracts.bench import HandlerBench
from pktvisor_sdk.contracts.input_rules import InputBench
from pktvisor_sdk.contracts.sink_rules import SinkBench
from pktvisor_sdk.traffic import sample_frames

__all__ = ["HandlerContract", "InputContract", "SinkContract"]


class HandlerContract:
    """Inherit, set `spec`, and where needed `config` and `frames`. All metric groups are on."""

    spec: ClassVar[HandlerSpec]
    config: ClassVar[Mapping[str, Any]] = {}

    def frames(self) -> list[Frame]:
        """The traffic the handler is checked with: 600 frames at least, of what it counts."""
        return sample_frames()

    @pytest.mark.parametrize("rule", handler_rules.RULES, ids=lambda rule: rule.__name__)
    def test_handler_contract(self, rule: Callable[[HandlerBench], None]) -> None:
        """The handler keeps this promise."""
        rule(HandlerBench(self.spec, self.config, self.frames(), enable=("all",)))


class InputContract:
    """Inherit, set `spec`, and give a config with which the stream ends by itself."""

    spec: ClassVar[InputSpec]

    def config(self) -> Mapping[str, Any]:
        """The settings of the stream that is checked."""
        return {}

    @pytest.mark.parametrize("rule", input_rules.RULES, ids=lambda rule: rule.__name__)
    def test_input_contract(self, rule: Callable[[InputBench], None]) -> None:
        """The input keeps this promise."""
        rule(InputBench(self.spec, self.config()))


class SinkContract:
    """Inherit, set `spec`, and give a config with which the sink can write somewhere."""

    spec: ClassVar[SinkSpec]

    def config(self) -> Mapping[str, Any]:
        """The settings of the sink that is checked."""
        return {}

    @pytest.mark.parametrize("rule", sink_rules.RULES, ids=lambda rule: rule.__name__)
    def test_sink_contract(self, rule: Callable[[SinkBench], None]) -> None:
        """The sink keeps this promise."""
        rule(SinkBench(self.spec, self.config()))
