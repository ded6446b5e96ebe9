"""Keys: who signed checkpoint, presentation, binding and anchor, and whether it was his to sign."""

from typing import Any

from ledger.core.keys import Alg, Purpose
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import Bench, file
from scripts.conformance_parts.keys import Key, row
from scripts.conformance_parts.reading import case
from scripts.conformance_parts.receipts import Sound

IAT = w.T + w.HOUR
"""When the fields were shown, unless a case says otherwise."""
SAID = 150
"""Block in which a compromise is told, on 19 November in Shanghai."""


def said(since: int, block: int = SAID) -> dict[str, int]:
    """What is told of a key."""
    return {"since": since, "block": block, "time": w.time_of(block)}


def stolen(since: int, block: int = SAID) -> dict[str, Any]:
    """What makes a key a stolen one."""
    return {"compromisedSince": since, "compromises": [said(since, block)]}


def moved(since: int, to: int, block: int) -> dict[str, Any]:
    """The same, and then something else was said. to: 0: that it is not stolen."""
    return {"compromisedSince": to, "compromises": [said(since), said(to, block)]}


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    _notes(b, true)
    _presents(b, true)
    _windows(b)
    _thefts(b)
    _bindings(b, true)
    _anchors(b)


def _notes(b: Bench, true: Sound) -> None:
    plain = true.plain

    def noted(key: Key, text: str | None = None) -> bytes:
        body = plain.log.body(b.anchor_of(plain)["size"])
        line = evidence.owner_line(text or body, key, f"credit-ledger/{plain.log.id}")
        return b.receipt(plain, checkpoint=f"{body}\n{line}")

    stranger, liar = w.STRANGER_ED, "proof-mismatch"
    b.add("note-key/of-nobody", lambda: noted(stranger), "unknown-issuer", "检查点由无人登记的密钥签名。",
          "A checkpoint of somebody's own making.", code="note-key-unknown")  # fmt: skip
    b.add("note-key/of-another-member", lambda: noted(w.OTHER_NOTE), "unknown-issuer",
          "检查点由另一成员的密钥签名。", "Signed with the NOTE key of another member.",
          code="note-key-unknown")  # fmt: skip
    b.add("note-key/signature-of-something-else", lambda: noted(w.NOTE, "x\n1\nx\n"), liar,
          "密钥对，签的却是别的。", "The right key signed something else.",
          code="note-signature-invalid")  # fmt: skip
    purpose = {"purpose": int(Purpose.WITNESS)}
    for name, verdict, changes, code, zh, en in (
        ("for-something-else", "unknown-issuer", purpose, "note-key-unknown", "该密钥用途不同。",
         "The key is registered for something else."),
        ("not-begun", "key-not-valid-at", {"notBefore": w.HEAD + 1}, "note-key-early",
         "密钥在链头之后才生效。", "The key begins after the head."),
        ("begins-at-the-head", "valid", {"notBefore": w.HEAD}, "", "密钥恰在链头生效。",
         "The key begins at the head."),
        ("ended", "valid", {"notAfter": w.T - w.DAY}, "", "密钥已经终止：检查点不带时间，根在链上。",
         "The key has ended: a note bears no time, and its root is on the chain."),
        ("stolen", "valid", stolen(w.BEGIN), "", "检查点密钥被盗不影响结论：根在链上。",
         "A NOTE key that is held to be stolen changes nothing: the root is on the chain."),
        ("not-final", "not-final", {"block": 191}, "key-not-final", "密钥的登记尚未最终确认。",
         "Its registration is not final yet."),
        ("just-final", "valid", {"block": 190}, "", "密钥的登记恰好最终确认。",
         "Its registration has just become final."),
    ):  # fmt: skip
        keys = w.with_key(w.NOTE, **changes)
        case(b, f"note-key/{name}", verdict, zh, en, code, keys=keys)


