"""Files of a later version: never judged by the rules of this one, and never called malformed."""

from collections.abc import Callable, Mapping
from typing import Any

from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import Bench, Record, file
from scripts.conformance_parts.form import swap
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.receipts import Sound


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    plain = true.plain

    def add(name: str, make: Callable[[], bytes], zh: str, en: str, **more: Any) -> None:
        verdict = more.pop("verdict", "undetermined")
        code = "version-unknown" if verdict == "undetermined" else None
        b.add(f"version/{name}", make, verdict, zh, en, check="format", code=code, **more)

    def edited(old: str, new: str) -> Callable[[], bytes]:
        return lambda: swap(old.encode(), new.encode())(b.receipt(plain, show=["P_CODE"]))

    def inner(**entry: Any) -> Callable[[], bytes]:
        return lambda: file({**b.value(plain), "entry": {**plain.entry, **entry}})

    two = edited("credit-ledger/receipt@1", "credit-ledger/receipt@2")
    add("receipt-2", two, "第 2 版回执：比本程序新。", "A receipt of version 2 is newer, not bad.")
    add(
        "receipt-2-cut-short",
        lambda: _start_with_type(two())[:200],
        "第 2 版回执，只到了开头：由前 256 字节认出。",
        "Its beginning alone: the first 256 bytes tell the version.",
    )
    add(
        "receipt-2-with-a-byte-order-mark",
        lambda: b"\xef\xbb\xbf " + _start_with_type(two()),
        "带字节顺序标记的第 2 版回执。",
        "With a byte order mark and white space before it.",
    )
    add(
        "receipt-2-with-other-members",
        lambda: b'{"what":[[[[1.5]]]],"_type":"credit-ledger/receipt@2"}',
        "第 2 版的成员我们不得评判。",
        "Of what members version 2 has nothing can be said.",
    )
    add(
        "receipt-0",
        edited("credit-ledger/receipt@1", "credit-ledger/receipt@0"),
        "没有第 0 版。",
        "There is no version 0.",
        verdict="malformed",
    )
    add(
        "receipt-01",
        edited("credit-ledger/receipt@1", "credit-ledger/receipt@01"),
        "版本号不带前导零。",
        "A version has no leading zero.",
        verdict="malformed",
    )
    add(
        "receipt-of-somebody-else",
        edited("credit-ledger/receipt@1", "other-ledger/receipt@2"),
        "别家的格式不是较新的版本。",
        "A format that is not ours is no later version of one.",
        verdict="malformed",
    )
    add("entry-2", inner(_type="credit-ledger/entry@2"), "第 2 版条目。", "An entry of version 2.")
    add(
        "entry-2-without-its-members",
        lambda: file({**b.value(plain), "entry": {"_type": "credit-ledger/entry@2"}}),
        "第 2 版条目，成员不同。",
        "An entry of version 2 with members of its own.",
    )
    add("suite-sm3", inner(suite="sm3"), "未知的 suite。", "A suite that is not known: SM3.")
    add(
        "entry-2-in-a-broken-receipt",
        lambda: file({**b.value(plain, path=None), "entry": {"_type": "credit-ledger/entry@2"}}),
        "回执残缺，但其中有较新的部分：先于残缺。",
        "Something newer goes before everything that is malformed.",
    )
    add(
        "broken-without-anything-newer",
        lambda: b.receipt(plain, show=["P_CODE"], path=None),
        "残缺，且没有较新的部分。",
        "The same without anything newer is malformed.",
        verdict="malformed",
    )
    _payloads(b, plain, add)
    _lines(b, true)


def _start_with_type(data: bytes) -> bytes:
    """A canonical receipt begins with its type: `_` comes before all letters."""
    if not data.startswith(b'{"_type":"credit-ledger/receipt@'):
        raise ValueError("does not begin with its type")
    return data


