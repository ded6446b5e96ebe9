"""Provinces that answer about subjects, each from a log of its own, in a world of their own.

Everything of a case is made at once, as far as the first anchor of each log reaches; what is
stated beside the answers goes in behind it, and is anchored a day later.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import b64u_encode
from ledger.core.keys import Purpose
from ledger.core.merkle import leaf_hash
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import OTHER_SUBJECT, SUBJECT, Bench, Record, file
from scripts.conformance_parts.evidence import Log, jcs
from scripts.conformance_parts.keys import Key, row, seed
from scripts.conformance_parts.promises import promised

AT = w.T + 600
"""When everybody answers: ten minutes behind the block that they go by."""
EARLY, BLOCK, LATER = 100, 120, 160
"""Blocks of the anchors: a first one of 910000, that of all, and that of what was stated later."""
FIRM, CLEAN = SUBJECT, OTHER_SUBJECT
PURPOSE = "pre-loan"
FAMILIES = ("licence", "penalty")
NONCE = b64u_encode(seed("nonce of a question", 16))
PROVINCES = (w.OWNER, w.OTHER, w.THIRD)
NOTES = {w.OWNER: w.NOTE, w.OTHER: w.OTHER_NOTE, w.THIRD: w.THIRD_NOTE} | {
    w.BUREAU: w.BUREAU_NOTE,
    w.BANK: w.BANK_NOTE,
}
ANCHORS = {w.OWNER: w.ANCHOR, w.OTHER: w.OTHER_ANCHOR, w.THIRD: w.THIRD_ANCHOR} | {
    w.BUREAU: w.BUREAU_ANCHOR,
    w.BANK: w.BANK_ANCHOR,
}
PRESENTS = {w.OWNER: w.PRESENT, w.OTHER: w.OTHER_PRESENT, w.THIRD: w.THIRD_PRESENT} | {
    w.BUREAU: w.BUREAU_PRESENT
}
PENALTY = {"P_DAY": "2026-10-12"}
PERMIT = {"Q_NAME": "合成样例一号有限公司", "Q_DOC": "样许〔2026〕4号", "Q_DAY": "2026-10-12"} | {
    "Q_TO": "2099-12-31",
    "Q_STATE": "有效",
    "Q_AUTH": "样市样局",
}
MINOR = {"class_": "minor", "until": "2027-01-12"}
WAGE = {"W_NAME": "合成样例一号有限公司", "W_DOC": "样薪〔2026〕5号", "W_DAY": "2026-10-12"} | {
    "W_AUTH": "样市样局"
}
SEEN = {"S_NAME": "合成样例一号有限公司", "S_DOC": "样示〔2026〕8号", "S_DAY": "2026-10-12"} | {
    "S_AUTH": "样市样局"
}
TO_SEE: Mapping[str, Mapping[str, Any]] = {
    "seen by a word": {"S_WORDS": "警告"},
    "seen by words in one cell": {"S_WORDS": "警告、通报批评"},
    "seen by another word": {"S_WORDS": "警告并罚款"},
    "seen by a word of one's own": {"S_WORDS": "其他-责令改正"},
    "seen by a part": {"S_ABOUT": ["涉密及保 密事项"]},
    "seen by nothing": {"S_WORDS": "罚款", "S_ABOUT": ["食品"]},
}
"""Records of whom is seen by what: fields beside those of all."""
CODES = {"sample-penalty@1": "P_CODE", "sample-permit@1": "Q_CODE", "sample-wage@1": "W_CODE"} | {
    "sample-seen@1": "S_CODE"
}
"""The field of the subject's code, which receipts show."""
FAMILY = {"sample-penalty@1": "penalty", "sample-permit@1": "licence", "sample-wage@1": "wage"}
FIRST = 2
"""Entries of 910000 that the early anchor covers."""


def question(code: str = FIRM, types: Sequence[str] = ("penalty",)) -> dict[str, Any]:
    """What is asked."""
    return {"code": code, "purpose": PURPOSE, "types": list(types)}


