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
    by: str = w.BANK,
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
        "keyid": f"{by}/{key.id}",
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

    def add(name: str, verdict: str, **changes: Any) -> None:
        facts = changes.pop("facts", "exchange")
        b.add(f"request/{name}", lambda: request(**changes), verdict, kind="request", facts=facts)

    def world(name: str, **changes: w.Change) -> str:
        note = b.reason(f"request/{name}")["en"]
        return b.facts(f"exchange-{name}", note, **{**plain, **changes})

    _good(add, taken)
    _forms(add)
    _heads(add)
    _copied(add, world, keys, members)
    _standing(add, world, keys, members)
    add("replayed", "signature-replayed", nonce=taken)
    add("body-changed", "digest-differs", sent=BODY.replace(b'"', b' "', 1))
    add("body-missing", "digest-differs", sent=b"")
    add("replayed-with-another-body", "digest-differs", nonce=taken, sent=b"{}")


Add = Callable[..., None]


def _good(add: Add, taken: str) -> None:
    add("good", "accepted")
    add("good-with-p-256", "accepted", key=w.OTHER_REQUEST, by=w.OTHER)
    add(
        "good-in-another-order",
        "accepted",
        left_out=("created", "expires"),
        more=f";expires={w.NOW + 25};created={w.NOW - 5}",
    )
    theirs = {"key": w.OTHER_REQUEST, "by": w.OTHER}
    add("good-with-a-nonce-of-another", "accepted", nonce=taken, **theirs)


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
    add("unsigned", missing, edit=without("Signature"))
    add("without-signature-input", missing, edit=without("Signature-Input"))
    add(
        "two-signatures",
        "signature-several",
        edit=lambda lines: [
            one + one.partition(":")[2].replace(" sig=", ", two=", 1)
            if one.startswith("Signature")
            else one
            for one in lines
        ],
    )
    add("another-label", form, label="sig1")
    order = [COMPONENTS[0], COMPONENTS[2], COMPONENTS[1], *COMPONENTS[3:]]
    add("components-in-another-order", form, components=order)
    add("component-too-few", form, components=COMPONENTS[:-1])
    add("component-too-many", form, components=(*COMPONENTS, '"host"'))
    for name in ("created", "expires", "nonce", "keyid", "alg", "tag"):
        add(f"without-{name}", form, left_out=(name,))
    add("parameter-too-many", form, more=";x=1")
    add("parameter-twice", form, more=f";created={w.NOW}")
    add("another-tag", form, tag="credit-ledger/2")
    add("tag-of-an-answer", form, tag="credit-ledger/1-answer")
    add("another-algorithm", form, alg="hmac-sha256")
    add("nonce-of-15-bytes", form, nonce=b64u_encode(bytes(15)))
    add("nonce-padded", form, nonce=NONCE + "==")
    id_ = w.BANK_REQUEST.id
    add("keyid-in-capitals", form, keyid=f"{w.BANK}/{id_.upper()}")
    add("keyid-of-a-member-without-a-code", form, keyid=f"/{id_}")
    add("keyid-of-a-member-with-white-space", form, keyid=f"{w.BANK} /{id_}")
    add("created-as-text", form, created=str(w.NOW))
    add("created-with-decimals", form, left_out=("created",), more=f";created={w.NOW}.5")
    add("signature-as-text", form, edit=edited("Signature:", "=:", '="'))
    add("white-space-between-parameters", form, edit=edited("Signature-Input", ";nonce", "; nonce"))
    add("without-digest", form, edit=without("Content-Digest"))
    add("without-to", form, edit=without("Credit-Ledger-To"))


