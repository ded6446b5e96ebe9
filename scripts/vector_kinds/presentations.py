"""Presentations and bindings."""

from collections.abc import Iterator

from ledger.core import canonical
from ledger.core.canonical import b64u_decode, b64u_encode
from ledger.core.ids import sha256
from ledger.core.keys import ORDERS, Alg
from ledger.core.presentation import bind, present
from scripts.vector_kinds.common import Case, JwsKey, flip, seed
from scripts.vector_kinds.formats import FIELDS, IAT, SLOTS, commitment


def files() -> dict[str, list[Case]]:
    """All files of this kind."""
    return {
        "presentation/presentation": [_presentation(alg) for alg in _ALGS],
        "presentation/presentation_fail": list(_bad_presentations()),
        "presentation/presentation_newer": list(_newer_presentations()),
        "presentation/binding_fail": list(_bad_bindings()),
    }


_ALGS = (Alg.P256, Alg.ED25519, Alg.SECP256K1)


def _presentation(alg: Alg) -> Case:
    key = JwsKey(alg, "present")
    made = commitment()
    shown = [made.disclosures[name] for name in ("CF_XDR_SHXYM", "CF_CFLB")]
    text = present(made.payload, shown, sign=key.sign, kid=key.kid, alg=alg, iat=IAT)
    bound = bind(
        text,
        audience="demo-bank",
        nonce="n-1",
        authorisation=seed("authorisation") if alg is Alg.P256 else None,
        sign=key.sign,
        kid=key.kid,
        alg=alg,
        iat=IAT + 1,
    )
    return {
        "name": alg.name,
        "alg": int(alg),
        "publicKey": key.public.hex(),
        "text": text,
        "commitment": made.digest.hex(),
        "slots": list(SLOTS),
        "fields": {name: FIELDS[name] for name in ("CF_XDR_SHXYM", "CF_CFLB")},
        "iat": IAT,
        "binding": bound,
    }


def _bad_presentations() -> Iterator[Case]:
    """`stage`: parse, disclosures, or signature."""
    good = _presentation(Alg.P256)
    jws, first, second, _ = good["text"].split("~")
    header, payload, signature = jws.split(".")
    raw = b64u_decode(signature)
    s = ORDERS[Alg.P256] - int.from_bytes(raw[32:], "big")
    high = b64u_encode(raw[:32] + s.to_bytes(32, "big"))
    plain = canonical.parse(b64u_decode(header))

    def with_header(**change: object) -> str:
        return b64u_encode(canonical.encode({**plain, **change}))

    def with_payload(**change: object) -> str:
        value = canonical.parse(b64u_decode(payload), allow_null=True)
        return b64u_encode(canonical.encode({**value, **change}, allow_null=True))

    parse = {
        "empty": "",
        "no tilde at the end": f"{jws}~{first}",
        "nothing disclosed": f"{jws}~",
        "two parts": f"{header}.{payload}~{first}~",
        "four parts": f"{jws}.{header}~{first}~",
        "signature of 63 bytes": f"{header}.{payload}.{b64u_encode(raw[:63])}~{first}~",
        "padding": f"{header}.{payload}.{signature}==~{first}~",
        "alg none": f"{with_header(alg='none')}.{payload}.{signature}~{first}~",
        "typ of a binding": f"{with_header(typ='kb+jwt')}.{payload}.{signature}~{first}~",
        "kid a number": f"{with_header(kid=1)}.{payload}.{signature}~{first}~",
        "iat true": f"{with_header(iat=True)}.{payload}.{signature}~{first}~",
        "iat beyond 9999": f"{with_header(iat=253402300800)}.{payload}.{signature}~{first}~",
        "header with one more": f"{with_header(crit=['x'])}.{payload}.{signature}~{first}~",
        "payload of something else": f"{header}.{b64u_encode(b'{}')}.{signature}~{first}~",
        "payload of no record": f"{header}.{with_payload(vct='urn:x')}.{signature}~{first}~",
        "payload without rules": f"{header}.{with_payload(rules='')}.{signature}~{first}~",
    }
    signatures = {
        "high s": f"{header}.{payload}.{high}~{first}~",
        "signature flipped": f"{header}.{payload}.{b64u_encode(flip(raw, 100))}~{first}~",
        "another kid": f"{with_header(kid=seed('kid').hex())}.{payload}.{signature}~{first}~",
        "another alg": f"{with_header(alg='ES256K')}.{payload}.{signature}~{first}~",
        "another iat": f"{with_header(iat=IAT + 1)}.{payload}.{signature}~{first}~",
    }
    for stage, cases in (
        ("parse", parse),
        ("disclosures", _badly_disclosed(jws, first, second)),
        ("signature", signatures),
    ):
        for name, text in cases.items():
            yield {
                "name": name,
                "text": text,
                "stage": stage,
                "alg": good["alg"],
                "publicKey": good["publicKey"],
                "slots": list(SLOTS),
            }
    yield from _two_faced()


