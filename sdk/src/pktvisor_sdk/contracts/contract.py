"""The checks themselves: each takes a bench and raises BrokenContractError with what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pktvisor import HandlerSpec, InputSpec, SinkSpec
from pktvisor_sdk.captures import Frame
from pktvisor_sdk.contracts import handler_rules, input_rules, sink_rules
from pktvisor_sdk.contracts.bench import HandlerBench
from pktvisor_sdk.contracts.broken import BrokenContractError
from pktvisor_sdk.traffic import sample_frames

__all__ = ["BrokenContractError", "Verdict", "check_handler", "check_input", "check_sink"]


@dataclass(frozen=True)
class Verdict:
    """How one rule was kept: `fault` is empty when it was."""

    subject: str
    rule: str
    fault: str = ""

    def __str__(self) -> str:
        return f"{'ok  ' if not self.fault else 'FAIL'} {self.subject}: {self.rule}" + (
            f"\n     {self.fault}" if self.fault else ""
        )


def check_handler(
    spec: HandlerSpec,
    config: Mapping[str, Any] | None = None,
    frames: Sequence[Frame] | None = None,
) -> list[Verdict]:
    """Check every rule on a handler that reads packets, with these frames or ordinary ones.

    All its metric groups are on.
    """
    given = sample_frames() if frames is None else frames
    bench = HandlerBench(spec, config or {}, given, enable=("all",))
    subject = f"handler {spec.name} {spec.version}"
    return _verdicts(subject, handler_rules.RULES, bench)


def check_input(spec: InputSpec, config: Mapping[str, Any]) -> list[Verdict]:
    """Check every rule on an input made with `config`, which must end by itself."""
    bench = input_rules.InputBench(spec, config)
    return _verdicts(f"input {spec.name} {spec.version}", input_rules.RULES, bench)


def check_sink(spec: SinkSpec, config: Mapping[str, Any]) -> list[Verdict]:
    """Check every rule on a sink made with `config`."""
    bench = sink_rules.SinkBench(spec, config)
    return _verdicts(f"sink {spec.name} {spec.version}", sink_rules.RULES, bench)


def _verdicts(subject: str, rules: Sequence[Callable[[Any], None]], bench: Any) -> list[Verdict]:
    found = []
    for rule in rules:
        sentence = (rule.__doc__ or rule.__name__).partition("\n")[0].rstrip(".")
        try:
            rule(bench)
        except BrokenContractError as broken:
            found.append(Verdict(subject, sentence, str(broken)))
        except Exception as error:
            found.append(Verdict(subject, sentence, f"raised {type(error).__name__}: {error}"))
        else:
            found.append(Verdict(subject, sentence))
    return found
