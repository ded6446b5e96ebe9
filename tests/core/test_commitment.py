"""Commitments against a plain twin written from the formats, and everything refused."""

import base64
import hashlib
import itertools
import json
import string
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import canonical, commitment
from ledger.core import disclosures as disclosing
from ledger.core.commitment import Header, Value, commit
from ledger.core.disclosures import check_committed, check_disclosures, parse_disclosure
from ledger.core.errors import EvidenceError, Malformed, ProofMismatch, VersionUnknown
from ledger.core.ids import LogId
from tests.core.material import REFUSED, example, fuzz, refuses

LOG = LogId(bytes(range(32)))
SCHEMA = "penalty@1:" + "ab" * 32
RULES = "publicity@1:" + "cd" * 32
HEADER = Header(
    class_=None,
    decided=date(2024, 4, 10),
    iss="120000",
    log=LOG,
    rules=RULES,
    schema=SCHEMA,
    until=None,
)
SECRET = bytes(range(32))
SLOTS = ("A", "B_1", "c", "D")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
FIELDS = st.dictionaries(
    st.sampled_from(SLOTS), TEXTS | st.lists(TEXTS, min_size=1, max_size=3), min_size=1
)
DAYS = st.dates(date(1900, 1, 1))
HEADERS = st.builds(
    Header,
    class_=st.sampled_from([None, *commitment.CLASSES]),
    decided=DAYS,
    iss=st.from_regex(r"[0-9a-z][0-9a-z-]{0,31}", fullmatch=True),
    log=st.binary(min_size=32, max_size=32).map(LogId),
    rules=st.just(RULES),
    schema=st.just(SCHEMA),
    until=st.none() | DAYS,
)


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def plain(
    slots: Sequence[str], fields: Mapping[str, Value], secret: bytes, header: Header
) -> tuple[bytes, dict[str, str]]:
    """Payload and disclosures, slot by slot as the formats say."""
    sd: list[str] = []
    disclosures: dict[str, str] = {}
    salts = hashlib.shake_256(b"credit-ledger/1/salts\0" + secret).digest(18 * len(slots))
    decoys = hashlib.shake_256(b"credit-ledger/1/decoys\0" + secret).digest(32 * len(slots))
    for i, slot in enumerate(slots):
        if slot in fields:
            parts = [b64u(salts[18 * i : 18 * i + 18]), slot, fields[slot]]
            text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
            disclosures[slot] = b64u(text.encode())
            sd.append(b64u(hashlib.sha256(disclosures[slot].encode()).digest()))
        else:
            sd.append(b64u(decoys[32 * i : 32 * i + 32]))
    payload = {
        "_sd": sd,
        "_sd_alg": "sha-256",
        "class": header.class_,
        "decided": str(header.decided),
        "iss": header.iss,
        "log": header.log.hex(),
        "rules": header.rules,
        "schema": header.schema,
        "until": None if header.until is None else str(header.until),
        "vct": "urn:credit-ledger:record:1",
    }
    return json.dumps(payload, sort_keys=True, separators=(",", ":")).encode(), disclosures


@fuzz
@given(FIELDS, st.binary(min_size=32, max_size=32), HEADERS)
def test_commit_has_a_plain_twin(fields: dict[str, Value], secret: bytes, header: Header) -> None:
    made = commit(SLOTS, fields, secret, header)
    assert (made.payload, made.disclosures) == plain(SLOTS, fields, secret, header)
    assert list(made.disclosures) == [slot for slot in SLOTS if slot in fields]
    assert made.digest == hashlib.sha256(made.payload).digest()
    payload = commitment.parse_payload(made.payload)
    assert payload.header == header
    assert len(payload.digests) == len(SLOTS)
    shown = check_disclosures(payload, list(made.disclosures.values()), SLOTS)
    assert shown == fields


def test_texts_of_salts_are_spelled_alike_in_both_base64() -> None:
    """Every two characters that may stand side by side where disclosures begin, at each place."""
    letters = (string.ascii_letters + string.digits + '-_["').encode()
    pairs = [bytes(pair) for pair in itertools.product(letters, letters)]
    for before, behind in ((b"", b"A"), (b"A", b""), (b"AA", b"A")):
        for pair in pairs:
            text = base64.b64encode(before + pair + behind)
            assert b"+" not in text
            assert b"/" not in text