class Desk:
    """Logs, records and authorisations of the provinces."""

    def __init__(self, b: Bench) -> None:
        self.b = b
        self.logs = {
            code: Log(seed(f"log of {code} that answers").hex(), code, NOTES[code])
            for code in (*PROVINCES, w.BUREAU, w.BANK)
        }
        self.second = Log(seed("second log of 930000").hex(), w.THIRD, w.THIRD_NOTE)
        self.held = self._records()
        self.papers: dict[str, tuple[dict[str, Any], Record]] = {}
        for name, changes in PAPERS.items():
            self.authorise(name, **changes)
        self.held["paper"] = self.papers["by a province"][1]
        early = w.instant(w.T - 4 * w.DAY)
        self.authorise("logged again in time", again=True, at=early)
        self.sizes = {code: len(log.entries) for code, log in self.logs.items()}
        self.authorise("made after the answer", at=w.instant(AT + 61))
        self.authorise("anchored too late", at=early)
        self.authorise("logged again", again=True, at=early)
        b.others.append(self.anchors)
        b.worlds["answers"] = self.world

    def _records(self) -> dict[str, Record]:
        penalty, permit = "sample-penalty@1", "sample-permit@1"
        own = {"P_CODE": FIRM, "P_DOC": "样罚〔2023〕1号", "P_DAY": "2023-01-10"}
        old = {"decided": "2023-01-10", "until": "2026-01-10"}
        made: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
            ("penalty", w.OWNER, penalty, {"P_CODE": FIRM}, {}),
            ("permit", w.OWNER, permit, {**PERMIT, "Q_CODE": FIRM}, {}),
            (
                "unlisted",
                w.OWNER,
                permit,
                {**PERMIT, "Q_CODE": FIRM, "Q_DOC": "样许〔2026〕6号"},
                {},
            ),
            ("of another", w.OWNER, permit, {**PERMIT, "Q_CODE": CLEAN}, {}),
            ("expired", w.OWNER, penalty, own, old),
            ("wage", w.OWNER, "sample-wage@1", {**WAGE, "W_CODE": FIRM}, {}),
            ("minor", w.OWNER, penalty, {"P_CODE": FIRM, "P_DOC": "样罚〔2026〕9号"}, MINOR),
            ("permit there", w.OTHER, permit, {**PERMIT, "Q_CODE": FIRM}, {}),
            ("clean there", w.OTHER, permit, {**PERMIT, "Q_CODE": CLEAN}, {}),
            ("clean third", w.THIRD, permit, {**PERMIT, "Q_CODE": CLEAN}, {}),
            *[
                (name, w.OWNER, "sample-seen@1", {**SEEN, "S_CODE": FIRM, **fields}, {})
                for name, fields in TO_SEE.items()
            ],
        ]
        found = {
            name: self.b.record(fields, schema=schema, log=self.logs[code], **more)
            for name, code, schema, fields, more in made
        }
        clean = {**PERMIT, "Q_CODE": CLEAN, "Q_DOC": "样许〔2026〕7号"}
        found["clean second"] = self.b.record(clean, schema=permit, log=self.second)
        again = {"replaces": found["clean there"].id}
        clean = {**PERMIT, "Q_CODE": CLEAN}
        found["clean again"] = self.b.record(
            clean, schema=permit, log=self.logs[w.OTHER], entry=again
        )
        return found

    # ---- the world

    def anchors(self) -> w.Rows:
        """What covers the records at the block of the answers, and the rest a day later."""
        own = self.logs[w.OWNER]
        found = [w.anchor(own, (0, FIRST), w.ANCHOR, EARLY, w.FIRST)]
        found.append(w.anchor(self.second, (0, 1), w.THIRD_ANCHOR, BLOCK, w.T))
        for code, log in self.logs.items():
            size, whole = self._covered(code), len(log.entries)
            first = FIRST if log is own else 0
            if size:
                found.append(w.anchor(log, (first, size), ANCHORS[code], BLOCK, w.T))
            if whole > size:
                time = w.time_of(LATER)
                found.append(w.anchor(log, (size, whole), ANCHORS[code], LATER, time))
        return found

    def _covered(self, code: str) -> int:
        return self.sizes[code]

    def world(self) -> w.World:
        """The facts of all cases."""
        anchors = self.anchors()
        plain = w.worlds([*self.logs.values(), self.second], anchors)["wide"]
        keys = [
            row(w.THIRD_NOTE, w.THIRD, Purpose.NOTE),
            row(w.THIRD_PRESENT, w.THIRD, Purpose.PRESENT),
            row(w.THIRD_ANCHOR, w.THIRD, Purpose.ANCHOR),
            row(w.OTHER_CASE, w.OTHER, Purpose.CASE),
            row(w.BANK_NOTE, w.BANK, Purpose.NOTE),
            row(w.BANK_ANCHOR, w.BANK, Purpose.ANCHOR),
        ]
        return {
            **plain,
            "note": "Provinces answer about subjects, by block 120.",
            "keys": [*plain["keys"], *keys],
            "contracts": {**plain["contracts"], "Revocations": [w.held(w.REVOCATIONS)]},
            "catalogue": [*plain["catalogue"], w.item("sample-wage@1"), w.item("sample-seen@1")],
            "blocks": [{"number": number, "time": w.time_of(number)} for number in (119, 121, 195)],
            "revocations": [],
        }

    # ---- authorisations

    def authorise(self, name: str, *, again: bool = False, **changes: Any) -> None:
        """Log one. again: in place of one that was there before. changes: members in place of its
        own."""
        iss = changes.get("iss", w.BUREAU)
        said: dict[str, Any] = {
            "_type": "credit-ledger/authorisation@1",
            "at": w.instant(w.T - w.DAY),
            "docs": [{"name": "授权书", "salt": b64u_encode(seed("paper")), "sha256": "ab" * 32}],
            "from": w.day(w.T - w.DAY),
            "grantee": w.BANK,
            "iss": iss,
            "log": self.logs[iss].id,
            "purpose": PURPOSE,
            "regions": list(PROVINCES),
            "salt": b64u_encode(seed(f"authorisation {name}")),
            "subject": FIRM,
            "types": [*FAMILIES, "wage"],
            "until": w.day(w.T + 30 * w.DAY),
            **changes,
        }
        said["docs"] = [{**doc, "size": 1024} for doc in said["docs"]]
        entry = {"replaces": seed(f"before {name}").hex()} if again else {}
        self.papers[name] = (said, self.b.statement(said, self.logs[iss], **entry))

    def commitment(self, name: str) -> str:
        """What an answer names one by."""
        return str(self.papers[name][1].entry["commitment"])

    def paper(self, name: str) -> bytes:
        """The opening of one, once the logs are whole."""
        said, record = self.papers[name]
        return jcs(opened(self.b, said, record))

    def promised_paper(self, name: str, **terms: Any) -> bytes:
        """The same with a promise. terms: as of `promised`."""
        said, _ = self.papers[name]
        return jcs(self._promised(said, **terms))

    # ---- answers

    def receipt(self, name: str, *, also: Sequence[str] = (), iat: int = AT, **changes: Any) -> str:
        """The receipt that goes with a record, which shows whom it is about; that of a statement
        shows nothing. also: further fields."""
        record = self.held[name]
        if "schema" not in record.entry:
            return file(self.b.value(record)).decode()
        show = [CODES[record.entry["schema"]], *also]
        key = PRESENTS[record.log.owner]
        return self.b.receipt(record, show=show, key=key, iat=iat, **changes).decode()

    def items(self, names: Sequence[str], texts: Sequence[str]) -> list[dict[str, str]]:
        """Items of records, with the receipts that stand for them."""
        return [
            {
                "leaf": leaf_hash(jcs(self.held[name].entry)).hex(),
                "receipt": hashlib.sha256(text.encode()).hexdigest(),
            }
            for name, text in zip(names, texts, strict=True)
        ]

    def covers(self, code: str) -> list[dict[str, Any]]:
        """Every log of a member, with its size at the block."""
        found = [{"log": self.logs[code].id, "size": self.sizes[code]}]
        if code == w.THIRD:
            found.append({"log": self.second.id, "size": 1})
        return sorted(found, key=lambda one: str(one["log"]))

    def signed(
        self,
        code: str,
        names: Sequence[str],
        texts: Sequence[str],
        *,
        key: Key | None = None,
        header: Mapping[str, Any] | None = None,
        spelled: bool = True,
        **changes: Any,
    ) -> tuple[str, dict[str, Any]]:
        """An answer and what it says. header, changes: members of header and payload in place of
        their own, None of the header: left out. spelled: whether it is canonical."""
        said: dict[str, Any] = {
            "_type": "credit-ledger/answer@1",
            "at": w.instant(AT),
            "authorisation": self.commitment("good"),
            "block": BLOCK,
            "covers": self.covers(code),
            "iss": code,
            "items": self.items(names, texts),
            "nonce": NONCE,
            "question": question(),
            "to": w.BANK,
            **changes,
        }
        by = key or PRESENTS[code]
        head = {"alg": by.jws_alg, "iat": AT, "kid": by.id, "typ": "credit-ledger-answer+jws"}
        head = {name: one for name, one in {**head, **(header or {})}.items() if one is not None}
        payload = jcs(said)
        return evidence.jws(head, payload if spelled else payload + b" ", by), said

    def given(
        self,
        code: str,
        names: Sequence[str],
        *,
        texts: Sequence[str] | None = None,
        query: Mapping[str, Any] | None = None,
        terms: Mapping[str, Any] | None = None,
        anchored: bool = False,
        again: bool = False,
        sent: Sequence[str] | None = None,
        **changes: Any,
    ) -> "Given":
        """What a member hands over. texts: the receipts that its items name, sent: those that go
        with it. query: members of the query in place of its own. terms: of its promise; anchored:
        it has a receipt, again: in place of one that was there before. changes: as of `signed`."""
        own = [self.receipt(name) for name in names] if texts is None else texts
        jws, said = self.signed(code, names, own, **changes)
        asked = said["question"]
        stated = {
            "_type": "credit-ledger/query@1",
            "answer": hashlib.sha256(jws.encode()).hexdigest(),
            "asker": said["to"],
            "at": said["at"],
            "authorisation": said["authorisation"],
            "iss": code,
            "items": len(said["items"]),
            "log": self.logs[code].id,
            "purpose": asked["purpose"],
            "salt": b64u_encode(seed("query " + jws)),
            "subject": asked["code"],
            **(query or {}),
        }
        entry = {"replaces": seed("before " + jws).hex()} if again else {}
        record = self.b.statement(stated, self.logs[code], **entry) if anchored else None
        promise = None if anchored else self._promised(stated, **(terms or {}))
        return Given(
            b=self.b,
            jws=jws,
            said=said,
            stated=stated,
            record=record,
            promise=promise,
            receipts=own if sent is None else sent,
        )

    def _promised(self, said: dict[str, Any], **terms: Any) -> dict[str, Any]:
        code = said["iss"]
        common: dict[str, Any] = {
            "issued": AT,
            "due": AT + 30 * w.HOUR,
            "key": ANCHORS[code],
            "member": code,
        }
        return promised(self.b, said=said, **{**common, "log": said["log"], **terms})