def _presents(b: Bench, true: Sound) -> None:
    plain = true.plain
    unknown = "present-key-unknown"
    for name, key, zh, en in (
        ("of-nobody", w.STRANGER, "出示由无人登记的密钥签名。", "Signed with a key that nobody registered."),
        ("of-another-member", w.OTHER_PRESENT, "由另一成员的密钥签名。",
         "Signed with the PRESENT key of another member."),
        ("for-something-else", w.REQUEST, "由用途不同的密钥签名。",
         "Signed with a key of the owner that is for something else."),
    ):  # fmt: skip
        b.add(f"present-key/{name}", lambda key=key: b.receipt(plain, key=key), "unknown-issuer", zh,
              en, code=unknown, check="presentation-signature", facts="wide")  # fmt: skip
    wrong = {"code": "present-signature-invalid", "check": "presentation-signature"}
    b.add("present-key/forged", lambda: b.receipt(plain, key=w.STRANGER, header={
              "kid": w.PRESENT.id}), "proof-mismatch", "冒用登记密钥的编号。",
          "It names a registered key, and another made it.", **wrong)  # fmt: skip
    b.add("present-key/of-another-algorithm", lambda: b.receipt(plain, header={"alg": "ES256K"}),
          "proof-mismatch", "算法与登记的不符。", "It names another algorithm than that of its key.",
          **wrong)  # fmt: skip
    b.add("present-key/high-s", lambda: _high(b.receipt(plain)), "proof-mismatch",
          "签名的 s 是高位的那个：同一签名的另一种拼写。",
          "The higher s: another spelling of the same signature.", **wrong)  # fmt: skip

    def replayed() -> bytes:
        shown = evidence.presentation(plain.payload, [plain.shown["P_CODE"]], w.PRESENT, IAT)
        before, _, rest = shown.partition(".")
        later = evidence.jcs({"alg": "ES256", "iat": IAT + 1, "kid": w.PRESENT.id,
                              "typ": "dc+sd-jwt"})  # fmt: skip
        if before == evidence.b64u_encode(later):
            raise ValueError("nothing changed")
        text = f"{evidence.b64u_encode(later)}.{rest}"
        return file(b.value(plain, presentation=text))

    b.add("present-key/dated-otherwise", replayed, "proof-mismatch", "签名之后改了 iat。",
          "`iat` was changed behind the signature.", **wrong)  # fmt: skip
    early = {"code": "present-key-not-valid", "check": "presentation-signature"}
    future = {"code": "present-in-future", "check": "presentation-signature"}
    latest = w.NOW + 60
    for name, iat, verdict, why, zh, en in (
        ("a-minute-ahead", latest, "valid", {}, "iat 领先一分钟。", "`iat` is a minute ahead."),
        ("more-than-a-minute-ahead", latest + 1, "undetermined", future, "iat 领先一分零一秒。",
         "`iat` is a second more ahead."),
        ("before-its-window", 1_789_999_999, "key-not-valid-at", early, "iat 早于密钥生效。",
         "`iat` is a second before the key begins."),
        ("at-its-first-second", 1_790_000_000, "valid", {}, "iat 恰为密钥生效之时。",
         "`iat` is the first second of the key."),
    ):  # fmt: skip
        b.add(f"present-key/{name}", lambda iat=iat: b.receipt(plain, iat=iat), verdict, zh, en,
              **why)  # fmt: skip


def _high(data: bytes) -> bytes:
    """The receipt with the other s."""
    value = evidence.canonical.parse(data[:-1])
    jws, _, rest = value["presentation"].partition("~")
    signed, _, signature = jws.rpartition(".")
    raw = evidence.base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    order = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
    high = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    return file({**value, "presentation": f"{signed}.{evidence.b64u_encode(high)}~{rest}"})


def _windows(b: Bench) -> None:
    def present(**changes: Any) -> w.Change:
        return w.with_key(w.PRESENT, **changes)

    for name, verdict, code, keys, zh, en in (
        ("at-its-last-second", "valid", "", present(notAfter=IAT), "iat 恰为密钥终止之时。",
         "`iat` is the last second of the key."),
        ("behind-its-window", "key-not-valid-at", "present-key-not-valid", present(notAfter=IAT - 1),
         "iat 晚于密钥终止。", "`iat` is a second behind the end of the key."),
        ("not-final", "not-final", "key-not-final", present(block=191), "密钥登记未最终确认。",
         "Its registration is not final."),
        ("registered-by-two", "valid", "", lambda world: [
            row(w.PRESENT, w.OTHER, Purpose.REQUEST), *world["keys"]],
         "另一成员也登记了同一公钥：密钥属于登记它的成员。",
         "Another member registered the same public key for something else."),
    ):  # fmt: skip
        case(b, f"present-key/{name}", verdict, zh, en, code, keys=keys)


