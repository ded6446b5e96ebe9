"""Read answers, what travels with them, and bundles of them: the forms of section 27."""

import re
from dataclasses import dataclass

from tests.second import present, receipt, versions
from tests.second.codec import (
    CODE,
    HEX,
    Json,
    Malformed,
    b64url_strict,
    canonical,
    instant,
    integer_of,
    members,
    parse,
    text_of,
    texts_of,
)
from tests.second.curves import sha256
from tests.second.sorts import FAMILY, SUBJECT, families, purpose

LIMIT = 167_772_160
BEHIND = 16
_TYP = "credit-ledger-answer+jws"
_PAYLOAD = "_type at authorisation block covers iss items nonce question to"
_BUNDLE = "_type answers at completeness missing overall subject verdicts"
_NONCE = re.compile(r"[A-Za-z0-9_-]{22}")
_REASON = re.compile(r"[a-z][a-z0-9-]{0,63}")
_STATE = re.compile(r"stated|missing|contradicted")
_OVERALL = re.compile(r"clear|adverse|open")


@dataclass(frozen=True)
class Item:
    """Hold what an answer says of one record: its leaf, and the digest of its receipt."""

    leaf: str
    receipt: str


@dataclass(frozen=True)
class Answer:
    """Hold a signed answer; `digest` is that of its JWS."""

    jws: present.Jws
    digest: str
    at: int
    authorisation: str | None
    block: int
    covers: dict[str, int]
    iss: str
    items: tuple[Item, ...]
    nonce: str
    code: str
    purpose: str
    types: tuple[str, ...]
    to: str

    @property
    def question(self) -> tuple[str, str, tuple[str, ...]]:
        """Give what was asked."""
        return self.code, self.purpose, self.types


@dataclass(frozen=True)
class Given:
    """Hold an answer with the opening of its query and the receipts of its items."""

    answer: Answer
    opening: receipt.Opening
    receipts: tuple[str, ...]

    @property
    def own(self) -> tuple[str, ...]:
        """Give the receipts of the items."""
        return self.receipts[: len(self.answer.items)]

    @property
    def behind(self) -> tuple[str, ...]:
        """Give the receipts that stand behind those of the items."""
        return self.receipts[len(self.answer.items) :]


@dataclass(frozen=True)
class Bundle:
    """Hold a bundle; what follows from the rest stands as it was read."""

    answers: tuple[Given, ...]
    at: int
    completeness: list[Json]
    missing: tuple[str, ...]
    overall: str
    subject: str
    verdicts: list[Json]


def _newer(which: bool) -> None:
    """Refuse what is of another version, where something is not of its form."""
    if which:
        raise receipt.Refused("version-unknown")


def _jws(text: str) -> present.Jws:
    try:
        if len(text) > 524_288:
            raise Malformed("answer too long")
        return present.read_jws(text, _TYP, "alg iat kid typ")
    except Malformed:
        _newer(versions.algorithm_newer(text))
        raise


def _listed(value: Json, most: int, least: int = 0) -> list[Json]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise Malformed("not a list within its bounds")
    return value


def _covers(value: Json) -> dict[str, int]:
    found = [members(one, "log size") for one in _listed(value, 256, 1)]
    logs = [text_of(one["log"], HEX) for one in found]
    if logs != sorted(set(logs)):
        raise Malformed("covers does not ascend, or has one twice")
    return {log: integer_of(one["size"]) for log, one in zip(logs, found, strict=True)}


def _items(value: Json) -> tuple[Item, ...]:
    found = [members(one, "leaf receipt") for one in _listed(value, 1000)]
    items = [Item(text_of(one["leaf"], HEX), text_of(one["receipt"], HEX)) for one in found]
    if len({item.leaf for item in items}) != len(items):
        raise Malformed("a leaf twice")
    return tuple(items)


