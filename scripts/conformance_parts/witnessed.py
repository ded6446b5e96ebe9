"""Cosignatures: check 26. Anybody can append one, so what it leaves open comes after all else."""

from typing import Any

from ledger.core.keys import Purpose
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import OTHER_SUBJECT, Bench
from scripts.conformance_parts.keyed import stolen
from scripts.conformance_parts.keys import Key
from scripts.conformance_parts.receipts import Sound, cosigned

AT = w.T + w.HOUR
LINE = {"check": "witnesses", "code": "witness-not-verified"}


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    plain = true.plain

    def signed(key: Key, member: str, time: int = AT) -> Any:
        def make() -> bytes:
            text = plain.log.body(b.anchor_of(plain)["size"])
            note = plain.log.checkpoint(
                b.anchor_of(plain)["size"], evidence.witness_line(text, key, member, time)
            )
            return b.receipt(plain, checkpoint=note)

        return make

    def broken() -> bytes:
        note = cosigned(b, plain, w.OTHER)
        head, _, line = note.rstrip("\n").rpartition(" ")
        blob = bytearray(evidence.base64.b64decode(line))
        blob[-1] ^= 1
        return b.receipt(plain, checkpoint=f"{head} {evidence.b64_encode(bytes(blob))}\n")

    def add(name: str, verdict: str, zh: str, en: str, made: Any, **more: Any) -> None:
        b.add(f"witness/{name}", made, verdict, zh, en, **{"facts": "wide", **more})

    one = signed(w.OTHER_WITNESS, w.OTHER)
    add("one", "valid", "一位见证者。", "One witness, and none was asked for.", one)
    add("too-few", "undetermined", "要求两位，只有一位。", "Two were asked for.", "witness/one",
        ask={"witnesses": 2}, check="witnesses", code="witnesses-too-few")  # fmt: skip
    add("none", "undetermined", "要求一位，一位也没有。", "One was asked for, and there is none.",
        "receipt/whole", ask={"witnesses": 1}, check="witnesses", code="witnesses-too-few")  # fmt: skip
    for name, made, zh, en in (
        ("signature-that-does-not-hold", broken, "联署不成立。", "Its signature does not hold."),
        ("of-nobody", signed(w.STRANGER_ED, "999999"), "无此成员。", "Of a member that nobody registered."),
        ("of-another-s-key", signed(w.THIRD_WITNESS, w.OTHER), "用了别人的密钥。",
         "In the name of one member with the key of another."),
        ("of-the-owner", signed(w.NOTE, w.OWNER), "所有者不能见证自己。", "An owner is no witness of itself."),
        ("of-a-key-for-something-else", signed(w.OTHER_NOTE, w.OTHER), "密钥用途不同。",
         "With a key of that member that is for something else."),
        ("more-than-a-minute-ahead", signed(w.OTHER_WITNESS, w.OTHER, w.HEAD + 61), "时间在未来。",
         "Made more than a minute after the head."),
        ("before-its-key", signed(w.OTHER_WITNESS, w.OTHER, 1_789_999_999), "早于密钥生效。",
         "Made before its key began."),
    ):  # fmt: skip
        add(name, "undetermined", zh, en, made, **LINE)
    add("a-minute-ahead", "valid", "恰好领先一分钟。", "Made a minute after the head.",
        signed(w.OTHER_WITNESS, w.OTHER, w.HEAD + 60))  # fmt: skip
    _of_facts(b)
    add("hides-no-act", "withdrawn", "不成立的联署不能掩盖撤销。",
        "A line that does not hold hides no act.", broken, facts="withdrawn",
        check="status")  # fmt: skip
    add("hides-no-other-subject", "other-subject", "也不能掩盖主体不符。",
        "Nor that it is about somebody else.", "witness/signature-that-does-not-hold",
        ask={"subject": OTHER_SUBJECT}, check="subject")  # fmt: skip
    day = w.day(w.T)
    late = w.end_of(day)
    add("behind-that-day", "undetermined", "在所问之日之后联署。", "Made behind the day asked about.",
        signed(w.OTHER_WITNESS, w.OTHER, late), ask={"asOf": day}, now="valid", **LINE)  # fmt: skip
    add("in-the-last-second-of-that-day", "valid", "在该日最后一秒联署。",
        "Made in the last second of that day.", signed(w.OTHER_WITNESS, w.OTHER, late - 1),
        ask={"asOf": day}, now="valid")  # fmt: skip


def _of_facts(b: Bench) -> None:
    def key(**changes: Any) -> w.Change:
        return w.with_key(w.OTHER_WITNESS, **changes)

    def status(code: int) -> w.Change:
        return w.with_row("members", lambda one: one["code"] == w.OTHER, status=code)

    for name, verdict, facts, zh, en in (
        ("suspended", "undetermined", {"members": status(2)}, "见证者被暂停。", "Its member is suspended."),
        ("retired", "undetermined", {"members": status(3)}, "见证者已退出。", "Its member has retired."),
        ("not-final", "undetermined", {"keys": key(block=191)}, "密钥登记未最终确认。",
         "The registration of its key is not final."),
        ("of-p-256", "undetermined", {"keys": key(alg=3)}, "密钥的算法不是 Ed25519。",
         "Its key is registered for another algorithm."),
        ("of-a-key-registered-for-notes", "undetermined", {"keys": key(purpose=int(Purpose.NOTE))},
         "密钥登记为别的用途。", "Its key is registered for something else."),
        ("stolen-by-then", "undetermined", {"keys": key(**stolen(AT))}, "联署时密钥已被盗。",
         "Its key is held to be stolen from that second on."),
        ("stolen-later", "valid", {"keys": key(**stolen(AT + 1))}, "联署之后密钥才被盗。",
         "It was stolen a second later."),
        ("ended", "valid", {"keys": key(notAfter=AT)}, "密钥恰在联署时终止。",
         "Its key ends in that very second."),
        ("ended-before", "undetermined", {"keys": key(notAfter=AT - 1)}, "密钥在联署之前已终止。",
         "Its key ended a second before."),
    ):  # fmt: skip
        made = b.facts(f"witness-{name}", en, "wide", **facts)
        why = LINE if verdict != "valid" else {}
        b.add(f"witness/{name}", "witness/one", verdict, zh, en, facts=made, **why)