@dataclass(frozen=True, kw_only=True)
class Given:
    """An answer as it is handed over, made once the logs are whole. said: what it says. stated: its
    query, logged as `record`, or in an opening with a `promise`."""

    b: Bench
    jws: str
    said: dict[str, Any]
    stated: dict[str, Any]
    record: Record | None
    promise: dict[str, Any] | None
    receipts: Sequence[str]

    def value(self, **changes: Any) -> dict[str, Any]:
        """The object. changes: members in place of its own."""
        opening = self.promise
        if self.record is not None:
            opening = opened(self.b, self.stated, self.record)
        whole = {"answer": self.jws, "opening": opening, "receipts": list(self.receipts)}
        return {**whole, **changes}

    def file(self) -> bytes:
        """The same as a file."""
        return jcs(self.value())


def opened(b: Bench, said: Mapping[str, Any], record: Record) -> dict[str, Any]:
    """The opening of a statement that is logged."""
    return {
        "_type": "credit-ledger/opening@1",
        "receipt": b.value(record),
        "statement": dict(said),
    }


PAPERS: Mapping[str, Mapping[str, Any]] = {
    "good": {},
    "by a province": {"iss": w.OTHER},
    "of another subject": {"subject": CLEAN},
    "for another purpose": {"purpose": "post-loan"},
    "of other types": {"types": ["licence", "wage"]},
    "of other regions": {"regions": [w.OTHER, w.THIRD]},
    "for another member": {"grantee": w.OTHER},
    "by its own grantee": {"grantee": w.BUREAU},
    "by a bank": {"iss": w.BANK, "grantee": w.OTHER},
    "ended the day before": {"until": w.day(AT - w.DAY)},
    "ends on that day": {"until": w.day(AT)},
    "begins the day after": {"from": w.day(AT + w.DAY)},
    "of the clean firm": {"subject": CLEAN},
}
"""Authorisations by name: members in place of those of a good one."""
