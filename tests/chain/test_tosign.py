"""Files that travel to the machine with the GOVERN key and back."""

import json
from typing import Any

import pytest

from ledger.chain.contracts.structs import YES
from ledger.chain.governing import requests
from ledger.chain.governing.actions import MAX_DATA, Action, proposal_id, suspend
from ledger.chain.governing.requests import Domain
from ledger.chain.governing.tosign import MAX_BYTES, ToSign, VotedOn
from ledger.chain.keys.signers import LocalSigner
from ledger.core.errors import Malformed
from ledger.core.ids import Address
from ledger.core.keys import Alg, Purpose

DOMAIN = Domain(4242, Address("0x" + "11" * 20))
GOVERN = LocalSigner(Alg.SECP256K1, b"\x07" * 32)
NEW = LocalSigner(Alg.SECP256K1, b"\x08" * 32)
ACTION = suspend("demo-bank")
SALT = b"\x05" * 32
ID = proposal_id(*DOMAIN, "110000", ACTION, SALT)
VOTED_ON = VotedOn(proposer="110000", action=ACTION, salt=SALT)


def add_key() -> ToSign:
    key = requests.key_input(
        member="110000",
        purpose=Purpose.ANCHOR,
        alg=NEW.alg,
        public_key=NEW.public_key,
        not_before=1,
    )
    request = requests.add_key(key=key, seq=3, deadline=9)
    own = requests.own_signature(request, DOMAIN, NEW)
    return ToSign(domain=DOMAIN, request=request, new_key_signature=own)


def vote() -> ToSign:
    request = requests.vote(member="120000", proposal=ID, choice=YES, deadline=9)
    return ToSign(domain=DOMAIN, request=request, voted_on=VOTED_ON)


FILES = {
    "propose": lambda: ToSign(
        domain=DOMAIN,
        request=requests.propose(
            member="110000", action=ACTION, salt=SALT, expires_at=8, deadline=9
        ),
    ),
    "vote": vote,
    "setEndpoint": lambda: ToSign(
        domain=DOMAIN,
        request=requests.set_endpoint(
            member="110000", endpoint="https://新.example", seq=1, deadline=9
        ),
    ),
    "revokeKey": lambda: ToSign(
        domain=DOMAIN,
        request=requests.revoke_key(
            member="110000", key_id=b"\x02" * 32, compromised_since=5, seq=1, deadline=9
        ),
    ),
    "addKey": add_key,
}


@pytest.mark.parametrize("function", FILES)
def test_there_and_back(function: str) -> None:
    made = FILES[function]()
    assert ToSign.parse(made.encode()) == made
    with pytest.raises(Malformed, match="not signed"):
        made.calldata()
    signed = ToSign.parse(made.signed(GOVERN).encode())
    assert signed.request == made.request
    assert signed.member in ("110000", "120000")
    signature = GOVERN.sign_digest(made.request.digest(DOMAIN))
    own = (made.new_key_signature,) if function == "addKey" else ()
    assert signed.calldata() == made.request.calldata(signature, *own)


def test_what_is_signed_is_what_is_shown() -> None:
    """Whatever is changed in the file changes what is signed, or the file is refused."""
    before = vote().request.digest(DOMAIN)
    fields = json.loads(vote().encode())
    fields["arguments"]["choice"] = 2
    assert ToSign.parse(json.dumps(fields).encode()).request.digest(DOMAIN) != before
    other = suspend("demo-bureau")
    for change in (
        {"proposer": "130000"},
        {"kind": 2},
        {"salt": "0x" + "06" * 32},
        {"data": "0x" + other.data.hex()},
    ):
        fields = json.loads(vote().encode())
        fields["proposal"] |= change
        with pytest.raises(Malformed, match="not the one voted on"):
            ToSign.parse(json.dumps(fields).encode())
    fields = json.loads(vote().encode())
    del fields["proposal"]
    with pytest.raises(Malformed):
        ToSign.parse(json.dumps(fields).encode())


def test_the_longest_action_fits() -> None:
    action = Action(1, bytes(MAX_DATA))
    made = ToSign(
        domain=DOMAIN,
        request=requests.propose(
            member="110000", action=action, salt=SALT, expires_at=8, deadline=9
        ),
    )
    assert len(made.signed(GOVERN).encode()) < MAX_BYTES
    assert ToSign.parse(made.encode()) == made


@pytest.mark.parametrize("function", FILES)
@pytest.mark.parametrize("wrong", [None, -1, 1.5, "", "0x", "zz", [], {}, True, 1 << 300, "é" * 33])
def test_anything_else_is_malformed(function: str, wrong: Any) -> None:
    fields = json.loads(FILES[function]().encode())
    for name in fields["arguments"]:
        changed = fields | {"arguments": fields["arguments"] | {name: wrong}}
        try:
            parsed = ToSign.parse(json.dumps(changed).encode())
        except Malformed:
            continue
        assert name in ("member", "endpoint", "data", "publicKey"), (name, wrong)
        assert parsed.request != FILES[function]().request
    for name in fields:
        with pytest.raises(Malformed):
            ToSign.parse(json.dumps(fields | {name: wrong}).encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"1", b"null", b'{"_type":"x"}', b"[" * 5000, b" " * MAX_BYTES + b"{}"],
)
def test_no_file_of_this_kind(data: bytes) -> None:
    with pytest.raises(Malformed):
        ToSign.parse(data)


def test_signatures_have_their_size() -> None:
    for name in ("signature", "newKeySignature"):
        fields = json.loads(add_key().signed(GOVERN).encode())
        with pytest.raises(Malformed):
            ToSign.parse(json.dumps(fields | {name: "0x00"}).encode())
