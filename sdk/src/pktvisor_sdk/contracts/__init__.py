"""What every stream handler, input stream and sink promises, as checks anyone can run on their own.

In a plugin's tests, inherit and name the spec:

    from pktvisor_sdk.contracts import HandlerContract
    from my_plugin.plugin import pktvisor_handlers

    class TestMyHandler(HandlerContract):
        spec = next(iter(pktvisor_handlers()))

`pktvisor-sdk check PACKAGE` runs the same checks on an installed plugin.
"""

from pktvisor_sdk.contracts.bench import HandlerBench
from pktvisor_sdk.contracts.contract import (
    BrokenContractError,
    Verdict,
    check_handler,
    check_input,
    check_sink,
)
from pktvisor_sdk.contracts.input_rules import InputBench
from pktvisor_sdk.contracts.sink_rules import SinkBench, sealed_buckets
from pktvisor_sdk.contracts.suites import HandlerContract, InputContract, SinkContract

__all__ = [
    "BrokenContractError",
    "HandlerBench",
    "HandlerContract",
    "InputBench",
    "InputContract",
    "SinkBench",
    "SinkContract",
    "Verdict",
    "check_handler",
    "check_input",
    "check_sink",
    "sealed_buckets",
]
