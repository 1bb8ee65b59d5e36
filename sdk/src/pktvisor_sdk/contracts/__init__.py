"""What every stream handler and input stream promises, as checks anyone can run on their own.

In a plugin's tests, inherit and name the spec:

    from pktvisor_sdk.contracts import HandlerContract
    from my_plugin.plugin import pktvisor_handlers

    class TestMyHandler(HandlerContract):
        spec = next(iter(pktvisor_handlers()))

`pktvisor-sdk check PACKAGE` runs the same checks on an installed plugin.
"""

from pktvisor_sdk.contracts.bench import HandlerBench
from pktvisor_sdk.contracts.contract import BrokenContractError, Verdict, check_handler, check_input
from pktvisor_sdk.contracts.input_rules import InputBench
from pktvisor_sdk.contracts.suites import HandlerContract, InputContract

__all__ = [
    "BrokenContractError",
    "HandlerBench",
    "HandlerContract",
    "InputBench",
    "InputContract",
    "Verdict",
    "check_handler",
    "check_input",
]
