"""Files that are no receipts: one spelling, and nothing else. And those of a later version."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ledger.core.canonical import b64u_encode
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import Bench, file
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.receipts import Sound, cosigned

Edit = Callable[[bytes], bytes]


def swap(old: bytes, new: bytes) -> Edit:
    """Bytes that stand once, replaced."""

    def change(data: bytes) -> bytes:
        if data.count(old) < 1 or old == new:
            raise ValueError(f"nothing to change: {old!r}")
        return data.replace(old, new, 1)

    return change


def _moved(data: bytes) -> bytes:
    """The same object with its members in another order."""
    value = json.loads(data)
    turned = dict(reversed(list(value.items())))
    return json.dumps(turned, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


_BYTES: tuple[tuple[str, Edit, str, str], ...] = (
    ("empty", lambda data: b"", "空文件。", "An empty file."),
    ("no-newline", lambda data: data[:-1], "末尾缺换行。", "No newline at the end."),
    ("two-newlines", lambda data: data + b"\n", "末尾多一个换行。", "One newline too many."),
    ("carriage-return", lambda data: data[:-1] + b"\r\n", "行尾是 CR LF。", "It ends in CR LF."),
    ("byte-order-mark", lambda data: b"\xef\xbb\xbf" + data, "带字节顺序标记。",
     "A byte order mark before it."),
    ("pretty", lambda data: json.dumps(json.loads(data), ensure_ascii=False, indent=1).encode()
     + b"\n", "重新排版过。", "White space between its members."),
    ("members-in-another-order", _moved, "成员次序不同。", "Its members in another order."),
    ("cut-short", lambda data: data[: len(data) // 2], "只到了一半。", "Half of the file."),
    ("garbage-behind", lambda data: data[:-1] + b"{}\n", "后面还有别的。", "Something behind it."),
    ("duplicate-key", swap(b'"index":', b'"index":0,"index":'), "一个键出现两次：各家解析器取值不同。",
     "A key stands twice: parsers differ in which of them counts."),
    ("duplicate-key-inside", swap(b'"kind":"record"', b'"kind":"statement","kind":"record"'),
     "内层对象里一个键出现两次。", "A key stands twice in an inner object."),
    ("escaped-letter", swap(b'"kind":"record"', b'"kind":"\\u0072ecord"'),
     "字母写成转义：同一值的另一种拼写。", "A letter written as an escape: another spelling."),
    ("escaped-slash", swap(b"credit-ledger/entry@1", b"credit-ledger\\/entry@1"),
     "斜杠写成转义。", "A slash written as an escape."),
    ("escaped-key", swap(b'"size":', b'"\\u0073ize":'), "键写成转义。", "A key as an escape."),
    ("float", swap(b'"index":', b'"index":1.5,"x":'), "小数。", "A number that is no integer."),
    ("float-of-an-integer", lambda data: _number(data, "{0}.0"), "整数写成 3.0。",
     "An integer written as 3.0."),
    ("exponent", lambda data: _number(data, "{0}e0"), "整数写成 3e0。", "An integer as 3e0."),
    ("leading-zero", lambda data: _number(data, "0{0}"), "整数带前导零。", "A leading zero."),
    ("negative", lambda data: _number(data, "-{0}"), "负数。", "A negative index."),
    ("negative-zero", lambda data: _number(data, "-0"), "负零。", "Minus zero."),
    ("huge-number", lambda data: _number(data, "9007199254740992"),
     "2^53：并非每个解析器都能精确保存。", "2^53, which not every reader keeps exactly."),
    ("number-of-a-thousand-digits", lambda data: _number(data, "1" * 1000),
     "一千位的数字。", "A number of a thousand digits."),
    ("true-for-a-number", lambda data: _number(data, "true"), "用 true 代替整数。",
     "true in place of an integer: to some languages it is 1."),
    ("text-for-a-number", lambda data: _number(data, '"{0}"'), "用文本代替整数。",
     "A text in place of an integer."),
    ("null", swap(b'"timely":"yes"', b'"timely":null'), "不允许 null。", "null where it is not allowed."),
    ("nan", lambda data: _number(data, "NaN"), "NaN 不是 JSON。", "NaN is no JSON."),
    ("comment", swap(b'"index":', b'/**/"index":'), "注释不是 JSON。", "A comment is no JSON."),
    ("trailing-comma", lambda data: data[:-2] + b",}\n", "多余的逗号。", "A comma too many."),
    ("single-quotes", swap(b'"index":', b"'index':"), "单引号。", "Single quotes."),
    ("list-around-it", lambda data: b"[" + data[:-1] + b"]\n", "外面套了一层列表。",
     "A list around it."),
    ("text-around-it", lambda data: json.dumps(data.decode()).encode() + b"\n", "整个是一段文本。",
     "All of it as one text."),
    ("nul-byte", swap(b'"yes"', b'"yes\x00"'), "文本中有 NUL 字节。", "A NUL byte in a text."),
    ("nul-escape", swap(b'"yes"', b'"yes\\u0000"'), "文本中有 NUL 转义。", "An escaped NUL in a text."),
    ("lone-surrogate", swap(b'"yes"', b'"\\ud800"'), "孤立的代理项。", "A lone surrogate."),
    ("lone-surrogate-in-utf-8", swap(b'"yes"', b'"\xed\xa0\x80"'), "UTF-8 编码的代理项。",
     "A surrogate encoded as UTF-8."),
    ("overlong-utf-8", swap(b'"yes"', b'"\xc1\xb9es"'), "过长的 UTF-8 编码。", "Overlong UTF-8."),
    ("latin-1", swap("—".encode(), b"\x97"), "不是 UTF-8。", "Not UTF-8."),
    ("key-not-ascii", swap(b'"index":', '"ｉ":1,"index":'.encode()), "键不是 ASCII。",
     "A key that is not ASCII."),
    ("deep", lambda data: b"[" * 3_000 + b"\n", "三千层嵌套：不得耗尽栈。",
     "Three thousand levels: no stack may overflow."),
    ("deep-inside", swap(b'"yes"', b"[" * 1_000 + b"]" * 1_000), "成员里一千层嵌套。",
     "A thousand levels inside a member."),
    ("too-deep-by-one", swap(b'"yes"', b'[["yes"]]'), "层数超过 2。", "More than two levels."),
    ("utf-16", lambda data: data.decode().encode("utf-16"), "UTF-16 编码。", "UTF-16."),
)  # fmt: skip


def _number(data: bytes, like: str) -> bytes:
    """The index, spelled otherwise."""
    index = json.loads(data)["index"]
    return swap(f'"index":{index},'.encode(), f'"index":{like.format(index)},'.encode())(data)


_MEMBERS: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("member-missing", {"anchor": None}, "缺少成员。", "A member is missing."),
    ("member-too-many", {"status": "valid"}, "多出成员：回执从不带状态。",
     "A member too many: a receipt never carries a status."),
    ("binding-of-nothing", {"binding": "e30.e30.AA"}, "没有出示却有绑定。",
     "A binding without a presentation."),
    ("digest-in-capitals", {"log": "A" * 64}, "摘要用了大写。", "A digest in capitals."),
    ("digest-too-short", {"log": "a" * 63}, "摘要少一位。", "A digest of 63 digits."),
    ("digest-with-0x", {"log": "0x" + "a" * 64}, "摘要前有 0x。", "A digest with 0x."),
    ("path-of-54", {"path": ["00" * 32] * 54}, "路径超过 53 个摘要。", "More than 53 digests."),
    ("path-as-text", {"path": "00" * 32}, "路径不是列表。", "The path is no list."),
    ("path-of-numbers", {"path": [1]}, "路径里是数字。", "A number in the path."),
    ("network-with-a-zero", {"network": w.NETWORK.replace("155:3", "155:03")}, "链号有前导零。",
     "The chain id has a leading zero."),
    ("network-in-capitals", {"network": w.NETWORK[:-40] + w.NETWORK[-40:].upper()},
     "地址用了大写。", "An address in capitals."),
    ("network-number-too-large", {"network": w.NETWORK.replace("31337", "9007199254740992")},
     "链号超过 2^53 − 1。", "A chain id beyond 2^53 − 1."),
    ("checkpoint-as-object", {"checkpoint": {}}, "检查点不是文本。", "The checkpoint is no text."),
    ("entry-as-text", {"entry": "entry"}, "条目不是对象。", "The entry is no object."),
)  # fmt: skip

_ANCHOR: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("time-with-a-fraction", {"time": "2026-11-18T11:06:40.0Z"}, "时间带小数。", "A fraction."),
    ("time-with-an-offset", {"time": "2026-11-18T19:06:40+08:00"}, "时间带时区。", "An offset."),
    ("time-that-is-none", {"time": "2026-02-30T11:06:40Z"}, "没有这一天。", "No such day."),
    ("leap-second", {"time": "2026-11-18T11:06:60Z"}, "没有第 60 秒。", "No second 60."),
    ("time-in-small-letters", {"time": "2026-11-18t11:06:40z"}, "小写的 t 和 z。", "t and z."),
    ("block-hash-without-0x", {"blockHash": "00" * 32}, "区块哈希缺 0x。", "No 0x."),
    ("transaction-in-capitals", {"tx": "0x" + "AB" * 32}, "交易哈希用了大写。", "Capitals."),
    ("block-as-text", {"block": "120"}, "区块号是文本。", "The block is a text."),
    ("anchor-with-more", {"contract": "0x" + "00" * 20}, "锚定多一个成员。",
     "A member too many in the anchor: what it names would be believed by somebody."),
)  # fmt: skip

_ENTRY: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("kind-that-is-none", {"kind": "note"}, "没有这种条目。", "There is no such kind."),
    ("timely-maybe", {"timely": "maybe"}, "timely 只有三种值。", "timely has three values."),
    ("record-without-period", {"period": None}, "记录缺期间。", "A record without a period."),
    ("period-of-a-day", {"period": "2026-10-12"}, "期间不得到日：会指出是哪一份决定。",
     "A period never names the day, which would single a decision out."),
    ("period-of-month-13", {"period": "2026-13"}, "没有第 13 月。", "There is no month 13."),
    ("schema-without-version", {"schema": "sample-penalty"}, "类型缺版本。", "No version."),
    ("schema-of-version-0", {"schema": "sample-penalty@0"}, "版本从 1 开始。", "Version 0."),
    ("entry-with-more", {"subject": "x"}, "条目多一个成员。", "A member too many in the entry."),
    ("statement-with-a-period", {"kind": "statement"}, "声明条目没有期间等成员。",
     "A statement has none of the members of a record."),
    ("suite-that-is-no-name", {"suite": "sm 3"}, "suite 不是名称。", "A suite that is no name."),
)  # fmt: skip


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    plain = true.early
    for name, edit, zh, en in _BYTES:
        b.add(
            f"form/{name}",
            lambda edit=edit: edit(file(b.value(plain))),
            "malformed",
            zh,
            en,
            check="format",
        )
    for name, changes, zh, en in _MEMBERS:
        b.add(
            f"form/{name}",
            lambda changes=changes: file(b.value(plain, **changes)),
            "malformed",
            zh,
            en,
            check="format",
        )
    for name, changes, zh, en in _ANCHOR:
        b.add(
            f"form/{name}",
            lambda changes=changes: file(_with(b.value(plain), "anchor", changes)),
            "malformed",
            zh,
            en,
            check="format",
        )
    for name, changes, zh, en in _ENTRY:
        b.add(
            f"form/{name}",
            lambda changes=changes: file(_with(b.value(plain), "entry", changes)),
            "malformed",
            zh,
            en,
            check="format",
        )
    _checkpoints(b, true)
    _jws(b, true)


def _with(value: dict[str, Any], name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """An inner object with members in place of its own."""
    inner = {key: one for key, one in {**value[name], **changes}.items() if one is not None}
    return {**value, name: inner}


def _checkpoints(b: Bench, true: Sound) -> None:
    """Notes that are no checkpoints of ours."""
    plain = true.early

    def text() -> str:
        return plain.log.body(b.anchor_of(plain)["size"])

    def good() -> str:
        return plain.log.checkpoint(b.anchor_of(plain)["size"])

    def size() -> int:
        return int(b.anchor_of(plain)["size"])

    line = evidence.signature_line
    witness = "credit-ledger/witness/" + w.OTHER
    cases: tuple[tuple[str, Callable[[], str], str, str], ...] = (
        ("note-with-an-extension", lambda: good().replace("\n\n", "\nextension\n\n", 1),
         "检查点不得有扩展行。", "A checkpoint of ours has no extension lines."),
        ("note-without-a-signature", lambda: text() + "\n", "没有签名行。", "No signature line."),
        ("note-not-ended", lambda: good()[:-1], "最后一行没有换行。", "Its last line has no end."),
        ("note-with-a-hyphen", lambda: good().replace("— ", "- "), "破折号写成连字符。",
         "A hyphen for the dash."),
        ("note-signed-in-another-name",
         lambda: f"{text()}\n{evidence.owner_line(text(), w.NOTE, f'credit-ledger/{b.second.id}')}",
         "签名行的名称不是本日志。", "The line is in the name of another log."),
        ("note-size-with-a-zero", lambda: good().replace(f"\n{size()}\n", f"\n0{size()}\n"),
         "大小有前导零。", "The size has a leading zero."),
        ("note-of-an-empty-log",
         lambda: evidence.checkpoint(evidence.body(plain.log.id, 0, seed("root")), w.NOTE),
         "空日志只有空根。", "An empty log has the empty root and no other."),
        ("note-with-a-short-root",
         lambda: evidence.checkpoint(evidence.body(plain.log.id, size(), seed("root", 31)), w.NOTE),
         "根只有 31 字节。", "A root of 31 bytes."),
        ("note-with-loose-base64",
         lambda: _loose(good()), "base64 有多余的位：同一字节的另一种拼写。",
         "Base64 with bits that count for nothing: another spelling of the same bytes."),
        ("note-signed-too-short",
         lambda: f"{text()}\n{line(f'credit-ledger/{plain.log.id}', bytes(67))}",
         "所有者的签名太短。", "The owner's signature is too short."),
        ("cosigned-twice-with-one-key", lambda: cosigned(b, plain, w.OTHER, w.OTHER),
         "同一把密钥联署两次。", "Cosigned twice with one key."),
        ("cosigned-by-17", lambda: good() + "".join(
            line(f"credit-ledger/witness/w{n}", seed(f"line {n}", 4) + bytes(72)) for n in range(17)),
         "联署多于 16 行。", "More than 16 cosignatures."),
        ("cosignature-too-short", lambda: good() + line(witness, bytes(75)),
         "联署太短。", "A cosignature that is too short."),
        ("cosignature-beyond-9999", lambda: good() + line(witness, b"\xff" * 12 + bytes(64)),
         "联署时间超过 9999 年。", "Its time lies beyond the year 9999."),
        ("line-of-nothing", lambda: good() + line("somebody", bytes(4)),
         "别名的行只有密钥提示，没有签名。", "A line of another name holds nothing but a keyHash."),
        ("origin-in-capitals", lambda: good().replace(plain.log.id, plain.log.id.upper()),
         "来源用了大写。", "The origin in capitals."),
    )  # fmt: skip
    for name, make, zh, en in cases:
        b.add(
            f"form/{name}",
            lambda make=make: file(b.value(plain, checkpoint=make())),
            "malformed",
            zh,
            en,
            check="format",
        )


def _loose(note: str) -> str:
    """The same root, with a last letter whose unused bits are not zero."""
    root = note.split("\n")[2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return note.replace(root, root[:-2] + alphabet[alphabet.index(root[-2]) | 1] + "=")


def _jws(b: Bench, true: Sound) -> None:
    """Presentations and bindings that have not their form."""
    plain = true.early
    iat = w.T + w.HOUR

    def shown() -> list[str]:
        return [plain.shown["P_CODE"]]

    def plainly(**header: Any) -> str:
        return evidence.presentation(plain.payload, shown(), w.PRESENT, iat, header)

    def spelled(old: str, new: str) -> str:
        header = evidence.jcs(
            {"alg": "ES256", "iat": iat, "kid": w.PRESENT.id, "typ": "dc+sd-jwt"}
        ).replace(old.encode(), new.encode())
        return "~".join([evidence.jws(header, plain.payload, w.PRESENT), *shown(), ""])

    cases: tuple[tuple[str, Callable[[], str], str, str], ...] = (
        ("presentation-of-nothing", lambda: plainly().split("~")[0] + "~", "没有出示任何字段。",
         "It discloses nothing."),
        ("presentation-without-its-tilde", lambda: plainly()[:-1], "末尾缺波浪号。",
         "The last tilde is missing: what stands there would be a key binding of the standard."),
        ("alg-none", lambda: plainly(alg="none"), "alg 为 none：已知，且不合格。",
         "`none` is known, and no signature."),
        ("header-with-more", lambda: plainly(jwk={}), "头部多一个成员：密钥只能来自链上。",
         "A member too many in the header: a key comes from the chain alone."),
        ("header-critical", lambda: plainly(crit=["x"]), "头部带 crit。", "A header with crit."),
        ("header-without-iat", lambda: plainly(iat=None), "头部缺 iat。", "No iat."),
        ("header-of-another-typ", lambda: plainly(typ="JWT"), "typ 不对。", "Another typ."),
        ("header-with-iat-as-text", lambda: plainly(iat=str(iat)), "iat 是文本。", "iat is a text."),
        ("header-with-iat-beyond-9999", lambda: plainly(iat=253402300800), "iat 超过 9999 年。",
         "iat lies beyond the year 9999."),
        ("header-kid-in-capitals", lambda: plainly(kid=w.PRESENT.id.upper()), "kid 用了大写。",
         "kid in capitals."),
        ("header-too-long", lambda: plainly(typ="x" * 600), "头部超过 512 字节。",
         "A header of more than 512 bytes."),
        ("header-with-white-space", lambda: spelled(",", ", "), "头部有空格。",
         "White space in the header, signed as it is."),
        ("header-with-a-key-twice", lambda: spelled('{"alg"', '{"alg":"EdDSA","alg"'),
         "头部一个键出现两次。", "A key stands twice in the header."),
        ("jws-padded", lambda: plainly().replace("~", "=~", 1), "base64url 有填充。",
         "Base64url with padding."),
        ("jws-in-standard-base64", lambda: _standard(plainly()), "用了标准 base64 的字母。",
         "Letters of the other base64."),
        ("jws-of-four-parts", lambda: plainly().replace("~", ".AA~", 1), "JWS 有四段。",
         "A JWS of four parts."),
        ("signature-of-63-bytes", lambda: _cut(plainly()), "签名少一字节。",
         "A signature of 63 bytes."),
        ("signature-as-der", lambda: _der(plainly()), "签名是 DER 格式。", "A signature in DER."),
    )  # fmt: skip
    for name, make, zh, en in cases:
        b.add(
            f"form/{name}",
            lambda make=make: file(b.value(plain, presentation=make())),
            "malformed",
            zh,
            en,
            check="format",
        )
    bindings: tuple[tuple[str, dict[str, Any], str, str], ...] = (
        ("binding-without-authorisation", {"authorisation": ...}, "缺 authorisation：不得误作无需授权。",
         "Without `authorisation`: leaving it out must not be mistaken for none being needed."),
        ("binding-with-more", {"exp": 1}, "绑定多一个成员。", "A claim too many."),
        ("binding-for-two", {"aud": ["demo-bank", "other"]}, "aud 是列表。", "aud is a list."),
        ("binding-for-nobody", {"aud": ""}, "aud 为空。", "aud is empty."),
        ("binding-for-a-space", {"aud": "demo bank"}, "aud 有空格。", "aud holds a space."),
        ("binding-aud-too-long", {"aud": "x" * 257}, "aud 超过 256 个字符。", "aud is too long."),
        ("binding-nonce-of-control", {"nonce": "a\u0007"}, "nonce 有控制字符。", "A control character."),
        ("binding-short-hash", {"sd_hash": "AAAA"}, "sd_hash 不是 43 个字符。", "A short sd_hash."),
        ("binding-too-long", {"nonce": "x" * 2800}, "绑定超过 4096 个字符。", "A binding too long."),
    )  # fmt: skip
    for name, claims, zh, en in bindings:
        b.add(
            f"form/{name}",
            lambda claims=claims: _bound(b, true, claims),
            "malformed",
            zh,
            en,
            check="format",
            ask={"audience": w.BANK, "nonce": "n-1"},
        )


def _bound(b: Bench, true: Sound, claims: Mapping[str, Any]) -> bytes:
    """A receipt with such a binding; `...` leaves a claim out."""
    shown = evidence.presentation(
        true.early.payload, [true.early.shown["P_CODE"]], w.PRESENT, w.T + w.HOUR
    )
    said = {
        **{"aud": w.BANK, "authorisation": None, "iat": w.T + w.HOUR, "nonce": "n-1"},
        **{"sd_hash": evidence.digest(shown.encode()), **claims},
    }
    said = {name: value for name, value in said.items() if value is not ...}
    head = {"alg": "ES256", "kid": w.PRESENT.id, "typ": "kb+jwt"}
    bound = evidence.jws(head, evidence.jcs(said), w.PRESENT)
    return file(b.value(true.early, presentation=shown, binding=bound))


def _parts(text: str) -> tuple[str, str, str]:
    """What stands before the signature of a presentation, the signature, and what follows."""
    jws, _, rest = text.partition("~")
    signed, _, signature = jws.rpartition(".")
    return signed, signature, rest


def _cut(text: str) -> str:
    signed, signature, rest = _parts(text)
    return f"{signed}.{b64u_encode(_bytes(signature)[:-1])}~{rest}"


def _der(text: str) -> str:
    signed, signature, rest = _parts(text)
    raw = _bytes(signature)
    halves = [b"\x02\x21\x00" + raw[:32], b"\x02\x20" + raw[32:]]
    return f"{signed}.{b64u_encode(bytes([0x30, 67]) + b''.join(halves))}~{rest}"


def _standard(text: str) -> str:
    signed, signature, rest = _parts(text)
    return f"{signed}.+/{signature[2:]}~{rest}"


def _bytes(text: str) -> bytes:
    return evidence.base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