def _payload(jws: present.Jws, digest: str) -> Answer:
    found = members(parse(jws.payload, nulls=True), _PAYLOAD)
    if found["_type"] != "credit-ledger/answer@1":
        raise Malformed("no answer of version 1")
    asked = members(found["question"], "code purpose types")
    under, nonce = found["authorisation"], text_of(found["nonce"], _NONCE)
    b64url_strict(nonce)
    return Answer(
        jws=jws,
        digest=digest,
        at=instant(found["at"]),
        authorisation=None if under is None else text_of(under, HEX),
        block=integer_of(found["block"]),
        covers=_covers(found["covers"]),
        iss=text_of(found["iss"], CODE),
        items=_items(found["items"]),
        nonce=nonce,
        code=text_of(asked["code"], SUBJECT),
        purpose=purpose(asked["purpose"]),
        types=tuple(families(asked["types"])),
        to=text_of(found["to"], CODE),
    )


def _answer(text: str) -> Answer:
    jws = _jws(text)
    try:
        return _payload(jws, sha256(text.encode()).hex())
    except Malformed:
        _newer(versions.file_newer(jws.payload))
        raise


def _opening(value: Json) -> receipt.Opening:
    if not isinstance(value, dict):
        raise Malformed("an opening is an object")
    return receipt.read_opening(canonical(value))


def of_object(value: Json, behind: int = BEHIND) -> Given:
    """Read an answer with its parts, in their order, and at most some receipts behind them."""
    found = members(value, "answer opening receipts")
    answer = _answer(text_of(found["answer"]))
    opening = _opening(found["opening"])
    receipts = texts_of(found["receipts"], None, len(answer.items) + behind)
    return Given(answer, opening, tuple(receipts))


def _missing(value: Json) -> tuple[str, ...]:
    found = [members(one, "member reason") for one in _listed(value, 64)]
    for one in found:
        text_of(one["reason"], _REASON)
    return tuple(text_of(one["member"], CODE) for one in found)


def _completeness(value: Json) -> list[Json]:
    for item in _listed(value, 4096):
        one = members(item, "family member state")
        text_of(one["family"], FAMILY)
        text_of(one["member"], CODE)
        text_of(one["state"], _STATE)
    return _listed(value, 4096)


def _verdicts(value: Json) -> list[Json]:
    found = _listed(value, 16_000)
    if not all(isinstance(one, dict) for one in found):
        raise Malformed("a verdict is an object")
    return found


def _bundle(found: dict[str, Json]) -> Bundle:
    """Read a bundle in the order of its parts."""
    subject, at = text_of(found["subject"], SUBJECT), instant(found["at"])
    answers = tuple(of_object(one) for one in _listed(found["answers"], 64))
    missing = _missing(found["missing"])
    who = [given.answer.iss for given in answers]
    ascend = who == sorted(set(who)) and list(missing) == sorted(set(missing))
    if not ascend or set(who) & set(missing):
        raise Malformed("members do not ascend, or one stands twice")
    return Bundle(
        answers=answers,
        at=at,
        completeness=_completeness(found["completeness"]),
        missing=missing,
        overall=text_of(found["overall"], _OVERALL),
        subject=subject,
        verdicts=_verdicts(found["verdicts"]),
    )


def _file(data: bytes, needed: str) -> dict[str, Json]:
    try:
        found = members(parse(data, limit=LIMIT, nulls=True), needed)
        if found.get("_type", "credit-ledger/bundle@1") != "credit-ledger/bundle@1":
            raise Malformed("no bundle of version 1")
    except Malformed:
        _newer(versions.file_newer(data))
        raise receipt.Refused("malformed") from None
    return found


def read_given(data: bytes) -> Given:
    """Read the file of an answer."""
    found = _file(data, "answer opening receipts")
    try:
        return of_object(found, 0)
    except Malformed:
        raise receipt.Refused("malformed") from None


def read_bundle(data: bytes) -> Bundle:
    """Read the file of a bundle."""
    found = _file(data, _BUNDLE)
    try:
        return _bundle(found)
    except Malformed:
        raise receipt.Refused("malformed") from None
