"""Statements of every sort: which members each has, of which form and within which bounds (23)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ledger.core.canonical import b64u_encode
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import SUBJECT, Bench, file
from scripts.conformance_parts.evidence import jcs
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.said import dummy

GONE = "gone"
HEX = "ab" * 32
DOC = {"name": "授权书", "salt": b64u_encode(seed("paper")), "sha256": HEX, "size": 1024}
GOOD: Mapping[str, Mapping[str, Any]] = {
    "authorisation": {
        "docs": [DOC],
        "from": "2026-11-01",
        "grantee": w.BANK,
        "purpose": "pre-loan",
        "regions": ["910000", "920000"],
        "subject": SUBJECT,
        "types": ["licence", "penalty"],
        "until": "2026-11-01",
    },
    "query": {
        "answer": HEX,
        "asker": w.BANK,
        "authorisation": None,
        "items": 0,
        "purpose": "bidding",
        "subject": SUBJECT,
    },
    "use": {"answer": HEX, "decision": "none", "product": None, "purpose": "own"},
    "report": {
        "content": HEX,
        "period": {"from": "2026-11-01", "to": "2026-11-01"},
        "subject": SUBJECT,
        "until": "2026-10-01",
    },
    "outcome": {
        "granted": "0",
        "households": 0,
        "lent": "999999999999.9999",
        "period": "2026-11",
        "product": None,
        "region": "910000",
        "seq": 1,
        "version": 4_294_967_295,
    },
    "feedback": {
        "day": "2026-11-01",
        "matter": "标",
        "measure": "限制",
        "query": HEX,
        "result": "",
    },
}
"""Members beside the common ones, at the ends of their bounds."""
WRONG: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "authorisation": {
        "without-docs": {"docs": []},
        "with-seventeen-docs": {"docs": [DOC] * 17},
        "doc-without-a-name": {"docs": [{**DOC, "name": ""}]},
        "doc-with-more": {"docs": [{**DOC, "note": ""}]},
        "doc-of-a-short-salt": {"docs": [{**DOC, "salt": "AAAA"}]},
        "ends-before-it-begins": {"until": "2026-10-31"},
        "from-no-day": {"from": "2026-02-30"},
        "for-no-purpose": {"purpose": "curiosity"},
        "of-no-regions": {"regions": []},
        "regions-out-of-order": {"regions": ["920000", "910000"]},
        "region-twice": {"regions": ["910000", "910000"]},
        "region-of-five-digits": {"regions": ["91000"]},
        "of-no-types": {"types": []},
        "types-out-of-order": {"types": ["penalty", "licence"]},
        "of-too-many-types": {"types": [f"t{n:02}" for n in range(65)]},
        "subject-too-short": {"subject": SUBJECT[:-1]},
        "grantee-null": {"grantee": None},
    },
    "query": {
        "without-its-answer": {"answer": GONE},
        "answer-in-capitals": {"answer": HEX.upper()},
        "asker-with-white-space": {"asker": "demo bank"},
        "items-true": {"items": True},
        "items-as-text": {"items": "0"},
        "subject-null": {"subject": None},
    },
    "use": {
        "of-no-decision": {"decision": "perhaps"},
        "product-of-31-bytes": {"product": HEX[2:]},
        "with-a-subject": {"subject": SUBJECT},
    },
    "report": {
        "period-that-ends-before-it-begins": {"period": {"from": "2026-11-02", "to": "2026-11-01"}},
        "period-with-more": {"period": {"from": "2026-11-01", "to": "2026-11-01", "in": ""}},
        "period-of-one-day-as-text": {"period": "2026-11-01"},
        "until-null": {"until": None},
    },
    "outcome": {
        "amount-as-a-number": {"granted": 5},
        "amount-with-a-zero-behind": {"granted": "1.50"},
        "amount-with-a-zero-in-front": {"granted": "01"},
        "amount-of-five-decimals": {"lent": "0.00001"},
        "month-13": {"period": "2026-13"},
        "seq-0": {"seq": 0},
        "version-beyond-32-bits": {"version": 4_294_967_296},
        "households-null": {"households": None},
    },
    "feedback": {
        "without-a-matter": {"matter": ""},
        "measure-too-long": {"measure": "长" * 201},
        "result-too-long": {"result": "长" * 2001},
        "result-null": {"result": None},
        "query-null": {"query": None},
    },
}
"""By sort and name: members in place of those of a good one."""


ALLOWED: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "authorisation": {"with-a-document-twice": {"docs": [DOC, DOC]}},
}
"""Likewise: what is good all the same."""


def build(b: Bench) -> None:
    """All cases of the group."""
    for sort, members in GOOD.items():
        said = _said(b, sort, members)
        sent = b.statement(said)
        add = partial(b.add, kind="statement")
        receipt = partial(lambda sent: file(b.value(sent)), sent)
        add(f"sort/{sort}", receipt, "valid", statement=partial(jcs, said))
        for name, changes in ALLOWED.get(sort, {}).items():
            also = _said(b, sort, {**members, **changes})
            beside = partial(lambda sent: file(b.value(sent)), b.statement(also))
            add(f"sort/{sort}-{name}", beside, "valid", statement=partial(jcs, also))
        for name, changes in WRONG[sort].items():
            add(
                f"sort/{sort}-{name}",
                f"sort/{sort}",
                "malformed",
                statement=partial(jcs, _said(b, sort, {**members, **changes})),
                check="format",
                code="statement-malformed",
            )


def _said(b: Bench, sort: str, members: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: one for name, one in members.items() if one != GONE}
    return {**dummy(b, f"of sort {sort}", _type=f"credit-ledger/{sort}@1"), **kept}
