"""Proofs inside a receipt that do not hold: checks 2 to 7."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

from scripts.conformance_parts import evidence, library
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import OTHER_SUBJECT, SHOWN, Bench, Record, file
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.receipts import Sound

MISMATCH = "proof-mismatch"


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    _networks(b, true)
    _trees(b, true)
    _disclosures(b, true)
    _slots(b)
    _agreement(b, true)


def flip(text: str, at: int = 0) -> str:
    """Hex with one digit changed."""
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def _networks(b: Bench, true: Sound) -> None:
    plain = true.plain
    other = w.NETWORK[:-1] + ("0" if w.NETWORK[-1] != "0" else "1")
    cases = (
        ("another-consortium", {"network": other}, "other-network", "同一条链上别人的合约。",
         "Somebody's own contracts on the same chain.", "other-network"),
        ("another-chain", {"network": w.NETWORK.replace("31337", "31338")}, "other-network",
         "另一条链上的同一地址。", "The same address on another chain.", "other-network"),
        ("moved", {"network": w.FORMERLY}, "anchor-moved", "网络迁移之前的回执：请索取新的。",
         "A receipt from before the network moved: another one is to be had.", "network-moved"),
        ("moved-and-wrong", {"network": w.FORMERLY, "index": 0}, MISMATCH,
         "迁移不能掩盖不成立的证明。", "That it moved hides no proof that does not hold.",
         "inclusion-mismatch"),
    )  # fmt: skip
    for name, changes, verdict, zh, en, code in cases:
        b.add(
            f"network/{name}",
            lambda changes=changes: b.receipt(plain, **changes),
            verdict,
            zh,
            en,
            check="inclusion" if code.startswith("inclusion") else "network",
            code=code,
        )


def _trees(b: Bench, true: Sound) -> None:
    plain = true.plain

    def path(change: Callable[[list[str]], list[str]]) -> Callable[[], bytes]:
        def make() -> bytes:
            size = b.anchor_of(plain)["size"]
            return b.receipt(plain, path=change(plain.log.path(plain.index, size)))

        return make

    def value(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[], bytes]:
        return lambda: file(change(b.value(plain)))

    def size() -> int:
        return int(b.anchor_of(plain)["size"])

    def of(log: evidence.Log) -> str:
        return log.checkpoint(len(log.entries))

    def entry(**changes: Any) -> Callable[[], bytes]:
        return value(lambda v: {**v, "entry": {**plain.entry, **changes}})

    cases: tuple[tuple[str, Callable[[], bytes], str, str, str, str], ...] = (
        ("path-flipped", path(lambda p: [flip(p[0]), *p[1:]]), "路径中一位不同。",
         "One digit of the path changed.", "inclusion", "inclusion-mismatch"),
        ("path-swapped", path(lambda p: [p[1], p[0], *p[2:]]), "路径中两项对调。",
         "Two steps of the path swapped.", "inclusion", "inclusion-mismatch"),
        ("path-short", path(lambda p: p[:-1]), "路径少一项。", "A step too few.", "inclusion",
         "inclusion-mismatch"),
        ("path-long", path(lambda p: [*p, "00" * 32]), "路径多一项。", "A step too many.",
         "inclusion", "inclusion-mismatch"),
        ("path-empty", path(lambda p: []), "没有路径。", "No path.", "inclusion",
         "inclusion-mismatch"),
        ("index-of-its-neighbour", value(lambda v: {**v, "index": v["index"] ^ 1}),
         "序号是相邻叶子的。", "The index of the leaf beside it.", "inclusion",
         "inclusion-mismatch"),
        ("index-at-size", value(lambda v: {**v, "index": v["size"]}), "序号等于大小。",
         "The index is the size: there is no such leaf.", "inclusion", "inclusion-mismatch"),
        ("size-0", value(lambda v: {**v, "size": 0, "index": 0, "path": []}), "大小为 0。",
         "A tree of size 0 holds nothing.", "inclusion", "inclusion-mismatch"),
        ("size-other-than-its-checkpoint", lambda: b.receipt(plain, size=size() - 1),
         "大小与检查点不同。", "Another size than that of its checkpoint.", "checkpoint",
         "checkpoint-mismatch"),
        ("checkpoint-of-another-log", lambda: b.receipt(plain, checkpoint=of(b.second)),
         "另一日志的检查点，签名本身成立。", "The checkpoint of another log, which is well signed.",
         "checkpoint", "checkpoint-mismatch"),
        ("entry-changed", entry(timely="no"), "条目被改动。", "The entry is another than was logged.",
         "inclusion", "inclusion-mismatch"),
        ("entry-of-another-log", entry(log=b.second.id), "条目所称的日志与回执不同。",
         "The entry names another log than the receipt.", "entry", "entry-mismatch"),
        ("receipt-of-another-log", lambda: b.receipt(plain, log=b.second.id),
         "回执称另一日志，条目和检查点不是。", "The receipt names another log than entry and checkpoint.",
         "entry", "entry-mismatch"),
        ("entry-of-another-record", value(lambda v: {**v, "entry": true.other.entry}),
         "换成另一记录的条目。", "The entry of another record.", "inclusion", "inclusion-mismatch"),
    )  # fmt: skip
    for name, make, zh, en, check, code in cases:
        b.add(f"proof/{name}", make, MISMATCH, zh, en, check=check, code=code)


def _disclosures(b: Bench, true: Sound) -> None:
    plain, other = true.plain, true.other

    def shown(change: Callable[[list[str]], list[str]]) -> Callable[[], bytes]:
        def make() -> bytes:
            said = change([plain.shown[name] for name in SHOWN])
            text = evidence.presentation(plain.payload, said, w.PRESENT, w.T + w.HOUR)
            return file(b.value(plain, presentation=text))

        return make

    def edited(at: int, field: str, value: str) -> Callable[[list[str]], list[str]]:
        def change(said: list[str]) -> list[str]:
            salt = base64.urlsafe_b64decode(said[at] + "=" * (-len(said[at]) % 4))[2:26]
            salted = base64.urlsafe_b64decode(salt)
            return [*said[:at], evidence.disclosure(salted, field, value), *said[at + 1 :]]

        return change

    def of_other() -> bytes:
        text = evidence.presentation(
            other.payload, [other.shown["P_CODE"]], w.PRESENT, w.T + w.HOUR
        )
        return file(b.value(plain, presentation=text))

    cases: tuple[tuple[str, Callable[[], bytes], str, str], ...] = (
        ("payload-of-another-record", of_other, "出示的是另一记录的载荷。",
         "The payload of another record, well signed."),
        ("value-changed", shown(edited(2, "P_CODE", OTHER_SUBJECT)), "出示的值被改动。",
         "A value that was not committed to."),
        ("field-renamed", shown(edited(0, "P_AUTH", "合成样例一号有限公司")), "字段名被改动。",
         "The same value under the name of another field."),
        ("disclosure-of-another-record", shown(lambda s: [*s, other.shown["P_AUTH"]]),
         "混入另一记录的字段。", "A field of another record among them."),
        ("disclosures-swapped", shown(lambda s: [s[1], s[0], *s[2:]]), "字段次序颠倒。",
         "Two fields in another order than their slots."),
        ("disclosure-twice", shown(lambda s: [s[0], *s]), "同一字段出示两次。",
         "A field shown twice."),
        ("disclosure-made-up", shown(lambda s: [
            *s, evidence.disclosure(seed("salt", 18), "P_NOTE", "已缴清")]),
         "自造的字段。", "A field that somebody made up."),
        ("more-disclosures-than-digests", shown(lambda s: s * 4), "出示的比摘要还多。",
         "More disclosures than there are digests."),
        ("disclosure-of-nothing", shown(lambda s: [*s, ""]), "空的出示。", "An empty disclosure."),
    )  # fmt: skip
    for name, make, zh, en in cases:
        b.add(f"disclosure/{name}", make, MISMATCH, zh, en, check="presentation")
    for name, raw, zh, en in _SPELLINGS:
        made = _committed(b, raw)
        b.add(
            f"disclosure/{name}",
            lambda made=made: b.receipt(made, show=["P_CODE", "P_NOTE"]),
            MISMATCH,
            zh,
            en,
            check="presentation",
        )


_SALT = evidence.digest(b"salt")[:24]
_SPELLINGS: tuple[tuple[str, str, str, str], ...] = (
    ("with-white-space", f'["{_SALT}", "P_NOTE", "x"]', "签发者承诺了非规范的拼写。",
     "The issuer committed to a spelling that is not canonical."),
    ("of-two-items", f'["{_SALT}","P_NOTE"]', "只有两项。", "Two items."),
    ("of-an-object", f'["{_SALT}","P_NOTE",{{"a":"b"}}]', "值是对象。", "A value that is an object."),
    ("of-a-number", f'["{_SALT}","P_NOTE",1]', "值是数字。", "A value that is a number."),
    ("of-an-empty-text", f'["{_SALT}","P_NOTE",""]', "值为空。", "An empty value."),
    ("of-an-empty-list", f'["{_SALT}","P_NOTE",[]]', "空列表。", "An empty list."),
    ("with-a-short-salt", f'["{_SALT[:20]}","P_NOTE","x"]', "盐只有 15 字节。", "A salt of 15 bytes."),
)  # fmt: skip


def _committed(b: Bench, raw: str) -> Record:
    """A record whose issuer committed to these bytes in the slot of the remarks."""
    text = evidence.b64u_encode(raw.encode())
    place = library.slots("sample-penalty@1").index("P_NOTE")

    def put(digests: list[str]) -> list[str]:
        return [*digests[:place], evidence.digest(text.encode()), *digests[place + 1 :]]

    made = b.record(digests=put)
    return Record(made.log, made.index, made.entry, made.payload, {**made.shown, "P_NOTE": text})


def _slots(b: Bench) -> None:
    slots = library.slots("sample-penalty@1")

    def hidden(field: str, slot: str, value: str) -> Record:
        """A record with a disclosure of `field` in the slot of another."""
        text = evidence.disclosure(seed(f"salt of {field}", 18), field, value)
        place = slots.index(slot)

        def put(digests: list[str]) -> list[str]:
            return [*digests[:place], evidence.digest(text.encode()), *digests[place + 1 :]]

        made = b.record({"P_CODE": None} if field == "P_CODE" else None, digests=put)
        return Record(made.log, made.index, made.entry, made.payload, {**made.shown, field: text})

    second = hidden("P_CODE", "P_NOTE", OTHER_SUBJECT)
    unknown = hidden("P_SECRET", "P_NOTE", "x")
    dropped = hidden("P_ID", "P_NOTE", "x")
    fewer = b.record(digests=lambda digests: digests[:-1])
    more = b.record(digests=lambda digests: [*digests, evidence.digest(b"one more")])
    shown: Sequence[str] = ("P_NAME", "P_CODE")
    cases: tuple[tuple[str, Record, Sequence[str], str, str], ...] = (
        ("subject-in-another-slot", second, ("P_NAME", "P_CODE"), "在备注的槽位里藏了第二个主体。",
         "A second subject hidden in the slot of the remarks."),
        ("field-that-is-no-slot", unknown, ("P_NAME", "P_CODE", "P_SECRET"), "没有这个字段。",
         "A field that the schema does not have."),
        ("field-that-is-never-shown", dropped, ("P_NAME", "P_CODE", "P_ID"), "该字段从不出示。",
         "A field that the schema marks as never disclosable."),
        ("digest-too-few", fewer, shown, "摘要少于槽位。", "A digest fewer than there are slots."),
        ("digest-too-many", more, shown, "摘要多于槽位：多出的可藏第二条记录。",
         "A digest more than there are slots: there a second record could hide."),
    )  # fmt: skip
    for name, record, show, zh, en in cases:
        b.add(
            f"slot/{name}",
            lambda record=record, show=show: b.receipt(record, show=show),
            MISMATCH,
            zh,
            en,
            check="presentation",
            code="slot-mismatch",
        )


def _agreement(b: Bench, true: Sound) -> None:
    sent = b.statement({"made": "up"})
    bad: tuple[tuple[str, Record, str, str], ...] = (
        ("entry-of-another-type", b.record(entry={"schema": "sample-permit@1"}),
         "条目与载荷的类型不同。", "Entry and payload name two types."),
        ("entry-of-another-version", b.record(entry={"schema": "sample-penalty@2"}),
         "条目与载荷的版本不同。", "Entry and payload name two versions."),
        ("period-of-another-month", b.record(entry={"period": "2026-11"}), "期间不是决定所在的月。",
         "The period is another month than that of the decision."),
        ("period-of-another-year", b.record(entry={"period": "2025"}), "期间不是决定所在的年。",
         "The period is another year."),
        ("payload-of-another-log", b.record(log=b.log, **{"log_": b.second.id}),
         "载荷称另一日志：抄来的条目。", "The payload names another log: an entry that was copied."),
        ("digest-of-another-schema", b.record(
            schema="sample-penalty@1",
            **{"schema_": "sample-penalty@1:" + library.sha256("sample-permit@1")}),
         "类型名与摘要指向两个文件。", "Name and digest stand for two schema files."),
        ("day-of-another-decision", b.record(decided="2026-10-11"), "字段中的决定日期与载荷不同。",
         "The day of the decision in its field is not that of the payload."),
        ("end-of-another-day", b.record({"P_END": "2027-06-01"}, until="2027-06-02"),
         "until 不是公示截止期与法定最长期中较早者。",
         "`until` is not the earlier of the stated end and the longest period."),
    )  # fmt: skip
    for name, record, zh, en in bad:
        b.add(
            f"agreement/{name}",
            lambda record=record: b.receipt(record, show=list(record.shown)),
            MISMATCH,
            zh,
            en,
            check="agreement" if "schema" not in name else None,
            code="values-disagree" if "digest" not in name else None,
        )
    stated = b.record({"P_END": "2027-06-01"}, until="2027-06-01")
    b.add(
        "agreement/end-that-is-stated",
        lambda: b.receipt(stated, show=list(stated.shown)),
        "valid",
        "公示截止期早于最长期：until 即该日。",
        "The stated end comes before the longest period, and is `until`.",
    )
    longer = b.record({"P_END": "2029-06-01"})
    b.add(
        "agreement/end-beyond-the-longest",
        lambda: b.receipt(longer, show=list(longer.shown)),
        "valid",
        "公示截止期晚于最长期：until 以最长期为准。",
        "The stated end lies beyond the longest period, which then counts.",
    )
    hidden = b.record({"P_END": "2027-06-01"}, until="2027-06-02")
    b.add(
        "agreement/end-that-is-hidden",
        lambda: b.receipt(hidden),
        "valid",
        "没有出示公示截止期，无从比对。",
        "A stated end that is hidden is not compared.",
    )
    b.add(
        "agreement/statement-with-a-presentation",
        lambda: file(_shown_statement(b, sent, true.plain)),
        MISMATCH,
        "声明条目不能带出示。",
        "An entry of a statement with the presentation of a record.",
        check="presentation",
    )


def _shown_statement(b: Bench, sent: Record, plain: Record) -> dict[str, Any]:
    shown = evidence.presentation(
        plain.payload, [plain.shown["P_CODE"]], w.PRESENT, w.T + w.HOUR
    )
    return b.value(sent, presentation=shown)
