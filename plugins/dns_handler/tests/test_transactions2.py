"""What `dns` 2.0 makes of queries and replies."""

from __future__ import annotations

from typing import Any

from pktvisor_sdk.dns import query, reply
from pktvisor_sdk.dns_frames import CLIENT, SERVER, query_frame, reply_frame, tcp_queries, tcp_start
from pktvisor_sdk.feeding import Fed
from pktvisor_sdk.frames import tcp_frame

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
QUESTION = query("www.example.org")
ANSWER = reply(QUESTION)
NXDOMAIN = reply(QUESTION, rcode=3, answers=0)


def dns2(config: dict[str, Any] | None = None, host_spec: str = CLIENT, **options: Any) -> Fed:
    return Fed("dns", "2.0", config, host_spec=host_spec, **options)


def test_a_query_and_its_reply_are_one_transaction_in_the_direction_of_the_query() -> None:
    frames = query_frame(QUESTION), reply_frame(ANSWER)
    for host_spec, direction in ((CLIENT, "out"), (SERVER, "in"), ("", "unknown")):
        shown = dns2(host_spec=host_spec).feed(*frames).shown()
        assert shown[direction]["xacts"] == 1
        assert {"in", "out", "unknown"} & shown.keys() == {direction}


def test_an_open_query_alone_shows_no_direction() -> None:
    shown = dns2().feed(query_frame(QUESTION)).shown()
    assert shown["observed_packets"] == 1
    assert not {"in", "out", "unknown"} & shown.keys()


def test_a_reply_without_a_query_is_an_orphan() -> None:
    shown = dns2().feed(reply_frame(ANSWER)).shown()
    assert (shown["out"]["orphan_responses"], shown["out"]["xacts"]) == (1, 0)


def test_a_second_reply_is_an_orphan() -> None:
    frames = query_frame(QUESTION), reply_frame(ANSWER), reply_frame(ANSWER)
    shown = dns2().feed(*frames).shown()
    assert (shown["out"]["orphan_responses"], shown["out"]["xacts"]) == (1, 1)


def test_a_late_reply_is_a_time_out() -> None:
    fed = dns2({"xact_ttl_ms": 500})
    fed.feed((START, query_frame(QUESTION)), (START + SECOND, reply_frame(ANSWER)))
    assert (fed.shown()["out"]["timeout_queries"], fed.shown()["out"]["xacts"]) == (1, 0)


def test_a_query_that_waits_over_a_period_times_out_in_its_direction() -> None:
    fed = dns2().feed((START, query_frame(QUESTION)))
    fed.feed((START + 61 * SECOND, query_frame(query("b.example", identifier=2))))
    assert fed.shown()["out"]["timeout_queries"] == 1
    assert "out" not in fed.shown(1)


def test_a_rejected_reply_counts_with_its_query() -> None:
    fed = dns2({"only_rcode": [0]}).feed(query_frame(QUESTION), reply_frame(NXDOMAIN))
    assert fed.shown()["filtered_packets"] == 2
    assert fed.handler.info()["transactions_open"] == 0


def test_a_rejected_reply_without_a_query_counts_once() -> None:
    assert dns2({"only_rcode": [0]}).feed(reply_frame(NXDOMAIN)).shown()["filtered_packets"] == 1


def test_the_reply_to_a_rejected_query_is_filtered_too() -> None:
    fed = dns2({"only_qname": ["other.example"]})
    fed.feed(query_frame(QUESTION), reply_frame(ANSWER))
    assert fed.shown()["filtered_packets"] == 2
    assert "out" not in fed.shown()


def test_over_tcp_the_reply_to_a_rejected_query_is_an_orphan() -> None:
    fed = dns2({"only_qname": ["other.example"]})
    answer = len(ANSWER).to_bytes(2, "big") + ANSWER
    fed.feed(
        tcp_start(),
        tcp_frame(SERVER, CLIENT, 53, 4242, sequence=0, flags=18),
        tcp_queries(QUESTION),
        tcp_frame(SERVER, CLIENT, 53, 4242, answer, sequence=1),
    )
    assert fed.shown()["filtered_packets"] == 1
    assert fed.shown()["out"]["orphan_responses"] == 1