@fuzz
@given(FIELDS, st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_tails_are_the_same_in_every_record(
    fields: dict[str, Value], secret: bytes, other: bytes
) -> None:
    tails = [commitment.tail(slot, fields[slot]) for slot in SLOTS if slot in fields]
    filling = commitment.filling_of(len(SLOTS), tuple(places(fields)))
    for one in (secret, other):
        made = commit(SLOTS, fields, one, HEADER)
        payload, disclosures = filling.commit(tails, one, HEADER.spoken)
        assert payload == made.payload
        assert [text.decode() for text in disclosures] == [*made.disclosures.values()]


def places(fields: Mapping[str, Value]) -> list[int]:
    return [place for place, slot in enumerate(SLOTS) if slot in fields]


def test_the_longest_schema() -> None:
    slots = [f"F{i}" for i in range(commitment.MAX_SLOTS)]
    made = commit(slots, {"F0": "x"}, SECRET, HEADER)
    assert (made.payload, made.disclosures) == plain(slots, {"F0": "x"}, SECRET, HEADER)
    assert len(made.payload) <= commitment.MAX_PAYLOAD
    assert len(commitment.parse_payload(made.payload).digests) == commitment.MAX_SLOTS


def test_expand_gives_what_commit_uses() -> None:
    salts, decoys = commitment.expand(SECRET, 3)
    assert [len(salt) for salt in salts] == [18] * 3
    assert [len(decoy) for decoy in decoys] == [32] * 3
    assert salts == commitment.expand(SECRET, 5)[0][:3]
    made = commit(("A", "B", "C"), {"B": "x"}, SECRET, HEADER)
    assert canonical.parse(canonical.b64u_decode(made.disclosures["B"]))[0] == b64u(salts[1])
    found = commitment.parse_payload(made.payload).digests
    filled = hashlib.sha256(made.disclosures["B"].encode()).digest()
    assert found == (decoys[0], filled, decoys[2])


@pytest.mark.parametrize(
    "fields",
    [
        *({}, {"E": "x"}, {"A": "x", "E": "y"}, {"A": ""}, {"A": []}, {"A": [""]}),
        *({"A": 1}, {"A": None}, {"A": ("x",)}, {"A": [1]}, {"A": [["x"]]}, {"A": "\ud800"}),
        *({"A": "x" * 60_000}, {"A": ["\udfff"]}),
        {slot: "x" * 49_000 for slot in SLOTS} | {f"F{i}": "x" * 49_000 for i in range(6)},
    ],
    ids=lambda fields: str(fields)[:20],
)
def test_fields_that_are_refused(fields: Any) -> None:
    slots = (*SLOTS, *(f"F{i}" for i in range(6)))
    with pytest.raises(Malformed):
        commit(slots, fields, SECRET, HEADER)


def test_as_long_as_it_may_be() -> None:
    """One more character in a field, or one more field, is what is too long."""
    longest = "x" * (commitment.MAX_DISCLOSURE * 3 // 4 - len('["","A",""]') - 24)
    slots = [chr(ord("A") + i) for i in range(9)]
    made = commit(slots, dict.fromkeys(slots[:8], longest), SECRET, HEADER)
    texts = list(made.disclosures.values())
    assert {len(text) for text in texts} == {commitment.MAX_DISCLOSURE}
    assert parse_disclosure(texts[0]) == ("A", longest)
    payload = commitment.parse_payload(made.payload)
    assert len(check_disclosures(payload, texts, slots)) == 8
    with pytest.raises(Malformed, match="too long"):
        commit(slots, {"A": longest + "x"}, SECRET, HEADER)
    with pytest.raises(Malformed, match="too long"):
        commit(slots, {**dict.fromkeys(slots[:8], longest), "I": "x"}, SECRET, HEADER)
    with pytest.raises(Malformed, match="more than the payload has"):
        check_disclosures(payload, [*texts, "A"], slots)
    with pytest.raises(Malformed, match="longer than"):
        parse_disclosure(texts[0] + "A")


def test_the_shortest_schema() -> None:
    made = commit(("A",), {"A": "x"}, SECRET, HEADER)
    payload = commitment.parse_payload(made.payload)
    assert len(payload.digests) == 1
    shown = list(made.disclosures.values())
    assert check_disclosures(payload, shown, ("A",)) == {"A": "x"}
    check_committed(payload, shown)
    with pytest.raises(Malformed, match="more than the payload has"):
        check_disclosures(payload, shown * 2, ("A",))


@pytest.mark.parametrize(
    "slots",
    [
        (),
        ("A", "A"),
        ("_sd",),
        ("iss",),
        ("vct",),
        ("rules",),
        ("...",),
        ("",),
        ("1A",),
        ("号",),
        ("A" * 65,),
    ],
)
def test_slots_that_are_refused(slots: tuple[str, ...]) -> None:
    with pytest.raises(Malformed):
        commit(slots, {"A": "x"}, SECRET, HEADER)


def test_other_bounds() -> None:
    for secret, n in ((SECRET[:31], 1), (SECRET + b"\0", 1), (SECRET, 0), (SECRET, 257)):
        assert refuses(Malformed, commitment.expand, secret, n)
    good: dict[str, Any] = {
        "class_": None,
        "decided": date(2024, 4, 10),
        "iss": "120000",
        "log": LOG,
        "rules": RULES,
        "schema": SCHEMA,
        "until": None,
    }
    for change in (
        *({"class_": "worst"}, {"class_": ""}, {"iss": ""}, {"iss": 'a"'}, {"log": LOG[:31]}),
        *({"schema": "penalty@1"}, {"schema": SCHEMA.upper()}, {"schema": SCHEMA + "\n"}),
        *({"schema": SCHEMA.replace("@1", "@01")}, {"schema": SCHEMA[:-1]}, {"rules": ""}),
        *({"rules": RULES.upper()}, {"rules": "Publicity@1:" + "cd" * 32}, {"rules": RULES + " "}),
    ):
        with pytest.raises(Malformed):
            Header(**{**good, **change})
    assert Header(**good).schema_id == "penalty@1"
    assert Header(**good).schema_sha256 == bytes.fromhex("ab" * 32)
    assert Header(**good).rules_sha256 == bytes.fromhex("cd" * 32)


def changed_payloads() -> list[tuple[str, Any]]:
    good = json.loads(commit(SLOTS, {"A": "x"}, SECRET, HEADER).payload)
    sd = good["_sd"]
    changes: dict[str, Any] = {
        "class": ["worst", 1, ""],
        "decided": [None, "2024-4-10", "2024-02-30", 20240410],
        "iss": [None, "", 1],
        "log": [None, "0x" + good["log"], good["log"].upper()],
        "schema": ["penalty@1", None],
        "rules": ["publicity@1", None, SCHEMA.upper()],
        "until": ["", 1, "never"],
        "vct": ["urn:credit-ledger:record:0", "urn:credit-ledger:record", None, 1],
        "_sd_alg": ["sha 256", None, 256],
        "_sd": [
            *(None, [], [*sd, sd[-1]], [sd[0], sd[0]], [1, 2], [*sd, "~" * 43], ["x", "y"]),
            *([sd[0][:-1], *sd[1:]], [b64u(bytes([i // 256, i % 256]) * 16) for i in range(257)]),
        ],
    }
    values = [(key, {**good, key: value}) for key in changes for value in changes[key]]
    missing = [(key, {k: v for k, v in good.items() if k != key}) for key in good]
    return [*values, *missing, ("more", {**good, "exp": 1}), ("list", []), ("text", "x")]


def test_payloads_that_are_refused() -> None:
    cases = changed_payloads()
    assert len(cases) == 50
    for name, value in cases:
        data = canonical.encode(value, allow_null=True)
        assert refuses(Malformed, commitment.parse_payload, data), (name, value)
    long = canonical.encode("x" * commitment.MAX_PAYLOAD)
    for data in (long, b"", b"{"):
        assert refuses(Malformed, commitment.parse_payload, data)


def test_payloads_that_are_newer() -> None:
    """Not judged by what version 1 says of them."""
    good = json.loads(commit(SLOTS, {"A": "x"}, SECRET, HEADER).payload)
    for change in (
        {"vct": "urn:credit-ledger:record:2"},
        {"vct": "urn:credit-ledger:record:2", "_sd": [], "more": 1},
        {"_sd_alg": "sha-512"},
        {"_sd_alg": "sm3", "_sd": ["x" * 86]},
    ):
        data = canonical.encode({**good, **change}, allow_null=True)
        for spelled in (data, data + b" "):
            assert refuses(VersionUnknown, commitment.parse_payload, spelled), change


@pytest.mark.parametrize(
    "value",
    [
        *("x", [], ["s", "A"], [b64u(bytes(18)), "A", "x", "y"], [b64u(bytes(17)), "A", "x"]),
        *([1, "A", "x"], [b64u(bytes(18)), 1, "x"], [b64u(bytes(18)), "A", 1]),
        *([b64u(bytes(18)), "A", ""], [b64u(bytes(18)), "A", []], [b64u(bytes(18)), "_sd", "x"]),
        *([b64u(bytes(18)), "A", {"a": "b"}], [b64u(bytes(18)), "iss", "110000"]),
        [b64u(bytes(18)), "A", [["x"]]],
    ],
    ids=str,
)
def test_disclosures_that_are_refused(value: Any) -> None:
    text = b64u(json.dumps(value, separators=(",", ":")).encode())
    with pytest.raises(Malformed):
        parse_disclosure(text)


def refusal(function: Any, *args: Any) -> tuple[type, str | None]:
    """Class and code of what is raised."""
    with pytest.raises(EvidenceError) as caught:
        function(*args)
    return type(caught.value), caught.value.code


def test_a_commitment_opens_to_one_record() -> None:
    """An issuer hides a second value beside, or in place of, decoys, or swaps: opened it counts
    for nothing, and has a code of its own."""
    made = commit(SLOTS, {"A": "x", "B_1": ["y"]}, SECRET, HEADER)
    second = commit(SLOTS, {"A": "other"}, bytes(32), HEADER).disclosures["A"]
    hidden = hashlib.sha256(second.encode()).digest()
    mine = made.disclosures["A"]
    a, b, c, d = commitment.parse_payload(made.payload).digests
    for digests, shown in (
        ((a, b, hidden, d), [second]),
        ((a, b, c, hidden), [second]),
        ((a, hidden, c, d), [second]),
        ((b, a, c, d), [mine]),
        ((a, b, c, d, hidden), [second]),
        ((a, b, c, d, hidden), [mine]),  # a digest more than there are slots opens nothing
        ((a, b, c), [mine]),
        (tuple(sorted((a, b, c, d)))[::-1], [mine]),
    ):
        payload = commitment.Payload(digests, HEADER)
        check_committed(payload, shown)
        found = refusal(check_disclosures, payload, shown, SLOTS)
        assert found == (ProofMismatch, "slot-mismatch"), (digests.index(hidden), shown)
    both = commitment.Payload((a, hidden, c, d), HEADER)
    assert check_disclosures(both, [mine], SLOTS) == {"A": "x"}
    assert refusal(check_disclosures, both, [mine, second], SLOTS) == (Malformed, None)
    assert refusal(check_committed, both, [mine, second]) == (Malformed, None)
    right = commitment.parse_payload(made.payload)
    for slots in (("B_1", "A", "c", "D"), ("Z", "B_1", "c", "D")):
        assert refusal(check_disclosures, right, [mine], slots)[1] == "slot-mismatch"
    assert refuses(Malformed, check_disclosures, right, [mine], ("A", "A", "c", "D"))


def test_disclosures_of_a_payload() -> None:
    made = commit(SLOTS, {"A": "x", "B_1": ["y"]}, SECRET, HEADER)
    other = commit(SLOTS, {"A": "x", "D": "z"}, bytes(32), HEADER)
    payload = commitment.parse_payload(made.payload)
    first, second = made.disclosures.values()
    assert check_disclosures(payload, [first, second], SLOTS) == {"A": "x", "B_1": ["y"]}
    assert refusal(check_disclosures, payload, [second, first], SLOTS) == (ProofMismatch, None)
    for check in (partial(check_disclosures, slots=SLOTS), check_committed):
        with pytest.raises(ProofMismatch, match="disclosure of D"):
            check(payload, [first, other.disclosures["D"]])
        long = "A" * commitment.MAX_DISCLOSURE * 9
        for wrong in ([], [first, first], [first] * 5, [first, long]):
            assert refuses(Malformed, check, payload, wrong)
    assert refuses(Malformed, parse_disclosure, "A" * (commitment.MAX_DISCLOSURE + 1))


def test_no_flipped_character_of_a_payload_or_disclosure_passes() -> None:
    given_, expected = example("penalty")
    good = expected["payload"].encode()
    digest = hashlib.sha256(good).digest()
    for at in range(0, len(good), 3):
        changed = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        if not refuses(REFUSED, commitment.parse_payload, changed):
            assert hashlib.sha256(changed).digest() != digest
    payload = commitment.parse_payload(good)
    opened = partial(check_disclosures, slots=given_["slots"])
    text = expected["disclosures"]["CF_WSH"]
    for at in range(len(text)):
        for other in "AQgw_-=":
            changed_text = text[:at] + other + text[at + 1 :]
            if changed_text != text:
                assert refuses(EvidenceError, opened, payload, [changed_text]), at
    assert opened(payload, [text]) == {"CF_WSH": given_["fields"]["CF_WSH"]}


# ---- reading all at once, beside reading one by one


def outcome(function: Any, *args: Any) -> Any:
    """What it gives, or what it raises."""
    try:
        return function(*args)
    except EvidenceError as error:
        return type(error), str(error)


def open_each(payload: commitment.Payload, disclosures: Sequence[str]) -> Any:
    """The plain twin of `check_disclosures`, but for its bounds."""
    places = commitment.places_of(SLOTS[: len(payload.digests)])
    return disclosing._open_each(payload.digests, places, disclosures)


def open_(payload: commitment.Payload, disclosures: Sequence[str]) -> Any:
    """The other one."""
    return check_disclosures(payload, disclosures, SLOTS[: len(payload.digests)])


ODD: list[Any] = [
    None,
    True,
    1,
    1.5,
    "",
    [],
    {},
    {"b": "x", "a": "y"},
    [1],
    [""],
    [["x"]],
    "\u00e9",
]


@fuzz
@given(fields=FIELDS, data=st.data())
def test_disclosures_are_read_at_once_as_one_by_one(
    fields: Mapping[str, Value], data: st.DataObject
) -> None:
    made = commit(SLOTS, fields, SECRET, HEADER)
    payload = commitment.parse_payload(made.payload)
    texts = list(made.disclosures.values())
    opened = open_(payload, texts)
    assert opened == open_each(payload, texts) == fields
    assert list(opened) == [slot for slot in SLOTS if slot in fields]

    at = data.draw(st.integers(0, len(texts) - 1))
    where = data.draw(st.integers(0, len(texts[at]) - 1))
    letter = data.draw(st.sampled_from("AQgw_-=+/ \u00e9\ud800"))
    salt, field, value = json.loads(base64.urlsafe_b64decode(texts[at] + "==="))
    strange = data.draw(st.sampled_from(ODD))
    changed = data.draw(
        st.sampled_from(
            [
                texts[at][:where] + letter + texts[at][where + 1 :],
                texts[at] + letter,
                texts[at] + "A" * 4,
                f"{texts[at]}~{texts[at]}",
                f"{texts[at][:where]}~{texts[at][where:]}",
                b64u(json.dumps([salt, field, value]).encode()),  # spaces
                *(
                    b64u(json.dumps(parts, separators=(",", ":")).encode())
                    for parts in (
                        *([salt, field, strange], [salt, strange, value], [strange, field, value]),
                        *([salt, field], [salt, field, value, strange], strange),
                        *([salt + "AAAA", field, value], [salt, "iss", value]),
                    )
                ),
            ]
        )
    )
    wrong = [*texts[:at], changed, *texts[at + 1 :]]
    moved = data.draw(st.permutations(payload.digests))
    for tried, held in (
        (wrong, payload),
        (["~".join(texts)], payload),
        (data.draw(st.permutations(texts)), payload),
        (texts, commitment.Payload(tuple(moved), HEADER)),
    ):
        assert outcome(open_, held, tried) == outcome(open_each, held, tried)


@pytest.mark.parametrize(
    "parts",
    [
        *([b64u(bytes(18)), "A", value] for value in ODD),
        *([b64u(bytes(size)), "A", "x"] for size in (0, 17, 19)),
        *([salt, "A", "x"] for salt in ("~" * 24, "+" * 24, "é" * 24, "A" * 23 + "=", 1, None)),
        *([b64u(bytes(18)), field, "x"] for field in ("_sd", "iss", "", "1", 1, None, ["A"])),
        *([], ["x"], [b64u(bytes(18)), "A"], [b64u(bytes(18)), "A", "x", "y"], {}, "x", 1),
    ],
    ids=str,
)
def test_what_was_committed_and_is_no_disclosure(parts: Any) -> None:
    """Whoever makes the payload can commit to anything; not everything is read."""
    text = b64u(json.dumps(parts, separators=(",", ":")).encode())
    digest = hashlib.sha256(text.encode()).digest()
    payload = commitment.Payload((digest, bytes(32)), HEADER)
    found = outcome(open_, payload, [text])
    assert found == outcome(open_each, payload, [text])
    assert found[0] is Malformed


def test_what_is_right_is_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    made = commit(SLOTS, {"A": "x", "B_1": ["y"], "D": "\u4e2d"}, SECRET, HEADER)
    payload = commitment.parse_payload(made.payload)
    monkeypatch.setattr(disclosing, "_open_each", lambda *_: pytest.fail("the slow way"))
    assert len(open_(payload, list(made.disclosures.values()))) == 3


@fuzz
@given(
    digests=st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=5, unique=True),
    at=st.integers(0, 1),
    wrong=st.sampled_from(
        [
            *("A" * 44, "A" * 42, "A" * 42 + "B", "A" * 42 + "=", "+" * 43, "\u00e9" * 43, ""),
            1,
            None,
        ]
    ),
)
def test_digests_are_decoded_at_once_as_one_by_one(
    digests: list[bytes], at: int, wrong: Any
) -> None:
    texts = list(map(b64u, digests))
    assert commitment._digests(texts) == tuple(digests)
    texts[at] = wrong
    assert commitment._digests(texts) is None
    assert refuses(Malformed, commitment._check_digests, texts)


# ---- payloads, beside reading them part by part


@fuzz
@given(fields=FIELDS, header=HEADERS, data=st.data())
def test_a_payload_is_read_at_once_as_part_by_part(
    fields: Mapping[str, Value], header: Header, data: st.DataObject
) -> None:
    payload = commit(SLOTS, fields, SECRET, header).payload
    assert commitment._plainly_right(payload) == commitment._parse_payload(payload)

    value = json.loads(payload)
    name = data.draw(st.sampled_from(sorted(value)))
    strange = data.draw(st.sampled_from([*ODD, "2026-02-30", "00" * 32, "x@1:" + "0" * 64]))
    at = data.draw(st.integers(0, len(payload) - 1))
    byte = bytes([data.draw(st.integers(0, 255))])
    for changed in (
        payload[:at] + byte + payload[at + 1 :],
        payload[:at] + byte + payload[at:],
        payload[:at],
        json.dumps(value, sort_keys=True).encode(),  # spaces
        *(
            json.dumps(other, sort_keys=True, separators=(",", ":")).encode()
            for other in (
                value | {name: strange},
                {key: value[key] for key in value if key != name},
                value | {"more": strange},
                value | {"_sd": value["_sd"] + data.draw(st.sampled_from([[strange], ["A" * 43]]))},
                value | {"_sd": value["_sd"] + value["_sd"][:1]},
                value | {"_sd": [strange, *value["_sd"][1:]]},
                value | {"_sd": {text: text for text in value["_sd"]}},
                strange,
                [*value.values()],
            )
        ),
    ):
        slow = outcome(commitment._parse_payload, changed)
        found = commitment._plainly_right(changed)
        assert found == (slow if isinstance(slow, commitment.Payload) else None)


def test_payloads_of_one_header_share_it() -> None:
    """And what is wrong is told again each time, though the same was read before."""
    made = [commit(SLOTS, {"A": text}, SECRET, HEADER).payload for text in ("x", "y")]
    one, other = map(commitment.parse_payload, made)
    assert one.header is other.header and one.digests != other.digests
    wrong = made[0].replace(b'"until":', b'"until" :')
    for _ in range(2):
        assert refuses(Malformed, commitment.parse_payload, wrong)
    assert commitment.parse_payload(made[0]) == one


def test_the_longest_payload_is_read_at_once_and_no_longer_one() -> None:
    slots = [f"F{i}" for i in range(commitment.MAX_SLOTS + 1)]
    made = commit(slots[:-1], {"F0": "x"}, SECRET, HEADER)
    assert commitment._plainly_right(made.payload) is not None
    payload, _ = plain(slots, {"F0": "x"}, SECRET, HEADER)
    assert commitment._plainly_right(payload) is None
    assert refuses(Malformed, commitment.parse_payload, payload)
