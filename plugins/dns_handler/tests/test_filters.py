"""What filters of `dns` 1.0 keep, and how what they reject is counted."""

from __future__ import annotations

from typing import Any

import pytest

from pktvisor_sdk.dns import query, reply
from pktvisor_sdk.dns_frames import CLIENT, query_frame, reply_frame, tcp_queries, tcp_start
from pktvisor_sdk.feeding import Fed

QUESTION = query("www.example.org")
NXDOMAIN = reply(QUESTION, rcode=3, answers=0)


def dns(version: str = "1.0", **options: Any) -> Fed:
    return Fed("dns", version, host_spec=f"{CLIENT}/32", **options)


def wire(fed: Fed) -> dict[str, int]:
    found: dict[str, int] = fed.shown()["wire_packets"]
    return found


def test_a_rejected_message_is_an_event_and_nothing_else() -> None:
    found = wire(
        dns(config={"only_queries": True}).feed(query_frame(QUESTION), reply_frame(NXDOMAIN))
    )
    assert (found["events"], found["filtered"], found["total"]) == (2, 1, 1)
    assert (found["replies"], found["nxdomain"]) == (0, 0)


def test_over_udp_only_rcode_does_not_even_see_what_it_does_not_want() -> None:
    found = wire(dns(config={"only_rcode": 3}).feed(query_frame(QUESTION), reply_frame(NXDOMAIN)))
    assert (found["events"], found["filtered"], found["nxdomain"]) == (1, 0, 1)


def test_over_tcp_only_rcode_rejects_what_it_does_not_want() -> None:
    found = wire(dns(config={"only_rcode": 3}).feed(tcp_start(), tcp_queries(QUESTION)))
    assert (found["events"], found["filtered"], found["total"]) == (1, 1, 0)


def test_behind_another_handler_only_rcode_rejects_over_udp_too() -> None:
    inner = dns(config={"only_rcode": 3})
    dns(chained=inner).feed(query_frame(QUESTION), reply_frame(NXDOMAIN))
    found = wire(inner)
    assert (found["events"], found["filtered"], found["total"]) == (2, 1, 1)


def test_exclude_noerror_rejects_queries_and_makes_only_rcode_void() -> None:
    fed = dns(config={"exclude_noerror": True, "only_rcode": [0]})
    found = wire(fed.feed(query_frame(QUESTION), reply_frame(NXDOMAIN)))
    assert (found["filtered"], found["nxdomain"], found["queries"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ({"only_qtype": ["AAAA"]}, ["six.example.org"]),
        ({"only_qtype": [1]}, ["four.example.org"]),
        ({"only_qname": ["FOUR.example.org."]}, ["four.example.org"]),
        ({"only_qname": ["example.org"]}, []),
        ({"only_qname_suffix": ["x.example.ORG"]}, ["six.example.org"]),
        ({"only_qname_suffix": [".example.org"]}, ["four.example.org", "six.example.org"]),
        ({"answer_count": 0}, ["four.example.org", "six.example.org"]),
        ({"answer_count": 1}, []),
        ({"only_dnssec_response": True}, []),
        ({"geoloc_notfound": True}, []),
        ({"exclude_noerror": False}, ["four.example.org", "six.example.org"]),
    ],
)
def test_a_filter_keeps_the_messages_it_names(config: dict[str, Any], kept: list[str]) -> None:
    fed = dns(config=config)
    fed.feed(
        query_frame(query("four.example.org")),
        query_frame(query("six.example.org", 28, identifier=2)),
    )
    assert wire(fed)["total"] == len(kept)
    names = {item["name"] for item in fed.shown()["top_qname3"] + fed.shown()["top_qname2"]}
    assert names - {".example.org"} == set(kept)


def test_a_message_without_a_readable_question_fails_filters_of_names_and_types() -> None:
    broken = QUESTION[:-3]
    for config in ({"only_qtype": ["A"]}, {"only_qname_suffix": ["org"]}):
        assert wire(dns(config=config).feed(query_frame(broken)))["filtered"] == 1


def test_a_name_beyond_ascii_in_a_filter_means_its_form_on_the_wire() -> None:
    fed = dns(config={"only_qname": ["Bücher.example"]})
    assert wire(fed.feed(query_frame(query("xn--bcher-kva.example"))))["total"] == 1


def test_a_suffix_filter_makes_its_suffix_count_as_one_label() -> None:
    fed = dns(config={"only_qname_suffix": [".co.example"]}).feed(
        query_frame(query("a.b.co.example"))
    )
    assert fed.shown()["top_qname2"] == [{"name": ".b.co.example", "estimate": 1}]


def test_public_suffixes_count_as_one_label() -> None:
    fed = dns(config={"public_suffix_list": True})
    fed.feed(
        query_frame(query("www.shop.co.uk")), query_frame(query("www.example.org", identifier=2))
    )
    names = {item["name"] for item in fed.shown()["top_qname2"]}
    assert names == {".shop.co.uk", ".example.org"}


def test_rejected_messages_repeat_the_deep_flag_before_them() -> None:
    # The first draw at 50 % is deep, the second is not: three rejected ones follow each.
    frames = [
        query_frame(query("a.example")),
        *[reply_frame(NXDOMAIN)] * 3,
        query_frame(query("b.example")),
    ]
    fed = dns(config={"only_queries": True}, deep_sample_rate=50)
    assert wire(fed.feed(*frames, *[reply_frame(NXDOMAIN)] * 3))["deep_samples"] == 4


def test_filters_give_the_same_counts_however_the_stream_is_cut() -> None:
    frames = [
        query_frame(QUESTION),
        reply_frame(NXDOMAIN),
        tcp_start(),
        tcp_queries(QUESTION, query("b.example")),
    ]
    config = {"only_qname": ["b.example"]}
    whole, cut = dns(config=config).feed(*frames), dns(config=config)
    for frame in frames:
        cut.feed(frame)
    assert wire(cut) == wire(whole)
    assert wire(whole)["filtered"] == 1


def test_what_passes_is_handed_on_with_one_row_for_each_message() -> None:
    inner = dns()
    outer = dns(config={"only_qname_suffix": [".keep.example"]}, chained=inner)
    outer.feed(
        query_frame(query("a.keep.example")),
        query_frame(query("b.drop.example")),
        tcp_start(),
        tcp_queries(query("c.keep.example"), query("d.drop.example"), query("e.keep.example")),
    )
    assert wire(outer)["filtered"] == 2
    assert (wire(inner)["events"], wire(inner)["udp"], wire(inner)["tcp"]) == (3, 1, 2)
