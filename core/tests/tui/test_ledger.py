"""Losses are summed over the inputs of the policy that is watched, and named when they happen."""

from __future__ import annotations

from typing import Any

from pktvisor.tui.ledger import drops_line, ledger

LOSSES = {"kernel_drops": 3, "interface_drops": 0, "queue_drops": 2, "batches_failed": 0}


def status(policy: str, **about: Any) -> dict[str, Any]:
    handler = {"name": "h", "policy": policy, "stopped": False, "last_error": ""}
    return {"tap": "t", "state": "running", **LOSSES, "handlers": [handler], **about}


def test_inputs_of_other_policies_do_not_count() -> None:
    health = {"inputs": {"a": status("mine"), "b": status("mine"), "c": status("other")}}
    found = ledger(health, "mine")
    assert found is not None
    assert (found.counts["kernel_drops"], found.counts["queue_drops"]) == (6, 4)


def test_an_agent_that_does_not_tell_has_no_ledger() -> None:
    assert ledger({}, "mine") is None
    assert drops_line(None, None) is None


def test_a_loss_is_an_alarm_and_never_yields() -> None:
    found = ledger({"inputs": {"a": status("mine", batches_failed=1)}}, "mine")
    line = drops_line(found, None)
    assert line is not None
    cells = {cell.label: cell for cell in line.cells}
    assert (cells["kernel"].alarm, cells["interface"].alarm) == (True, False)
    assert cells["batches failed"].rank == 0


def test_the_windows_own_drops_stand_beside_those_since_the_beginning() -> None:
    line = drops_line(ledger({"inputs": {"a": status("mine")}}, "mine"), {"os_drops": 5})
    assert line is not None
    assert {(cell.label, cell.value) for cell in line.cells} >= {("OS in window", 5), ("kernel", 3)}


def test_a_failed_input_and_a_stopped_handler_say_why() -> None:
    failed = status("mine", state="failed", problem="eth9 is gone")
    found = ledger({"inputs": {"a": failed}}, "mine")
    assert found is not None
    assert found.problem == "input t failed: eth9 is gone"
    stopped = {"name": "h", "policy": "mine", "stopped": True, "last_error": "ValueError: 1"}
    found = ledger({"inputs": {"a": status("mine", handlers=[stopped])}}, "mine")
    assert found is not None
    assert found.problem == "handler h is stopped: ValueError: 1"
