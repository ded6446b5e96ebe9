"""What whoever votes or signs is shown: all of it, and nothing that steers the terminal."""

import copy
import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.chain.contracts.structs import YES, item_values
from ledger.chain.founding.national import national_items
from ledger.chain.governing import requests
from ledger.chain.governing.actions import Action, action, kind_names, proposal_id
from ledger.chain.governing.requests import Domain, Request
from ledger.chain.governing.tosign import ToSign, VotedOn
from ledger.cli.action_words import sentence, words
from ledger.cli.output import print_json
from ledger.cli.signing import _shown
from ledger.core.ids import Address, bytes32_ascii

DOMAIN = Domain(4242, Address("0x" + "11" * 20))
ACCOUNT = "0x" + "22" * 20
DAY = 1_800_000_000


def key(**changed: Any) -> dict[str, Any]:
    made = requests.key_input(
        member="110000",
        purpose=changed.pop("purpose", 5),
        alg=1,
        public_key=b"\4" * 64,
        not_before=DAY,
    )
    return dict(made) | {"member": "110000"} | changed


def act() -> dict[str, Any]:
    return {
        "logId": b"\1" * 32,
        "commitment": b"\2" * 32,
        "action": 1,
        "expectedVersion": 1,
        "basis": 1,
        "doc": b"\3" * 32,
        "otherLogId": b"\4" * 32,
        "otherCommitment": b"\5" * 32,
        "effectiveAt": DAY,
        "refiledFrom": DAY,
    }


def items() -> list[dict[str, Any]]:
    made = [item_values(item) for item in national_items()[:2]]
    return [item | {"itemId": f"item-{n}", "region": "110000"} for n, item in enumerate(made)]


FOUNDER = {"code": "a-bank", "region": "110000", "roles": 1, "endpoint": "https://bank.example"}
VALUES: dict[str, dict[str, Any]] = {
    "suspend": {"member": "a-bank"},
    "reinstate": {"member": "a-bank"},
    "recover-key": {"key": key()},
    "register-contract": {"role": "CaseRegistry", "account": ACCOUNT},
    "open-successor": {"logId": b"\3" * 32, "trustedSize": 5, "suite": 1},
    "compromise-key": {"member": "a-bank", "keyId": b"\6" * 32, "since": DAY},
    "put-national": {"catalogue": ACCOUNT, "items": items()},
    "set-chair": {"member": "a-bank"},
    "act": {"registry": ACCOUNT, "acts": [act(), act()]},
    "admit": {"founder": FOUNDER, "keys": [key(), key(purpose=1)]},
    "retire": {"member": "a-bank"},
    "set-roles": {"member": "a-bank", "roles": 2},
    "set-threshold": {"threshold": 3},
    "open-log": {"member": "a-bank", "suite": 1},
    "compromise-all": {"member": "a-bank", "purpose": 1, "since": DAY},
}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in pairs:
        if isinstance(item, dict | list):
            yield from leaves(item, (*path, name))
        else:
            yield (*path, name)


