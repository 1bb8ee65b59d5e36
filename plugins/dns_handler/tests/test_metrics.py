"""What `dns` 1.0 shows beyond counting messages."""

from __future__ import annotations

from typing import Any

from pktvisor_sdk.dns import query, reply
from pktvisor_sdk.dns_frames import CLIENT, query_frame, reply_frame
from pktvisor_sdk.feeding import Fed

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def dns(version: str = "1.0", **options: Any) -> Fed:
    return Fed("dns", version, host_spec=f"{CLIENT}/32", **options)


def test_client_subnets_of_queries_are_counted_by_address() -> None:
    fed = dns(enable=["top_ecs"])
    four = query("a.example", client_subnet="192.0.2.0/24")
    fed.feed(
        query_frame(four),
        reply_frame(reply(four)),
        query_frame(query("b.example", client_subnet="2001:db8:1600::/40")),
        query_frame(query("c.example")),
    )
    assert fed.shown()["wire_packets"]["query_ecs"] == 2
    assert {(item["name"], item["estimate"]) for item in fed.shown()["top_query_ecs"]} == {
        ("192.0.2.0", 1),
        ("2001:db8:1600::", 1),
    }


def test_names_weigh_the_bytes_of_their_replies() -> None:
    question = query("a.example")
    answer = reply(question, size=100)
    fed = dns(enable=["top_qnames_details"]).feed(query_frame(question), reply_frame(answer))
    assert fed.shown()["top_qname_by_resp_bytes"] == [
        {"name": "a.example", "estimate": len(answer)}
    ]
    assert fed.shown()["top_noerror"] == [{"name": "a.example", "estimate": 1}]


def test_times_of_transactions_are_shown_as_quantiles_and_histogram() -> None:
    question = query("a.example")
    fed = dns(enable=["histograms"])
    fed.feed((START, query_frame(question)), (START + 12_500_000, reply_frame(reply(question))))
    shown = fed.shown()["xact"]
    assert shown["out"]["quantiles_us"]["p99"] == 12_500
    assert shown["out"]["histogram_us"] == {"buckets": {"12915": 1, "+Inf": 1}}
    assert (shown["counts"]["total"], shown["out"]["total"], shown["in"]["total"]) == (1, 1, 0)


def test_a_late_reply_is_a_time_out_and_no_transaction() -> None:
    question = query("a.example")
    fed = dns(config={"xact_ttl_ms": 1000})
    fed.feed((START, query_frame(question)), (START + SECOND, reply_frame(reply(question))))
    assert fed.shown()["xact"]["counts"] == {"total": 0, "timed_out": 1}


def test_queries_without_reply_time_out_in_the_period_after() -> None:
    fed = dns()
    fed.feed((START, query_frame(query("a.example"))))
    fed.feed((START + 61 * SECOND, query_frame(query("b.example", identifier=2))))
    assert fed.shown()["xact"]["counts"]["timed_out"] == 1
    assert fed.shown(1)["xact"]["counts"]["timed_out"] == 0


def test_names_keep_their_case_only_where_transactions_are_slow() -> None:
    question = query("WwW.Example")
    fed = dns()
    for start in (START, START + 61 * SECOND):
        fed.feed((start, query_frame(question)), (start + 2_000_000, reply_frame(reply(question))))
    assert fed.shown()["xact"]["out"]["top_slow"] == [{"name": "WwW.Example", "estimate": 1}]
    assert fed.shown()["top_qname2"] == [{"name": "www.example", "estimate": 2}]


def test_binary_labels_are_shown_as_escaped_text() -> None:
    fed = dns().feed(query_frame(query(b"a\xff\x00b.example")))
    assert fed.shown()["top_qname2"] == [{"name": "a\\255\\000b.example", "estimate": 1}]


def test_types_are_named_as_iana_does() -> None:
    frames = [
        query_frame(query("a.example", number, identifier=number))
        for number in (64, 65, 128, 262, 300)
    ]
    names = {item["name"] for item in dns().feed(*frames).shown()["top_qtype"]}
    assert names == {"SVCB", "HTTPS", "NXNAME", "WALLET", "300"}