def _thefts(b: Bench) -> None:
    disputed = "present-key-disputed"
    for name, verdict, changes, zh, en in (
        ("stolen-by-then", "key-disputed", stolen(IAT), "密钥自该时刻起被认为已被盗。",
         "It is held to be stolen from that second on."),
        ("stolen-later", "valid", stolen(IAT + 1), "密钥在签名之后才被盗。", "It was stolen a second later."),
        ("stolen-and-not-final", "key-disputed", stolen(IAT, block=199), "不利的事实立即算数。",
         "What speaks against a key counts at once."),
        ("not-stolen-after-all", "valid", moved(IAT, 0, 160), "后来最终确认未被盗。",
         "It was taken back, and that is final."),
        ("taken-back-and-not-final", "key-disputed", moved(IAT, 0, 191),
         "收回尚未最终确认：仍按最坏的算。", "It was taken back, but that is not final yet."),
        ("stolen-without-its-event", "key-disputed", {"compromisedSince": IAT, "compromises": []},
         "事件缺失时以状态为准。", "The event is missing: what the state says counts."),
        ("moved-later-and-not-final", "key-disputed", moved(IAT, IAT + 1, 195),
         "被盗时间推后，但尚未最终确认。", "It was moved later, which is not final yet."),
        ("moved-later", "valid", moved(IAT, IAT + 1, 160), "被盗时间推后，且已最终确认。",
         "It was moved later, and that is final."),
    ):  # fmt: skip
        code = disputed if verdict != "valid" else ""
        case(b, f"present-key/{name}", verdict, zh, en, code, keys=w.with_key(w.PRESENT, **changes))
    day = w.day(w.T + w.HOUR)
    b.add("present-key/theft-told-after-that-day", "chain/everything-is-well", "valid",
          "所问之日还不知道被盗。", "As of that day nobody had said so yet.",
          facts="present-key-stolen-by-then", ask={"asOf": day}, now="key-disputed")  # fmt: skip
    b.add("present-key/theft-told-on-that-day", "chain/everything-is-well", "key-disputed",
          "所问之日已经知道。", "As of the day on which it was said.",
          facts="present-key-stolen-by-then", ask={"asOf": w.day(w.time_of(SAID))},
          now="key-disputed")  # fmt: skip
    b.add("present-key/theft-without-its-event-on-any-day", "chain/everything-is-well",
          "key-disputed", "事件缺失的被盗在任何一天都算。",
          "A theft whose event is missing counts on any day.",
          facts="present-key-stolen-without-its-event", ask={"asOf": day},
          now="key-disputed")  # fmt: skip


