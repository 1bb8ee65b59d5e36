"""Names of DNS response codes and query types, as the original writes them.

Sources: IANA "Domain Name System (DNS) Parameters"; rcode 2 is `SRVFAIL` for compatibility.
"""

from __future__ import annotations

from pktvisor.metrics import Entry

__all__ = ["QTYPES", "RCODES", "qtype_number", "qtype_text", "rcode_number", "rcode_text"]

RCODES = {
    0: "NOERROR",
    1: "FORMERR",
    2: "SRVFAIL",
    3: "NXDOMAIN",
    4: "NOTIMP",
    5: "REFUSED",
    6: "YXDOMAIN",
    7: "YXRRSET",
    8: "NXRRSET",
    9: "NOTAUTH",
    10: "NOTZONE",
    11: "DSOTYPENI",
    16: "BADVERS/BADSIG",
    17: "BADKEY",
    18: "BADTIME",
    19: "BADMODE",
    20: "BADNAME",
    21: "BADALG",
    22: "BADTRUNC",
    23: "BADCOOKIE",
}

_IN_ROWS = {
    0: "Reserved (0)",
    1: "A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP"
    " NSAP-PTR SIG KEY PX GPOS AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT"
    " APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY DHCID NSEC3 NSEC3PARAM TLSA SMIMEA",
    55: "HIP NINFO RKEY TALINK CDS CDNSKEY OPENPGPKEY CSYNC ZONEMD SVCB HTTPS DSYNC HHIT BRID",
    99: "SPF UINFO UID GID UNSPEC NID L32 L64 LP EUI48 EUI64",
    128: "NXNAME",
    249: "TKEY TSIG IXFR AXFR MAILB MAILA * URI CAA AVC DOA AMTRELAY RESINFO WALLET CLA IPN",
    32768: "TA DLV",
    65535: "Reserved (65535)",
}


def _qtypes() -> dict[int, str]:
    found: dict[int, str] = {}
    for first, names in _IN_ROWS.items():
        listed = [names] if names.startswith("Reserved") else names.split()
        found.update(enumerate(listed, first))
    return found


QTYPES = _qtypes()

_RCODE_NUMBERS = {
    "SERVFAIL": 2,
    **{name: code for code, text in RCODES.items() for name in (text, *text.split("/"))},
}
_QTYPE_NUMBERS = {"ANY": 255, **{name: code for code, name in QTYPES.items()}}


def rcode_number(item: object) -> int:
    """The response code of a name, in any case, or number; ValueError when there is none."""
    return _number("only_rcode", item, _RCODE_NUMBERS, RCODES)


def qtype_number(item: object) -> int:
    """The query type of a name, in any case, or number; ValueError when there is none."""
    return _number("only_qtype", item, _QTYPE_NUMBERS, QTYPES)


def _number(key: str, item: object, names: dict[str, int], numbers: dict[int, str]) -> int:
    text = str(item).strip()
    number = text.isascii() and text.isdigit() and len(text) < 20
    found = int(text) if number else names.get(text.upper())
    if found not in numbers:
        raise ValueError(
            f"{key}: allowed are numbers and names that IANA has assigned, not {text[:60]}"
        )
    return found


def rcode_text(entry: Entry) -> str:
    """The name of a response code, or its number."""
    return RCODES.get(entry[0], str(entry[0]))


def qtype_text(entry: Entry) -> str:
    """The name of a query type, or its number."""
    return QTYPES.get(entry[0], str(entry[0]))
