"""Requests between members (RFC 9421): who is let in, and with which code who is not."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from ledger.core.canonical import b64_encode, b64u_encode
from ledger.core.keys import Purpose
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import Bench
from scripts.conformance_parts.evidence import jcs
from scripts.conformance_parts.keys import Key, row, seed

PATH = "/v1/exchange/record"
COMPONENTS = ('"@method"', '"@path"', '"@query"', '"content-digest"', '"credit-ledger-to"')
ALGS = {2: "ed25519", 3: "ecdsa-p256-sha256"}
NONCE = b64u_encode(seed("nonce", 16))
BODY = jcs({"recordId": seed("record").hex()})


def digest(body: bytes) -> str:
    """Content-Digest."""
    return f"sha-256=:{b64_encode(hashlib.sha256(body).digest())}:"


def request(
    key: Key = w.BANK_REQUEST,
    *,
    body: bytes = BODY,
    sent: bytes | None = None,
    path: str = PATH,
    signed_path: str | None = None,
    to: str = w.OWNER,
    signed_to: str | None = None,
    components: Sequence[str] = COMPONENTS,
    label: str = "sig",
    left_out: Sequence[str] = (),
    more: str = "",
    edit: Callable[[list[str]], list[str]] = list,
    **parameters: Any,
) -> bytes:
    """A request as it comes over the wire. sent: another body than the signed one. signed_path,
    signed_to: others than those sent. left_out: parameters. more: text behind the parameters.
    edit: changes the lines."""
    values: dict[str, Any] = {
        "created": w.NOW - 5,
        "expires": w.NOW + 25,
        "nonce": NONCE,
        "keyid": key.id,
        "alg": ALGS[int(key.alg)],
        "tag": "credit-ledger/1",
        **parameters,
    }
    written = "".join(
        f";{name}={one if isinstance(one, int) else chr(34) + str(one) + chr(34)}"
        for name, one in values.items()
        if name not in left_out
    )
    inner = f"({' '.join(components)}){written}{more}"
    lines = {
        '"@method"': "POST",
        '"@path"': signed_path or path.partition("?")[0],
        '"@query"': "?",
        '"content-digest"': digest(body),
        '"credit-ledger-to"': signed_to or to,
        '"host"': "member.example",
    }
    base = "".join(f"{name}: {lines[name]}\n" for name in components)
    signature = key.sign(f'{base}"@signature-params": {inner}'.encode())
    whole = body if sent is None else sent
    head = [
        f"POST {path} HTTP/1.1",
        "Host: member.example",
        "Content-Type: application/json",
        f"Content-Length: {len(whole)}",
        f"Content-Digest: {digest(body)}",
        f"Credit-Ledger-To: {to}",
        f"Signature-Input: {label}={inner}",
        f"Signature: {label}=:{b64_encode(signature)}:",
    ]
    return "\r\n".join([*edit(head), "", ""]).encode() + whole


def build(b: Bench) -> None:
    """All cases of the group."""
    keys = [
        row(w.BANK_REQUEST, w.BANK, Purpose.REQUEST),
        row(w.OTHER_REQUEST, w.OTHER, Purpose.REQUEST),
        row(w.OTHER_PRESENT, w.OTHER, Purpose.PRESENT),
        row(w.REQUEST, w.OWNER, Purpose.REQUEST),
    ]
    members = [w.member(w.OWNER, 1), w.member(w.OTHER, 1), w.member(w.BANK, 4, region="")]
    taken = b64u_encode(seed("a nonce that was taken", 16))
    plain: dict[str, Any] = {
        **{"us": w.OWNER, "keys": keys, "members": members, "logs": [], "anchors": []},
        **{"roots": [], "catalogue": []},
        "nonces": [{"keyId": w.BANK_REQUEST.id, "nonce": taken}],
    }
    b.facts("exchange", "Requests that 910000 receives.", **plain)

    def add(name: str, verdict: str, zh: str, en: str, **changes: Any) -> None:
        facts = changes.pop("facts", "exchange")
        b.add(f"request/{name}", lambda: request(**changes), verdict, zh, en, kind="request",
              facts=facts)  # fmt: skip

    def world(name: str, en: str, **changes: w.Change) -> str:
        return b.facts(f"exchange-{name}", en, **{**plain, **changes})

    _good(add, taken)
    _forms(add)
    _heads(add)
    _standing(add, world, keys, members)
    add("replayed", "signature-replayed", "随机数已用过。", "Its nonce was taken with this key.", nonce=taken)
    add("body-changed", "digest-differs", "正文被改动。", "Another body than was signed.",
        sent=BODY.replace(b'"', b' "', 1))  # fmt: skip
    add("body-missing", "digest-differs", "正文没有了。", "Its body is gone.", sent=b"")
    add("replayed-with-another-body", "digest-differs", "先看正文，再看随机数。",
        "The body comes before the nonce.", nonce=taken, sent=b"{}")  # fmt: skip


Add = Callable[..., None]


def _good(add: Add, taken: str) -> None:
    add("good", "accepted", "合格的请求。", "A request as it must be.")
    add("good-with-p-256", "accepted", "P-256 签名的请求。", "Signed with P-256.", key=w.OTHER_REQUEST)
    add("good-in-another-order", "accepted", "参数的次序不限。", "Parameters in another order.",
        left_out=("created", "expires"), more=f";expires={w.NOW + 25};created={w.NOW - 5}")  # fmt: skip
    add("good-with-a-nonce-of-another", "accepted", "随机数是别的密钥用过的。",
        "A nonce that was taken with another key.", key=w.OTHER_REQUEST, nonce=taken)  # fmt: skip


def _forms(add: Add) -> None:
    def without(*names: str) -> Callable[[list[str]], list[str]]:
        return lambda lines: [one for one in lines if not one.startswith(tuple(names))]

    def edited(name: str, old: str, new: str) -> Callable[[list[str]], list[str]]:
        def change(lines: list[str]) -> list[str]:
            found = [one.replace(old, new) if one.startswith(name) else one for one in lines]
            if found == lines:
                raise ValueError(f"nothing to change: {old}")
            return found

        return change

    missing, form = "signature-missing", "signature-form"
    add("unsigned", missing, "没有签名。", "No signature.", edit=without("Signature"))
    add("without-signature-input", missing, "缺 Signature-Input。", "A signature without what it covers.",
        edit=without("Signature-Input"))  # fmt: skip
    add("two-signatures", "signature-several", "两个签名。", "Two signatures.", edit=lambda lines: [
        one + one.partition(":")[2].replace(" sig=", ", two=", 1)
        if one.startswith("Signature") else one for one in lines])  # fmt: skip
    add("another-label", form, "标签不是 sig。", "Another label than sig.", label="sig1")
    order = [COMPONENTS[0], COMPONENTS[2], COMPONENTS[1], *COMPONENTS[3:]]
    add("components-in-another-order", form, "组成的次序不同。", "Its components in another order.",
        components=order)  # fmt: skip
    add("component-too-few", form, "没有覆盖收件成员。", "The member asked is not covered.",
        components=COMPONENTS[:-1])  # fmt: skip
    add("component-too-many", form, "多覆盖了一项。", "A component too many.",
        components=(*COMPONENTS, '"host"'))  # fmt: skip
    for name in ("created", "expires", "nonce", "keyid", "alg", "tag"):
        add(f"without-{name}", form, f"缺参数 {name}。", f"Without `{name}`.", left_out=(name,))
    add("parameter-too-many", form, "多一个参数。", "A parameter too many.", more=";x=1")
    add("parameter-twice", form, "参数出现两次。", "A parameter twice.", more=f";created={w.NOW}")
    add("another-tag", form, "标记不同。", "Another tag.", tag="credit-ledger/2")
    add("tag-of-an-answer", form, "标记是答复的。", "The tag of an answer.", tag="credit-ledger/1-answer")
    add("another-algorithm", form, "算法不在其中。", "An algorithm that is none of the two.",
        alg="hmac-sha256")  # fmt: skip
    add("nonce-of-15-bytes", form, "随机数只有 15 字节。", "A nonce of 15 bytes.",
        nonce=b64u_encode(bytes(15)))  # fmt: skip
    add("nonce-padded", form, "随机数有填充。", "A nonce with padding.", nonce=NONCE + "==")
    add("keyid-in-capitals", form, "keyid 用了大写。", "keyid in capitals.",
        keyid=w.BANK_REQUEST.id.upper())  # fmt: skip
    add("created-as-text", form, "created 是文本。", "`created` is a text.", created=str(w.NOW))
    add("created-with-decimals", form, "created 带小数。", "`created` with a fraction.",
        left_out=("created",), more=f";created={w.NOW}.5")  # fmt: skip
    add("signature-as-text", form, "签名不是字节。", "The signature is no byte sequence.",
        edit=edited("Signature:", "=:", '="'))  # fmt: skip
    add("white-space-between-parameters", form, "参数之间有空格：不是唯一拼写。",
        "White space before a parameter: not its one spelling.", edit=edited(
            "Signature-Input", ";nonce", "; nonce"))  # fmt: skip
    add("without-digest", form, "缺 Content-Digest。", "Without Content-Digest.",
        edit=without("Content-Digest"))  # fmt: skip
    add("without-to", form, "缺收件成员。", "Without Credit-Ledger-To.", edit=without("Credit-Ledger-To"))


def _heads(add: Add) -> None:
    invalid = "signature-invalid"
    add("for-another-member", "other-member", "收件的是别人。", "It is for somebody else.", to=w.OTHER)
    add("handed-on", invalid, "转交的请求：收件成员被改动。", "For another, who hands it on in our name.",
        signed_to=w.OTHER)  # fmt: skip
    add("a-minute-ahead", "accepted", "created 领先一分钟。", "`created` is a minute ahead.",
        created=w.NOW + 60, expires=w.NOW + 60)  # fmt: skip
    add("more-than-a-minute-ahead", "signature-early", "created 领先一分零一秒。", "It is a second more.",
        created=w.NOW + 61, expires=w.NOW + 62)  # fmt: skip
    add("a-life-of-a-minute", "accepted", "有效期恰为一分钟。", "It lives for a minute.",
        created=w.NOW - 60, expires=w.NOW)  # fmt: skip
    add("too-long-a-life", "signature-lifetime", "有效期超过一分钟。", "It would live a second more.",
        created=w.NOW - 60, expires=w.NOW + 1)  # fmt: skip
    add("ends-before-it-begins", "signature-lifetime", "终止早于开始。", "`expires` is before `created`.",
        created=w.NOW, expires=w.NOW - 1)  # fmt: skip
    add("expired", "signature-expired", "已过期。", "`expires` has gone by.", created=w.NOW - 30,
        expires=w.NOW - 1)  # fmt: skip
    add("for-another-and-expired", "other-member", "先看收件成员。", "Whom it is for comes first.",
        to=w.OTHER, created=w.NOW - 3600, expires=w.NOW - 3590)  # fmt: skip
    add("of-nobody", "request-key-unknown", "密钥没有登记。", "A key that nobody registered.",
        key=w.STRANGER_ED)  # fmt: skip
    add("of-a-key-for-something-else", "request-key-unknown", "密钥用途不同。",
        "A key that is registered for something else.", key=w.OTHER_PRESENT)  # fmt: skip
    add("forged", invalid, "冒用登记密钥的编号。", "It names a registered key, and another made it.",
        key=w.STRANGER_ED, keyid=w.BANK_REQUEST.id)  # fmt: skip
    add("of-another-algorithm", invalid, "算法与登记的不符。", "Another algorithm than that of its key.",
        alg="ecdsa-p256-sha256")  # fmt: skip
    add("another-path", invalid, "路径被改动。", "Sent to another path.", path="/v1/exchange/check",
        signed_path=PATH)  # fmt: skip
    add("with-a-query", invalid, "附加了查询。", "A query was added.", path=PATH + "?a=1")
    add("digest-changed", invalid, "摘要被改动。", "The digest was changed behind the signature.",
        edit=lambda lines: [one if not one.startswith("Content-Digest") else
                            f"Content-Digest: {digest(b'another')}" for one in lines])  # fmt: skip
    add("dated-otherwise", invalid, "签名之后改了 created。", "`created` was changed behind the signature.",
        edit=lambda lines: [one.replace(f"created={w.NOW - 5}", f"created={w.NOW - 4}")
                            for one in lines])  # fmt: skip


def _standing(add: Add, world: Any, keys: w.Rows, members: w.Rows) -> None:
    def with_bank(**changes: Any) -> w.Rows:
        return [{**keys[0], **changes}, *keys[1:]]

    def status(code: int) -> w.Rows:
        return [{**one, "status": code} if one["code"] == w.BANK else one for one in members]

    ahead = {"head": lambda of: {**of["head"], "time": w.NOW + 30}}
    for name, verdict, changes, zh, en in (
        ("key-ended", "request-key-not-valid", {"keys": with_bank(notAfter=w.NOW - 1)}, "密钥已终止。",
         "Its key has ended."),
        ("key-ends-now", "accepted", {"keys": with_bank(notAfter=w.NOW)}, "密钥恰在此时终止。",
         "Its key ends in this second."),
        ("key-not-begun", "request-key-not-valid", {"keys": with_bank(notBefore=w.NOW + 1)},
         "密钥尚未生效。", "Its key has not begun."),
        ("key-stolen", "request-key-not-valid", {"keys": with_bank(compromisedSince=w.NOW)},
         "密钥被认为已被盗。", "Its key is held to be stolen."),
        ("key-ended-by-the-chain", "request-key-not-valid",
         {"keys": with_bank(notAfter=w.NOW + 29), **ahead}, "按区块时间密钥已终止。",
         "By the block's time its key has ended."),
        ("suspended", "member-not-active", {"members": status(2)}, "成员被暂停。", "Its member is suspended."),
        ("retired", "member-not-active", {"members": status(3)}, "成员已退出。", "Its member has retired."),
        ("key-ended-and-suspended", "request-key-not-valid",
         {"keys": with_bank(notAfter=w.NOW - 1), "members": status(2)}, "先看密钥。",
         "The key comes before its member."),
    ):  # fmt: skip
        add(name, verdict, zh, en, facts=world(name, en, **changes))
    add("forged-of-a-suspended-member", "signature-invalid", "先看签名。",
        "The signature comes before what the chain is asked.", key=w.STRANGER_ED,
        keyid=w.BANK_REQUEST.id, facts="exchange-suspended")  # fmt: skip