def _bindings(b: Bench, true: Sound) -> None:
    plain = true.plain
    asked = {"audience": w.BANK, "nonce": "n-1"}

    def add(name: str, verdict: str, code: str, zh: str, en: str, **more: Any) -> None:
        ask = more.pop("ask", asked)
        facts = more.pop("facts", "world")
        made = more.pop("made", lambda: b.receipt(plain, **{"bound": {}, **more}))
        b.add(f"binding/{name}", made, verdict, zh, en, ask=ask, facts=facts, code=code,
              check="binding")  # fmt: skip

    other = "other-subject"
    add("for-another-audience", other, "audience-differs", "绑定给别的银行。", "It is for another bank.",
        bound={"aud": "other-bank"})  # fmt: skip
    add("of-another-nonce", other, "nonce-differs", "答复的是另一次询问。", "It answers another question.",
        bound={"nonce": "n-2"})  # fmt: skip
    add("with-nothing-to-compare", "undetermined", "audience-not-given", "没有给出受众和随机数可供比对。",
        "Nobody gave an audience: a binding that was not compared is no pass.", ask=None)  # fmt: skip
    add("with-no-nonce-to-compare", "undetermined", "audience-not-given", "没有给出随机数。",
        "An audience was given, and no nonce.", ask={"audience": w.BANK})  # fmt: skip
    add("missing", other, "binding-missing", "要求绑定，却没有绑定。", "One was asked for, and there is none.",
        bound=None)  # fmt: skip
    add("of-another-presentation", "proof-mismatch", "binding-mismatch", "绑定的是另一份出示。",
        "It binds another presentation.", bound={"sd_hash": evidence.digest(b"another")})  # fmt: skip

    def without_tilde() -> bytes:
        shown = evidence.presentation(plain.payload, [plain.shown["P_CODE"]], w.PRESENT, IAT)
        claims = {"aud": w.BANK, "iat": IAT, "nonce": "n-1"}
        claims["sd_hash"] = evidence.digest(shown[:-1].encode())
        bound = evidence.binding(shown, w.PRESENT, claims)
        return file(b.value(plain, presentation=shown, binding=bound))

    add("without-the-last-tilde", "proof-mismatch", "binding-mismatch",
        "sd_hash 没有计入最后的波浪号。", "`sd_hash` leaves out the last tilde.",
        made=without_tilde)  # fmt: skip
    add("by-nobody", "unknown-issuer", "present-key-unknown", "绑定由无人登记的密钥签名。",
        "Signed with a key that nobody registered.", bound_key=w.STRANGER)  # fmt: skip
    add("by-another-member", "unknown-issuer", "present-key-unknown", "绑定由另一成员签名。",
        "Signed by another member.", bound_key=w.OTHER_PRESENT, facts="wide")  # fmt: skip
    add("by-nobody-and-for-another", "unknown-issuer", "present-key-unknown",
        "两处不对，以较坏的为准。", "The worse of signature and audience counts.",
        bound={"aud": "other-bank"}, bound_key=w.STRANGER)  # fmt: skip
    add("from-the-future", "undetermined", "present-in-future", "绑定的 iat 在未来。",
        "Its `iat` lies in the future.", bound_iat=w.NOW + 61)  # fmt: skip
    add("from-before-its-key", "key-not-valid-at", "present-key-not-valid", "绑定早于密钥生效。",
        "Its `iat` is before the key begins.", bound_iat=1_789_999_999)  # fmt: skip
    theft = b.facts("binding-stolen", "The PRESENT key is stolen right after the fields were shown.",
                    keys=w.with_key(w.PRESENT, **stolen(IAT + 1)))  # fmt: skip
    add("of-a-key-stolen-by-then", "key-disputed", "present-key-disputed", "绑定时密钥已被盗。",
        "The fields were shown before the theft, the binding was made after.", facts=theft)  # fmt: skip
    b.add("binding/for-another-audience-unread", lambda: b.receipt(plain, bound={}), other,
          "读不到链，但绑定给别的银行。", "The chain is silent, but it is for another bank.",
          facts="chain-unread-no-node", ask={"audience": "other-bank", "nonce": "n-1"},
          code="audience-differs")  # fmt: skip


def _anchors(b: Bench) -> None:
    def anchor(**changes: Any) -> w.Change:
        return w.with_key(w.ANCHOR, **changes)

    wrong, disputed = "anchor-key-not-valid", "anchor-key-disputed"
    k1 = Key(Alg.SECP256K1, "an ANCHOR key of another member")
    for name, verdict, code, keys, zh, en in (
        ("unknown", "key-not-valid-at", wrong, w.without_key(w.ANCHOR), "锚定用的密钥没有登记。",
         "The key of the anchor is not registered."),
        ("of-another-member", "key-not-valid-at", wrong, anchor(member=w.OTHER), "属于另一成员。",
         "It is another member's."),
        ("for-something-else", "key-not-valid-at", wrong, anchor(purpose=int(Purpose.CASE)),
         "用途不同。", "It is for something else."),
        ("ends-at-the-anchor", "valid", "", anchor(notAfter=w.T), "恰在锚定时终止。",
         "It ends in the second of the anchor."),
        ("ended-before-the-anchor", "key-not-valid-at", wrong, anchor(notAfter=w.T - 1),
         "锚定前一秒终止。", "It ended a second before."),
        ("begins-at-the-anchor", "valid", "", anchor(notBefore=w.T), "恰在锚定时生效。",
         "It begins in the second of the anchor."),
        ("begins-after-the-anchor", "key-not-valid-at", wrong, anchor(notBefore=w.T + 1),
         "锚定后一秒生效。", "It begins a second after."),
        ("stolen-at-the-anchor", "key-disputed", disputed, anchor(**stolen(w.T)), "锚定时已被盗。",
         "It is held to be stolen from that second on."),
        ("stolen-after-the-anchor", "valid", "", anchor(**stolen(w.T + 1)), "锚定后才被盗。",
         "It was stolen a second later."),
        ("not-final", "not-final", "key-not-final", anchor(block=191), "登记未最终确认。",
         "Its registration is not final."),
        ("beside-another", "valid", "", lambda world: [
            row(k1, w.OTHER, Purpose.ANCHOR), *world["keys"]], "别人的密钥无关。",
         "Keys of others change nothing."),
    ):  # fmt: skip
        case(b, f"anchor-key/{name}", verdict, zh, en, code, keys=keys)
