"""Statements and openings: that it is this member's, anchored or promised. Checks 27 and 28."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from ledger.core import eip712, merkle
from ledger.core.canonical import b64u_encode
from ledger.core.ids import bytes32_ascii
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import SUBJECT, Bench, Record, file
from scripts.conformance_parts.evidence import jcs
from scripts.conformance_parts.keyed import stolen
from scripts.conformance_parts.keys import Key, seed
from scripts.conformance_parts.receipts import Sound

ISSUED = w.HEAD - w.HOUR
"""When a promise was given."""
DUE = ISSUED + 30 * w.HOUR
OPEN, MISMATCH = "undetermined", "proof-mismatch"


def dummy(b: Bench, label: str, **changes: Any) -> dict[str, Any]:
    """A statement that says nothing. changes: None: left out."""
    said = {
        "_type": "credit-ledger/dummy@1",
        "at": w.instant(w.T - w.HOUR),
        "iss": w.OWNER,
        "log": b.many.id,
        "salt": b64u_encode(seed(label)),
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def step(b: Bench, record: Record, **changes: Any) -> dict[str, Any]:
    """The first step of a case: an objection."""
    case = {
        **{"act": "file-objection", "authority": SUBJECT, "basis": None, "case": seed("case").hex()},
        **{"channel": "desk", "class": None, "day": None, "docs": [], "nationalNo": None},
        **{"note": "合成样例", "prev": None, "pushed": None, "received": "2026-11-17"},
        **{"record": record.id, "role": "unit:officer-1", "step": 1},
    }
    return {**dummy(b, "case", _type="credit-ledger/case@1"), **case, **changes}


def build(b: Bench, true: Sound) -> None:
    """All cases of the groups."""
    _statements(b, true)
    _openings(b, true)
    _promises(b)
    _promise_forms(b)


def _statements(b: Bench, true: Sound) -> None:
    said = dummy(b, "statement")
    sent = b.statement(said)
    other = dummy(b, "another statement")

    def add(
        name: str, beside: Callable[[], bytes], verdict: str, zh: str, en: str, **more: Any
    ) -> None:
        receipt = more.pop("receipt", lambda: file(b.value(sent)))
        b.add(f"statement/{name}", receipt, verdict, zh, en, kind="statement", statement=beside,
              **more)  # fmt: skip

    good = lambda: jcs(said)  # noqa: E731 - handed on many times
    add("anchored", good, "valid", "声明属于该成员，且已锚定。", "It is that member's, and anchored.")
    add("of-the-member-asked-for", good, "valid", "是所问的成员。", "Of the member asked for.",
        ask={"issuer": w.OWNER})  # fmt: skip
    add("of-another-member-than-asked-for", good, "other-subject", "不是所问的成员。",
        "Of another member than was asked for.", ask={"issuer": w.OTHER},
        code="statement-issuer-not-asked")  # fmt: skip
    for name, ask in (("subject", {"subject": SUBJECT}), ("type", {"type": "sample-penalty"}),
                      ("audience", {"audience": w.BANK}), ("day", {"asOf": w.day(w.HEAD)}),
                      ("witnesses", {"witnesses": 1})):  # fmt: skip
        add(f"asked-for-{name}", good, "other-subject", "这只能问记录。",
            "That can be asked of records only.", ask=ask, code="only-of-records")  # fmt: skip
    add("another", lambda: jcs(other), MISMATCH, "不是条目所承诺的声明。",
        "Not the statement that the entry commits to.", check="statement")  # fmt: skip
    add("beside-a-record", good, MISMATCH, "条目是记录，不是声明。", "The entry is of a record.",
        receipt=lambda: file(b.value(true.plain)), check="statement")  # fmt: skip
    foreign = dummy(b, "of another log", log=b.second.id)
    logged = b.statement(foreign)
    add("of-another-log", lambda: jcs(foreign), MISMATCH, "声明称另一日志。",
        "It names another log than its entry.", receipt=lambda: file(b.value(logged)),
        check="statement")  # fmt: skip
    claimed = dummy(b, "of another member", iss=w.OTHER)
    theirs = b.statement(claimed)
    add("of-another-member", lambda: jcs(claimed), MISMATCH, "声明称另一成员。",
        "It names another member than the owner of its log.",
        receipt=lambda: file(b.value(theirs)), code="issuer-differs")  # fmt: skip
    for name, change, verdict, zh, en in (
        ("with-a-newline", lambda: good() + b"\n", "malformed", "末尾不应有换行。",
         "A statement does not end in a newline."),
        ("with-white-space", lambda: good().replace(b",", b", "), "malformed", "有空格。", "White space."),
        ("with-more", lambda: jcs({**said, "note": ""}), "malformed", "多一个成员。", "A member too many."),
        ("without-its-salt", lambda: jcs(dummy(b, "statement", salt=None)), "malformed", "缺盐。",
         "Without its salt."),
        ("with-a-short-salt", lambda: jcs({**said, "salt": "AAAA"}), "malformed", "盐太短。",
         "A salt that is too short."),
        ("of-no-sort", lambda: jcs({**said, "_type": "credit-ledger/rumour@1"}), "malformed",
         "没有这种声明。", "There is no such sort."),
        ("of-version-2", lambda: jcs({**said, "_type": "credit-ledger/dummy@2"}), OPEN,
         "第 2 版声明。", "A statement of version 2."),
    ):  # fmt: skip
        add(name, change, verdict, zh, en, check="format")
    add("of-a-receipt-that-is-none", good, "malformed", "回执残缺。", "The receipt is malformed.",
        receipt=lambda: file(b.value(sent))[:-1], check="format")  # fmt: skip
    add("of-a-stolen-anchor", good, "key-disputed", "锚定密钥已被盗。", "Its anchor's key is disputed.",
        facts="anchor-key-stolen-at-the-anchor", check="anchor-key")  # fmt: skip
    b.add("statement/judged-as-a-record", lambda: file(b.value(sent)), "anchored",
          "只有回执：是声明的条目，不是记录。", "Its receipt alone: an entry of a statement is no record.",
          code="not-a-record")  # fmt: skip


def opening(said: Mapping[str, Any], receipt: dict[str, Any]) -> bytes:
    """An opening with a receipt."""
    value = {"_type": "credit-ledger/opening@1", "receipt": receipt, "statement": dict(said)}
    return jcs(value)


def _openings(b: Bench, true: Sound) -> None:
    said = step(b, true.plain)
    sent = b.statement(said)

    def add(name: str, make: Callable[[], bytes], verdict: str, zh: str, en: str, **m: Any) -> None:
        b.add(f"opening/{name}", make, verdict, zh, en, kind="opening", **m)

    def changed(**changes: Any) -> Callable[[], bytes]:
        """Of a step that has these members in place of its own, and was logged so."""
        other = step(b, true.plain, **changes)
        logged = b.statement(other)
        return lambda: opening(other, b.value(logged))

    def good() -> bytes:
        return opening(said, b.value(sent))

    add("anchored", good, "valid", "案件的一步，已锚定。", "A step of a case, anchored.")
    add("put-together-of-two", lambda: opening(dummy(b, "statement"), b.value(sent)), MISMATCH,
        "由两份拼成。", "Put together of two.", check="statement")  # fmt: skip
    add("with-a-presentation", lambda: opening(said, _with_presentation(b, true.plain)),
        "malformed", "声明的回执不带出示。", "A statement has nothing to present.",
        check="format")  # fmt: skip
    add("with-a-newline", lambda: good() + b"\n", "malformed", "末尾不应有换行。",
        "An opening does not end in a newline.", check="format")  # fmt: skip
    add("with-both-proofs", lambda: jcs({**_parsed(good()), "entry": sent.entry}), "malformed",
        "既有回执又有条目。", "With a receipt, and the entry of a promise.", check="format")  # fmt: skip
    add("of-version-2", lambda: good().replace(b"opening@1", b"opening@2"), OPEN, "第 2 版开启件。",
        "An opening of version 2.", code="version-unknown")  # fmt: skip
    add("of-a-receipt-of-version-2", lambda: good().replace(b"receipt@1", b"receipt@2"), OPEN,
        "其中的回执是第 2 版。", "The receipt in it is of version 2.", code="version-unknown")  # fmt: skip
    for name, changes, zh, en in (
        ("step-1-with-a-prev", {"prev": "00" * 32}, "第一步没有前一步。", "The first step has none before it."),
        ("step-2-without-a-prev", {"step": 2}, "第二步缺前一步。", "A later step names the one before."),
        ("null-where-it-may-not-be", {"note": None}, "此处不允许 null。", "null where it may not be."),
        ("note-too-long", {"note": "长" * 2001}, "说明太长。", "A note of 2,001 characters."),
        ("authority-in-small-letters", {"authority": SUBJECT.lower()}, "机关代码用了小写。",
         "The authority in small letters."),
    ):  # fmt: skip
        add(name, changed(**changes), "malformed", zh, en, check="format")


def _parsed(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = evidence.canonical.parse(data, allow_null=True)
    return found


def _with_presentation(b: Bench, record: Record) -> dict[str, Any]:
    shown = evidence.presentation(record.payload, [record.shown["P_CODE"]], w.PRESENT, ISSUED)
    return b.value(record, presentation=shown)


def promise(
    b: Bench,
    leaves: list[bytes],
    *,
    key: Key = w.ANCHOR,
    member: str = w.OWNER,
    contract: str = w.ANCHORS,
    issued: int = ISSUED,
    due: int = DUE,
    log: str | None = None,
) -> dict[str, Any]:
    """A promise of these leaves."""
    root, of = merkle.root([merkle.Digest(leaf) for leaf in leaves]), log or b.many.id
    values: dict[str, eip712.Value] = {
        "member": bytes32_ascii(member),
        "logId": bytes.fromhex(of),
        "leavesRoot": root,
        "count": len(leaves),
        "issuedAt": issued,
        "due": due,
    }
    domain = eip712.domain("LogAnchor", w.CHAIN_ID, contract)
    signature = key.sign_digest(eip712.digest(domain, "Promise", values))
    return {
        "_type": "credit-ledger/promise@1",
        "count": len(leaves),
        "due": w.instant(due),
        "issuedAt": w.instant(issued),
        "leavesRoot": root.hex(),
        "log": of,
        "signature": "0x" + signature.hex(),
    }


def promised(b: Bench, **changes: Any) -> dict[str, Any]:
    """An opening with a promise, as an object. changes: as of `promise`; said: the statement;
    and of `index`, `path`, `held`: members in place of their own."""
    said = changes.pop("said", None) or dummy(b, "promised", at=w.instant(ISSUED))
    inner = {name: changes.pop(name) for name in ("index", "path") if name in changes}
    held = changes.pop("held", {})
    entry = {
        "_type": "credit-ledger/entry@1",
        "commitment": hashlib.sha256(jcs(said)).hexdigest(),
        "kind": "statement",
        "log": said["log"],
        "suite": "sha256",
    }
    leaves = [seed(f"leaf {n}") for n in range(4)]
    leaves.insert(2, merkle.leaf_hash(jcs(entry)))
    path = merkle.inclusion_path([merkle.Digest(leaf) for leaf in leaves], 2)
    made = {**promise(b, leaves, **changes), **held}
    return {
        "_type": "credit-ledger/opening@1",
        "entry": entry,
        "promise": {"index": 2, "path": [p.hex() for p in path], "promise": made, **inner},
        "statement": said,
    }


def _promises(b: Bench) -> None:
    def add(name: str, verdict: str, code: str, zh: str, en: str, **changes: Any) -> None:
        facts, ask = changes.pop("facts", "world"), changes.pop("ask", None)
        b.add(f"promise/{name}", lambda: jcs(promised(b, **changes)), verdict, zh, en,
              kind="opening", facts=facts, ask=ask, code=code)  # fmt: skip

    def world(name: str, note: str, **changes: w.Change) -> str:
        return b.facts(f"promise-{name}", note, **changes)

    def key(**changes: Any) -> w.Change:
        return w.with_key(w.ANCHOR, **changes)

    add("that-counts", OPEN, "promised-only", "承诺到期之前算数，但从不等于已锚定。",
        "It counts until it is due, and is never as good as an anchor.")  # fmt: skip
    add("due-now", OPEN, "promised-only", "恰在到期之时。", "It is due in this very second.", due=w.NOW)
    add("overdue", OPEN, "promise-overdue", "已过期限。", "It was due a second ago.", due=w.NOW - 1)
    add("of-somebody-s-key", MISMATCH, "promise-not-signed", "由无人登记的密钥签名。",
        "Signed with a key that nobody registered.", key=w.STRANGER_K)  # fmt: skip
    add("of-a-key-for-something-else", MISMATCH, "promise-not-signed", "密钥用途不同。",
        "Signed with a key of the owner that is for something else.", key=w.CASE, facts="wide")  # fmt: skip
    add("in-the-name-of-another", MISMATCH, "promise-not-signed", "签名中的成员不是所有者。",
        "Signed in the name of another member.", member=w.OTHER)  # fmt: skip
    add("for-another-contract", MISMATCH, "promise-not-signed", "签名针对别的合约。",
        "Signed for a contract that never was LogAnchor.", contract="0x" + "ab" * 20)  # fmt: skip
    both = world("two-contracts", "Two contracts were LogAnchor, one behind the other.",
                 contracts=lambda world: {**world["contracts"], "LogAnchor": [
                     w.held(w.OLD_ANCHORS), w.held(w.ANCHORS, w.T - w.DAY)]})  # fmt: skip
    add("for-the-contract-before", OPEN, "promised-only", "签名针对曾经的 LogAnchor。",
        "Signed for a contract that once was LogAnchor.", contract=w.OLD_ANCHORS,
        facts=both)  # fmt: skip
    add("from-the-future", OPEN, "promise-in-future", "承诺的时间在未来。",
        "It is dated more than a minute ahead.", issued=w.NOW + 61, due=w.NOW + w.HOUR)  # fmt: skip
    newer = world("key-unknown", "The ANCHOR key is not registered.", keys=w.without_key(w.ANCHOR))
    add("newer-than-the-head", OPEN, "promise-newer-than-head", "晚于链头：密钥可能刚登记。",
        "It is newer than the head, and its key may have been registered since.",
        issued=w.HEAD + 10, due=w.HEAD + w.HOUR, facts=newer)  # fmt: skip
    add("of-a-key-that-is-not-there", MISMATCH, "promise-not-signed", "密钥没有登记。",
        "The same, not newer than the head.", facts=newer)  # fmt: skip
    for name, verdict, code, changes, zh, en in (
        ("before-its-key", "key-not-valid-at", "promise-key-not-valid", {"notBefore": ISSUED + 1},
         "早于密钥生效。", "Its key begins a second later."),
        ("behind-its-key", "key-not-valid-at", "promise-key-not-valid", {"notAfter": ISSUED - 1},
         "晚于密钥终止。", "Its key ended a second before."),
        ("of-a-stolen-key", "key-disputed", "promise-key-disputed", stolen(ISSUED, 199),
         "密钥已被盗。", "Its key is held to be stolen from that second on."),
        ("of-a-key-stolen-later", OPEN, "promised-only", stolen(ISSUED + 1, 199), "之后才被盗。",
         "Its key was stolen a second later."),
        ("of-a-key-not-final", "not-final", "key-not-final", {"block": 191}, "密钥登记未最终确认。",
         "The registration of its key is not final."),
    ):  # fmt: skip
        add(name, verdict, code, zh, en, facts=world(name, en, keys=key(**changes)))
    closed = world("log-closed", "The log is closed.", logs=w.with_row(
        "logs", lambda log: log["owner"] == w.OWNER, status=2, trustedSize=10**6,
        closedAt=w.HEAD - 60))  # fmt: skip
    add("of-a-closed-log", OPEN, "promise-log-closed", "日志已关闭：不会再锚定。",
        "The log was closed: nothing will be anchored by it.", facts=closed)  # fmt: skip
    add("of-an-unknown-log", "unknown-issuer", "log-unknown", "没有人登记过这个日志。",
        "Nobody registered this log.", facts="issuer-log-unknown")  # fmt: skip
    add("unread", OPEN, "no-node", "读不到链。", "The chain could not be read.",
        facts="chain-unread-no-node")  # fmt: skip
    add("asked-for-a-subject", "other-subject", "only-of-records", "这只能问记录。",
        "That can be asked of records only.", ask={"subject": SUBJECT})  # fmt: skip
    add("of-another-member-s-statement", MISMATCH, "issuer-differs", "声明称另一成员。",
        "The statement names another member than the owner of the log.",
        said=dummy(b, "promised", iss=w.OTHER))  # fmt: skip


def _promise_forms(b: Bench) -> None:
    def add(name: str, verdict: str, code: str, zh: str, en: str, **changes: Any) -> None:
        b.add(f"promise/{name}", lambda: jcs(promised(b, **changes)), verdict, zh, en,
              kind="opening", code=code)  # fmt: skip

    wrong = "promise-mismatch"
    add("path-of-another-leaf", MISMATCH, wrong, "路径属于相邻的叶子。", "The index of another leaf.",
        index=3)  # fmt: skip
    add("path-too-short", MISMATCH, wrong, "没有路径。", "No path.", path=[])
    add("root-changed", MISMATCH, wrong, "叶根被改动。", "Another root than was signed.",
        held={"leavesRoot": seed("x").hex()})  # fmt: skip
    add("of-another-log", MISMATCH, wrong, "承诺针对另一日志。", "It promises for another log.",
        log=b.second.id)  # fmt: skip
    add("put-off", MISMATCH, "promise-not-signed", "签名之后推迟了期限。", "`due` was put off behind the signature.",
        held={"due": w.instant(DUE + w.HOUR)})  # fmt: skip
    for name, held, zh, en in (
        ("of-more-than-72-hours", {"due": w.instant(ISSUED + 72 * w.HOUR + 1)}, "期限超过 72 小时。",
         "`due` is more than 72 hours behind."),
        ("due-before-it-was-given", {"due": w.instant(ISSUED - 1)}, "期限早于承诺。",
         "It was due before it was given."),
        ("of-nothing", {"count": 0}, "承诺零个叶子。", "Of no leaves."),
        ("of-too-many", {"count": 4097}, "叶子多于 4096。", "Of more than 4,096 leaves."),
        ("signed-in-64-bytes", {"signature": "0x" + "11" * 64}, "签名只有 64 字节。", "64 bytes."),
        ("with-more", {"index": 2}, "多一个成员。", "A member too many."),
    ):  # fmt: skip
        add(name, "malformed", "statement-malformed", zh, en, held=held)
    for name, held, zh, en in (
        ("of-version-2", {"_type": "credit-ledger/promise@2"}, "第 2 版承诺。", "A promise of version 2."),
    ):  # fmt: skip
        add(name, OPEN, "version-unknown", zh, en, held=held)
    for name, turn, zh, en in (
        ("with-v-of-0", lambda raw: raw[:64] + bytes([raw[64] - 27]), "v 不是 27 或 28。", "v is 0 or 1."),
        ("with-the-higher-s", _high, "s 是高位的那个。", "The higher s."),
    ):  # fmt: skip

        def make(turn: Callable[[bytes], bytes] = turn) -> bytes:
            value = promised(b)
            made = value["promise"]["promise"]
            raw = bytes.fromhex(made["signature"][2:])
            made["signature"] = "0x" + turn(raw).hex()
            return jcs(value)

        b.add(f"promise/{name}", make, MISMATCH, zh, en, kind="opening",
              code="promise-not-signed")  # fmt: skip


def _high(raw: bytes) -> bytes:
    """The same signature with the other s."""
    order = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
    s = order - int.from_bytes(raw[32:64], "big")
    return raw[:32] + s.to_bytes(32, "big") + bytes([55 - raw[64]])