def _payloads(b: Bench, plain: Record, add: Callable[..., None]) -> None:
    iat = w.T + w.HOUR

    def payload(**changes: Any) -> Callable[[], bytes]:
        made = b.record(**changes)
        return lambda: b.receipt(made)

    def header(**changes: Any) -> Callable[[], bytes]:
        return lambda: b.receipt(plain, header=changes)

    def bound(**changes: Any) -> Callable[[], bytes]:
        def make() -> bytes:
            shown = evidence.presentation(
                plain.payload, [plain.shown["P_CODE"]], w.PRESENT, iat
            )
            claims = {"aud": w.BANK, "iat": iat, "nonce": "n-1"}
            said = evidence.binding(shown, w.PRESENT, claims, **changes)
            return file(b.value(plain, presentation=shown, binding=said))

        return make

    add("payload-2", payload(vct="urn:credit-ledger:record:2"), "第 2 版载荷。", "A payload 2.")
    add(
        "payload-0",
        payload(vct="urn:credit-ledger:record:0"),
        "没有第 0 版载荷。",
        "There is no payload of version 0.",
        verdict="malformed",
    )
    add("payload-sm3", payload(_sd_alg="sm3"), "未知的摘要算法。", "A digest that is not known.")
    add(
        "payload-of-no-name",
        payload(_sd_alg="sm 3"),
        "摘要算法不是名称。",
        "What is no name of an algorithm cannot be a later one.",
        verdict="malformed",
    )
    add("alg-sm2", header(alg="SM2"), "未知的签名算法。", "An algorithm that is not known: SM2.")
    add(
        "alg-sm2-with-a-longer-header",
        header(alg="SM2", x5c="..."),
        "未知算法的头部可有别的成员。",
        "A header of a later algorithm may have members of its own.",
    )
    add("binding-sm2", bound(alg="SM2"), "绑定用了未知算法。", "A binding with SM2.")


def _lines(b: Bench, true: Sound) -> None:
    """Signature lines of a type that is not known: anybody can append one."""
    plain = true.plain

    def noted(
        record: Record = plain, name: str = "somebody.example/log", more: int = 5, **changes: Any
    ) -> Callable[[], bytes]:
        def make() -> bytes:
            size = b.anchor_of(record)["size"]
            line = evidence.signature_line(name, seed("line", more))
            note = record.log.checkpoint(size, line)
            return b.receipt(record, checkpoint=note, **changes)

        return make

    def add(name: str, make: Callable[[], bytes], verdict: str, zh: str, en: str, **m: Any) -> None:
        b.add(f"line/{name}", make, verdict, zh, en, **m)

    unknown: Mapping[str, Any] = {"check": "format", "code": "version-unknown"}
    add(
        "of-another-name",
        noted(),
        "undetermined",
        "附有未知类型的签名行：除此之外都成立。",
        "A line of a type that is not known; all else holds.",
        **unknown,
    )
    add(
        "of-a-witness-longer-than-ours",
        noted(name=f"credit-ledger/witness/{w.OTHER}", more=77),
        "undetermined",
        "见证者的行比第 1 版长。",
        "A witness's line that is longer than those of version 1.",
        **unknown,
    )

    def longer() -> bytes:
        text = plain.log.body(b.anchor_of(plain)["size"])
        line = evidence.signature_line(f"credit-ledger/{plain.log.id}", seed("long", 4 + 65))
        return b.receipt(plain, checkpoint=f"{text}\n{line}")

    add(
        "of-the-owner-longer-than-ours",
        longer,
        "undetermined",
        "所有者的签名类型未知。",
        "The owner's own signature is of a type that is not known.",
        code="version-unknown",
    )
    add(
        "hides-no-wrong-path",
        noted(index=0),
        "proof-mismatch",
        "附加的行不能掩盖不成立的证明。",
        "A line that anybody may append hides no proof that does not hold.",
        check="inclusion",
    )
    add(
        "hides-no-other-subject",
        noted(),
        "other-subject",
        "附加的行不能掩盖主体不符。",
        "Nor that it is about somebody else.",
        ask={"subject": "91910001MAYCNFMR2P"},
        check="subject",
    )
    add(
        "hides-no-act",
        noted(),
        "withdrawn",
        "附加的行不能掩盖撤销。",
        "Nor that the record was withdrawn.",
        facts="withdrawn",
        check="status",
    )
    add(
        "hides-no-key-that-was-not-valid",
        noted(iat=1_700_000_000),
        "key-not-valid-at",
        "附加的行不能掩盖当时无效的密钥。",
        "Nor a key that was not valid at that time.",
        check="presentation-signature",
    )
    add(
        "and-an-anchor-that-is-not-final",
        noted(),
        "undetermined",
        "排在一切退出码为 1 或 3 的结论之后，但先于未最终确认。",
        "It comes right behind all that speaks against the record, before `not-final`.",
        facts="anchor-not-final",
        **unknown,
    )
