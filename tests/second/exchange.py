"""Judge requests of the exchange between members (section 24, RFC 9421)."""

import re
from dataclasses import dataclass

from tests.second.codec import MAX_INSTANT, Malformed, b64url_strict, base64_strict
from tests.second.curves import ED25519, P256, made, sha256
from tests.second.facts import ACTIVE, REQUEST, SKEW, Key, World

COMPONENTS = '("@method" "@path" "@query" "content-digest" "credit-ledger-to")'
ALGORITHMS = {"ed25519": ED25519, "ecdsa-p256-sha256": P256}
TAG = "credit-ledger/1"
LIFETIME = 60
_HEAD = 65_536
_PARAMETER = re.compile(r';([a-z*][a-z0-9_.*-]*)=(0|[1-9][0-9]{0,14}|"[ !#-\[\]-~]*")')
_MEMBER = re.compile(r'(?:[^",]++|"(?:[^"\\]++|\\.)*+"?)++')
_SIGNATURE = re.compile(r"sig=:([A-Za-z0-9+/=]+):")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]+):")
_KEY_ID = re.compile(r"(?:([0-9A-Za-z][0-9A-Za-z._-]{0,31})/)?([0-9a-f]{64})")
_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (/[!-~]*) HTTP/1\.1")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")


class RefusedError(Exception):
    """Say why a request is refused; holds the code."""


@dataclass(frozen=True)
class Http:
    """Hold a request as it stands on the wire."""

    method: str
    target: str
    fields: dict[str, list[str]]
    body: bytes

    def one(self, name: str) -> str:
        """Give a field that stands on one line."""
        lines = self.fields.get(name, [])
        if len(lines) != 1:
            raise RefusedError("signature-form")
        return lines[0]


@dataclass(frozen=True)
class Signed:
    """Hold what a signature of the one form says."""

    created: int
    expires: int
    nonce: str
    member: str | None
    key_id: str
    algorithm: int
    parameters: str
    signature: bytes
    digest: bytes | None
    to: str


def read_http(data: bytes) -> Http:
    """Take a request apart."""
    head, separator, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    first = _REQUEST_LINE.fullmatch(lines[0])
    if not separator or len(head) > _HEAD or not first:
        raise RefusedError("signature-missing")
    fields: dict[str, list[str]] = {}
    for line in lines[1:]:
        found = _FIELD.fullmatch(line)
        if not found:
            raise RefusedError("signature-form")
        fields.setdefault(found.group(1).lower(), []).append(found.group(2))
    return Http(first.group(1), first.group(2), fields, body)


def _label_count(lines: list[str]) -> int:
    return sum(len(_MEMBER.findall(line)) for line in lines)


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _PARAMETER.match(text, at)
        if not match or match.group(1) in found:
            raise RefusedError("signature-form")
        found[match.group(1)] = match.group(2)
        at = match.end()
    if sorted(found) != ["alg", "created", "expires", "keyid", "nonce", "tag"]:
        raise RefusedError("signature-form")
    return found


def _quoted(text: str) -> str:
    if not text.startswith('"'):
        raise RefusedError("signature-form")
    return text[1:-1]


def _bytes(form: re.Pattern[str], text: str, length: int) -> bytes:
    found = form.fullmatch(text)
    raw = base64_strict(found.group(1)) if found else b""
    if len(raw) != length:
        raise Malformed("not so many bytes")
    return raw


def _digest(text: str) -> bytes | None:
    """Read what the body is compared with; a value that is no digest is one that differs."""
    try:
        return _bytes(_DIGEST, text, 32)
    except Malformed:
        return None


def signed(http: Http) -> Signed:
    """Demand exactly one signature of the one form: step 1."""
    inputs, signatures = (http.fields.get(name, []) for name in ("signature-input", "signature"))
    if not inputs or not signatures:
        raise RefusedError("signature-missing")
    lines = max(len(inputs), len(signatures))
    if lines > 1 or _label_count(inputs) > 1 or _label_count(signatures) > 1:
        raise RefusedError("signature-several")
    label, parameters = inputs[0][:4], inputs[0][4:]
    if label != "sig=" or not parameters.startswith(COMPONENTS):
        raise RefusedError("signature-form")
    found = _parameters(parameters[len(COMPONENTS) :])
    named, nonce = _KEY_ID.fullmatch(_quoted(found["keyid"])), _quoted(found["nonce"])
    algorithm = ALGORITHMS.get(_quoted(found["alg"]))
    if algorithm is None or _quoted(found["tag"]) != TAG or not named:
        raise RefusedError("signature-form")
    times = found["created"], found["expires"]
    if '"' in "".join(times) or max(map(int, times)) > MAX_INSTANT:
        raise RefusedError("signature-form")
    try:
        if len(b64url_strict(nonce)) != 16:
            raise Malformed("no nonce")
        signature = _bytes(_SIGNATURE, signatures[0], 64)
    except Malformed as error:
        raise RefusedError("signature-form") from error
    return Signed(
        created=int(found["created"]),
        expires=int(found["expires"]),
        nonce=nonce,
        member=named.group(1),
        key_id=named.group(2),
        algorithm=algorithm,
        parameters=parameters,
        signature=signature,
        digest=_digest(http.one("content-digest")),
        to=http.one("credit-ledger-to"),
    )


def base_of(http: Http, it: Signed) -> bytes:
    """Write what the signature is over (RFC 9421 section 2.5)."""
    path, mark, query = http.target.partition("?")
    lines = (
        f'"@method": {http.method}',
        f'"@path": {path}',
        f'"@query": ?{query if mark else ""}',
        f'"content-digest": {http.one("content-digest")}',
        f'"credit-ledger-to": {it.to}',
        f'"@signature-params": {it.parameters}',
    )
    return "\n".join(lines).encode("latin-1")


def _times(it: Signed, world: World) -> str | None:
    if it.to != world.us:
        return "other-member"
    if it.created > world.now + SKEW:
        return "signature-early"
    if not it.created <= it.expires <= it.created + LIFETIME:
        return "signature-lifetime"
    return "signature-expired" if it.expires < world.now else None


def _named(it: Signed, world: World) -> Key | None:
    """Find the key that a request names: of its member, or the only one of that id."""
    keys = [key for key in world.keys if (key.purpose, key.key_id) == (REQUEST, it.key_id)]
    found = [key for key in keys if it.member in (None, key.member)]
    return found[0] if len(found) == 1 else None


def _key(key: Key, world: World) -> str | None:
    """Make step 4 for a key."""
    times = (world.now, world.latest)
    stolen = key.stolen_by_state(world.final) <= world.latest
    if stolen or not all(key.within(at) for at in times):
        return "request-key-not-valid"
    member = world.members.get(key.member)
    return None if member and member.status == ACTIVE else "member-not-active"


def _judged(http: Http, world: World) -> str | None:
    it = signed(http)
    wrong = _times(it, world)
    if wrong:
        return wrong
    key = _named(it, world)
    if key is None:
        return "request-key-unknown"
    alike = key.algorithm == it.algorithm
    if not alike or not made(key.algorithm, key.public_key, base_of(http, it), it.signature):
        return "signature-invalid"
    wrong = _key(key, world)
    if wrong:
        return wrong
    if sha256(http.body) != it.digest:  # one of more than 2 MiB is no matter of 401
        return "digest-differs"
    return "signature-replayed" if (it.key_id, it.nonce) in world.nonces else None


def judge_request(data: bytes, world: World) -> str:
    """Give `accepted`, or the code with which a receiver refuses."""
    try:
        return _judged(read_http(data), world) or "accepted"
    except RefusedError as refused:
        return str(refused)