def changed(values: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """The values with another leaf at that path."""
    made = copy.deepcopy(values)
    at: Any = made
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = other(at[path[-1]])
    return made


def other(value: Any) -> Any:
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(value, str):
        return value[:-1] + ("3" if value[-1] != "3" else "4")
    return value + 1


def to_sign(of: Action | Request, *, votes: bool = False) -> ToSign:
    """A file as the machine with the GOVERN key reads it."""
    if isinstance(of, Request):
        return ToSign.parse(ToSign(domain=DOMAIN, request=of).encode())
    salt = b"\1" * 32
    made = requests.propose(member="110000", action=of, salt=salt, expires_at=DAY, deadline=DAY)
    if votes:
        id_ = proposal_id(*DOMAIN, "120000", of, salt)
        vote = requests.vote(member="110000", proposal=id_, choice=YES, deadline=DAY)
        on = VotedOn(proposer="120000", action=of, salt=salt)
        return ToSign.parse(ToSign(domain=DOMAIN, request=vote, voted_on=on).encode())
    return ToSign.parse(ToSign(domain=DOMAIN, request=made).encode())


def told(lines: str) -> str:
    """Without the hashes, which change with anything."""
    hashes = ("dataHash:", "proposalId:")
    return "\n".join(line for line in lines.splitlines() if not any(h in line for h in hashes))


def test_every_kind_is_here() -> None:
    assert set(VALUES) == set(kind_names())


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_value_is_shown(kind: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", language)
    base = action(kind, VALUES[kind])
    for path in leaves(VALUES[kind]):
        made = action(kind, changed(VALUES[kind], path))
        assert told(words(made)) != told(words(base)), path
        for votes in (False, True):
            shown, before = (_shown(to_sign(a, votes=votes)) for a in (made, base))
            assert told("\n".join(shown)) != told("\n".join(before)), path
    assert base.data_hash.hex() in words(base)


OWN = {
    "addKey": lambda **v: requests.add_key(
        key=key(purpose=v["purpose"], member=bytes32_ascii("110000"))
        | {"notBefore": v["notBefore"], "notAfter": v["notAfter"], "publicKey": v["publicKey"]},
        seq=v["seq"],
        deadline=v["deadline"],
    ),
    "setEndpoint": lambda **v: requests.set_endpoint(member="110000", **v),
    "revokeKey": lambda **v: requests.revoke_key(member="110000", **v),
}
OWN_VALUES: dict[str, dict[str, Any]] = {
    "addKey": {
        "purpose": 5,
        "notBefore": DAY,
        "notAfter": DAY + 9,
        "publicKey": b"\4" * 64,
        "seq": 1,
        "deadline": DAY,
    },
    "setEndpoint": {"endpoint": "https://a.example", "seq": 1, "deadline": DAY},
    "revokeKey": {"key_id": b"\7" * 32, "compromised_since": DAY, "seq": 1, "deadline": DAY},
}


@pytest.mark.parametrize("function", OWN)
def test_every_value_of_a_write_of_its_own_is_shown(function: str) -> None:
    before = _shown(to_sign(OWN[function](**OWN_VALUES[function])))
    for path in leaves(OWN_VALUES[function]):
        made = OWN[function](**changed(OWN_VALUES[function], path))
        assert _shown(to_sign(made)) != before, path


HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
EVIL = [
    "x\x1b[2K\x1b[1Gwhat: suspend demo-bank",
    "https://a\r\n" + "\n" * 61 + "what: suspend demo-bank",
    "https://a suspend demo-bank",
    "https://a\u2028b\u202ec",
    "\x9b2K",
    "https://例子.example",
    "suspend demo-bank",
]


@pytest.mark.parametrize("endpoint", EVIL)
def test_no_value_steers_a_terminal(endpoint: str) -> None:
    values = {"founder": FOUNDER | {"endpoint": endpoint}, "keys": [key()]}
    made = action("admit", values)
    usual = words(action("admit", VALUES["admit"] | {"keys": [key()]}))
    lines = words(made).split("\n")
    assert len(lines) == len(usual.split("\n"))
    shown = [*lines, sentence(made), *_shown(to_sign(made)), *_shown(to_sign(made, votes=True))]
    own = requests.set_endpoint(member="110000", endpoint=endpoint, seq=1, deadline=DAY)
    for line in [*shown, *_shown(to_sign(own))]:
        assert not [c for c in line if unicodedata.category(c) in HIDDEN]
        assert endpoint not in line or (endpoint.isascii() and f"'{endpoint}'" in line)
    assert ascii(endpoint) in words(made)


def test_json_is_harmless_and_whole(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Escapes of JSON stand for what steers; whoever parses it gets it back."""
    document = {"endpoint": "".join(EVIL) + "\U000e0001\x7f"}
    print_json(document)
    out = capsysbinary.readouterr().out.decode()
    assert json.loads(out) == document
    assert {unicodedata.category(c) for c in out if c != "\n"}.isdisjoint(HIDDEN)


def test_what_cannot_be_read_is_shown_whole() -> None:
    for made in (Action(12, b"\x1b[2K"), Action(200, b"\x07" * 9)):
        assert made.data.hex() in words(made)
        assert made.data_hash.hex() in words(made)