def _badly_disclosed(jws: str, first: str, second: str) -> dict[str, str]:
    foreign = commitment("another secret").disclosures["CF_WSH"]
    return {
        "disclosures out of order": f"{jws}~{second}~{first}~",
        "a disclosure twice": f"{jws}~{first}~{first}~",
        "a disclosure of another record": f"{jws}~{first}~{foreign}~",
        "an empty disclosure": f"{jws}~~",
        "a disclosure with padding": f"{jws}~{first}=~",
        "a disclosure with a loose bit": f"{jws}~{first[:-1]}~",
        "a disclosure with a space": f"{jws}~{b64u_encode(b64u_decode(second) + b' ')}~",
        "more than there are": f"{jws}~{(first + '~') * 7}",
    }


def _two_faced() -> Iterator[Case]:
    """Commitments by which an issuer would have two records: each opens to what stands at the
    place of its own slot, and to nothing else."""
    second = commitment("another secret").disclosures["CF_XDR_SHXYM"]
    key, made = JwsKey(Alg.P256, "present"), commitment()
    first, digest = made.disclosures["CF_XDR_SHXYM"], b64u_encode(sha256(second.encode()))
    value = canonical.parse(made.payload, allow_null=True)
    sd: list[str] = value["_sd"]
    own, empty = SLOTS.index("CF_XDR_SHXYM"), SLOTS.index("BZ")
    for name, digests, shown in (
        ("another subject in place of a decoy", [*sd[:empty], digest], [second]),
        ("two digests changed places", [sd[own], *sd[1:own], sd[0], *sd[own + 1 :]], [first]),
        ("one digest more", [*sd, digest], [second]),
        ("one digest less", sd[:-1], [first]),
        ("sorted, as others do", sorted(sd), [first]),
    ):
        payload = canonical.encode({**value, "_sd": digests}, allow_null=True)
        text = present(payload, shown, sign=key.sign, kid=key.kid, alg=key.alg, iat=IAT)
        yield {
            "name": name,
            "text": text,
            "stage": "disclosures",
            "code": "slot-mismatch",
            "alg": int(key.alg),
            "publicKey": key.public.hex(),
            "slots": list(SLOTS),
        }


def _newer_presentations() -> Iterator[Case]:
    """`version-unknown`, whatever version 1 would say of them."""
    good = _presentation(Alg.P256)
    jws, first, *_ = good["text"].split("~")
    header, payload, signature = jws.split(".")
    plain = canonical.parse(b64u_decode(header))
    record = canonical.parse(b64u_decode(payload), allow_null=True)

    def with_header(**change: object) -> str:
        return b64u_encode(canonical.encode({**plain, **change}))

    def with_payload(**change: object) -> str:
        return b64u_encode(canonical.encode({**record, **change}, allow_null=True))

    record_2 = with_payload(vct="urn:credit-ledger:record:2", more="x")
    for name, text in {
        "alg SM2": f"{with_header(alg='SM2')}.{payload}.{signature}~{first}~",
        "alg of a hash": f"{with_header(alg='HS256')}.{payload}.{signature}~{first}~",
        "alg ES512, longer": f"{with_header(alg='ES512')}.{payload}.{'A' * 176}~{first}~",
        "alg ML-DSA-44, more": f"{with_header(alg='ML-DSA-44', crit='x')}.{payload}.A~{first}~",
        "record of version 2": f"{header}.{record_2}.{signature}~{first}~",
        "digests of another hash": (
            f"{header}.{with_payload(_sd_alg='sha-512')}.{signature}~{first}~"
        ),
        "alg SM2, no tilde": f"{with_header(alg='SM2')}.{payload}.{signature}~{first}",
    }.items():
        yield {"name": name, "text": text}


def _bad_bindings() -> Iterator[Case]:
    """Refused where they are read; `newer`: as of an unknown version."""
    good = _presentation(Alg.P256)["binding"]
    header, payload, signature = good.split(".")
    plain, claims = canonical.parse(b64u_decode(header)), canonical.parse(b64u_decode(payload))
    headers: dict[str, Case] = {
        "typ of a presentation": {"typ": "dc+sd-jwt"},
        "typ of a JWT": {"typ": "JWT"},
        "iat in the header": {"iat": IAT},
        "alg none": {"alg": "none"},
        "alg SM2": {"alg": "SM2"},
    }
    changes: dict[str, Case] = {
        "audience of two": {"aud": "a b"},
        "audience empty": {"aud": ""},
        "audience a list": {"aud": ["demo-bank"]},
        "nonce too long": {"nonce": "x" * 257},
        "nonce in Chinese": {"nonce": "号"},
        "iat as text": {"iat": "1"},
        "iat true": {"iat": True},
        "iat beyond 9999": {"iat": 253402300800},
        "authorisation too short": {"authorisation": "ab"},
        "authorisation a number": {"authorisation": 1},
        "sd_hash in hex": {"sd_hash": "ab" * 32},
        "one claim more": {"exp": IAT},
    }
    made = {
        name: f"{b64u_encode(canonical.encode({**plain, **change}))}.{payload}.{signature}"
        for name, change in headers.items()
    } | {
        name: f"{header}.{b64u_encode(canonical.encode({**claims, **change}))}.{signature}"
        for name, change in changes.items()
    }
    for claim in claims:
        rest = canonical.encode({key: value for key, value in claims.items() if key != claim})
        made[f"without {claim}"] = f"{header}.{b64u_encode(rest)}.{signature}"
    for name, text in made.items():
        yield {"name": name, "text": text, "newer": name == "alg SM2"}