def _heads(add: Add) -> None:
    invalid = "signature-invalid"
    add("for-another-member", "other-member", to=w.OTHER)
    add("handed-on", invalid, signed_to=w.OTHER)
    add("a-minute-ahead", "accepted", created=w.NOW + 60, expires=w.NOW + 60)
    add("more-than-a-minute-ahead", "signature-early", created=w.NOW + 61, expires=w.NOW + 62)
    add("a-life-of-a-minute", "accepted", created=w.NOW - 60, expires=w.NOW)
    add("too-long-a-life", "signature-lifetime", created=w.NOW - 60, expires=w.NOW + 1)
    add("ends-before-it-begins", "signature-lifetime", created=w.NOW, expires=w.NOW - 1)
    add("expired", "signature-expired", created=w.NOW - 30, expires=w.NOW - 1)
    add(
        "for-another-and-expired",
        "other-member",
        to=w.OTHER,
        created=w.NOW - 3600,
        expires=w.NOW - 3590,
    )
    bare = w.BANK_REQUEST.id
    add("keyid-without-a-member", "accepted", keyid=bare)
    add(
        *("keyid-of-two-members", "request-key-unknown"),
        keyid=bare,
        facts="exchange-key-of-two-members",
    )
    add("of-nobody", "request-key-unknown", key=w.STRANGER_ED)
    add("of-a-key-for-something-else", "request-key-unknown", key=w.OTHER_PRESENT, by=w.OTHER)
    add("in-the-name-of-another", "request-key-unknown", by=w.OTHER)
    add("in-the-name-of-nobody", "request-key-unknown", by="999999")
    add("forged", invalid, key=w.STRANGER_ED, keyid=f"{w.BANK}/{w.BANK_REQUEST.id}")
    add(
        "renamed",
        invalid,
        edit=lambda lines: [one.replace(f'"{w.BANK}/', f'"{w.OTHER}/') for one in lines],
        facts="exchange-key-of-two-members",
    )
    add("of-another-algorithm", invalid, alg="ecdsa-p256-sha256")
    add("another-path", invalid, path="/v1/exchange/check", signed_path=PATH)
    add("with-a-query", invalid, path=PATH + "?a=1")
    add(
        "digest-changed",
        invalid,
        edit=lambda lines: [
            one if not one.startswith("Content-Digest") else f"Content-Digest: {digest(b'another')}"
            for one in lines
        ],
    )
    add(
        "dated-otherwise",
        invalid,
        edit=lambda lines: [
            one.replace(f"created={w.NOW - 5}", f"created={w.NOW - 4}") for one in lines
        ],
    )


def _copied(add: Add, world: Any, keys: w.Rows, members: w.Rows) -> None:
    """A key that two members registered."""
    copied = row(w.BANK_REQUEST, w.OTHER, Purpose.REQUEST)
    ended = {**copied, "notAfter": w.NOW - 1}
    both, mixed = [copied, *keys], [ended, *keys]
    add("key-of-two-members", "accepted", facts=world("key-of-two-members", keys=both))
    add(
        "key-of-two-members-by-the-other",
        "accepted",
        by=w.OTHER,
        facts="exchange-key-of-two-members",
    )
    here = world("key-that-another-member-ended", keys=mixed)
    add("key-that-another-member-ended", "accepted", facts=here)
    add("key-that-the-member-itself-ended", "request-key-not-valid", by=w.OTHER, facts=here)
    suspended = [{**one, "status": 2} if one["code"] == w.OTHER else one for one in members]
    there = world("key-that-a-suspended-member-copied", keys=both, members=suspended)
    add("key-that-a-suspended-member-copied", "accepted", facts=there)
    add("key-copied-by-whom-it-is-suspended", "member-not-active", by=w.OTHER, facts=there)


def _standing(add: Add, world: Any, keys: w.Rows, members: w.Rows) -> None:
    def with_bank(**changes: Any) -> w.Rows:
        return [{**keys[0], **changes}, *keys[1:]]

    def status(code: int) -> w.Rows:
        return [{**one, "status": code} if one["code"] == w.BANK else one for one in members]

    ahead = {"head": lambda of: {**of["head"], "time": w.NOW + 30}}
    for name, verdict, changes in (
        ("key-ended", "request-key-not-valid", {"keys": with_bank(notAfter=w.NOW - 1)}),
        ("key-ends-now", "accepted", {"keys": with_bank(notAfter=w.NOW)}),
        ("key-not-begun", "request-key-not-valid", {"keys": with_bank(notBefore=w.NOW + 1)}),
        ("key-begun-since-the-head", "accepted", {"keys": with_bank(notBefore=w.NOW)}),
        (
            "key-begun-by-the-chain-alone",
            "request-key-not-valid",
            {"keys": with_bank(notBefore=w.NOW + 29), **ahead},
        ),
        ("key-stolen", "request-key-not-valid", {"keys": with_bank(compromisedSince=w.NOW)}),
        (
            "key-stolen-by-its-event-alone",
            "request-key-not-valid",
            {"keys": with_bank(compromises=[{"since": w.NOW, "block": 199, "time": w.HEAD}])},
        ),
        (
            "key-ended-by-the-chain",
            "request-key-not-valid",
            {"keys": with_bank(notAfter=w.NOW + 29), **ahead},
        ),
        ("suspended", "member-not-active", {"members": status(2)}),
        ("retired", "member-not-active", {"members": status(3)}),
        (
            "key-ended-and-suspended",
            "request-key-not-valid",
            {"keys": with_bank(notAfter=w.NOW - 1), "members": status(2)},
        ),
    ):
        add(name, verdict, facts=world(name, **changes))
    add(
        "forged-of-a-suspended-member",
        "signature-invalid",
        key=w.STRANGER_ED,
        keyid=f"{w.BANK}/{w.BANK_REQUEST.id}",
        facts="exchange-suspended",
    )