def test_a_rejected_query_never_times_out() -> None:
    fed = dns2({"only_qname": ["other.example"]}).feed((START, query_frame(QUESTION)))
    fed.feed((START + 61 * SECOND, query_frame(query("b.example", identifier=2))))
    assert "out" not in fed.shown()


def test_a_query_that_filters_of_replies_would_reject_is_accepted() -> None:
    fed = dns2({"only_rcode": [3]}).feed(query_frame(QUESTION), reply_frame(NXDOMAIN))
    assert (fed.shown()["filtered_packets"], fed.shown()["out"]["nxdomain_xacts"]) == (0, 1)


def test_only_the_wanted_directions_are_counted() -> None:
    fed = dns2({"only_xact_directions": ["in"]}).feed(query_frame(QUESTION), reply_frame(ANSWER))
    assert fed.shown()["filtered_packets"] == 2
    assert "out" not in fed.shown()


def test_flags_count_from_the_message_that_has_them() -> None:
    question = query("a.example", flags=0x0110)  # CD
    answer = reply(question, flags=0x8420)  # AA, AD
    out = dns2().feed(query_frame(question), reply_frame(answer)).shown()["out"]
    assert out["checking_disabled_xacts"] == 1
    assert out["authoritative_answer_xacts"] == 1
    assert out["authenticated_data_xacts"] == 1


def test_the_client_subnet_of_a_query_counts_with_its_transaction() -> None:
    fed = dns2(enable=["top_ecs"])
    for identifier, subnet in enumerate(["192.0.2.0/24", "2001:db8::/32"]):
        question = query("a.example", identifier=identifier, client_subnet=subnet)
        fed.feed(query_frame(question), reply_frame(reply(question)))
    out = fed.shown()["out"]
    assert out["ecs_xacts"] == 2
    assert {item["name"] for item in out["top_ecs_xacts"]} == {"192.0.2.0", "2001:db8::"}


def test_sizes_and_times_are_those_of_the_pair() -> None:
    fed = dns2(enable=["top_size", "xact_times"])
    fed.feed((START, query_frame(QUESTION)), (START + 2_000_000, reply_frame(ANSWER)))
    out = fed.shown()["out"]
    assert out["response_query_size_ratio"]["p50"] == len(ANSWER) / len(QUESTION)
    assert out["xact_time_us"]["p50"] == 2000
    assert out["top_response_bytes"] == [{"name": "www.example.org", "estimate": len(ANSWER)}]


def test_slow_is_what_took_the_90th_percentile_of_the_period_before_and_in_lower_case() -> None:
    fed = dns2(enable=["xact_times"])
    for start, milliseconds in ((START, 5), (START + 61 * SECOND, 6)):
        question = query("SLOW.example")
        fed.feed(
            (start, query_frame(question)),
            (start + milliseconds * 1_000_000, reply_frame(reply(question))),
        )
    assert fed.shown()["out"]["top_slow_xacts"] == [{"name": "slow.example", "estimate": 1}]
    assert fed.shown(1)["out"]["top_slow_xacts"] == []


def test_transactions_are_the_same_however_the_stream_is_cut() -> None:
    frames: list[bytes] = []
    for identifier in range(40):
        question = query(f"n{identifier % 7}.example", identifier=identifier % 11)
        frames += [query_frame(question), reply_frame(reply(question, rcode=identifier % 4))]
        frames += [reply_frame(reply(question))] * (identifier % 3)
    timed = [(START + 7_000_000 * place, frame) for place, frame in enumerate(frames)]
    config = {"only_rcode": [0, 3], "only_qname_suffix": ["1.example", "2.example"]}
    whole, cut = dns2(config, enable=["all"]).feed(*timed), dns2(config, enable=["all"])
    for place in range(0, len(timed), 3):
        cut.feed(*timed[place : place + 3])
    assert cut.shown() == whole.shown()
    assert whole.shown()["out"]["xacts"] > 0
