"""What is voted on, in words and on a chain: every kind is carried out once and read back."""

from collections.abc import Mapping
from typing import Any

import pytest
from eth_abi.abi import encode as eth_encode

from ledger.chain.contracts import structs
from ledger.chain.contracts.bindings import LOG_ANCHOR
from ledger.chain.contracts.contract_abi import load
from ledger.chain.contracts.events import Proposed
from ledger.chain.contracts.structs import ACTIVE, CLOSED, OPEN, RETIRED, SUSPENDED, Member
from ledger.chain.errors import TxRefused
from ledger.chain.founding.national import national_items
from ledger.chain.governing import actions
from ledger.chain.governing.actions import Action, action, decode_action, kind_names, parameters
from ledger.chain.governing.requests import key_input
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.core.errors import Malformed
from ledger.core.ids import Address, bytes32_ascii, keccak256
from ledger.core.keys import Alg, Purpose, Role
from tests.chain.test_bindings import anchor, events
from tests.support.chain import TestNetwork
from tests.support.votes import create

ACCOUNT = Address("0x" + "ab" * 20)
WORD = bytes(range(32))
DAY = 86_400
KEY = {
    "member": "150000",
    "purpose": 5,
    "alg": 1,
    "publicKey": b"\x01" * 64,
    "notBefore": 1,
    "notAfter": 2,
}
ACT = {
    "logId": WORD,
    "commitment": WORD,
    "action": 5,
    "expectedVersion": 0,
    "basis": 1,
    "doc": WORD,
    "otherLogId": bytes(32),
    "otherCommitment": bytes(32),
    "effectiveAt": 3,
    "refiledFrom": 0,
}
ITEM = {
    "itemId": "penalty",
    "version": 1,
    "kind": 1,
    "contentHash": WORD,
    "from": 4,
    "until": 0,
    "visibility": 1,
    "region": "",
    "dataClass": 1,
    "granularity": 1,
}
FOUNDER = {"code": "150000", "region": "150000", "roles": 1, "endpoint": "https://new.example"}
MEMBER = {"member": "150000"}
EVERY: dict[str, Mapping[str, Any]] = {
    "suspend": MEMBER,
    "reinstate": MEMBER,
    "recover-key": {"key": KEY},
    "register-contract": {"role": "LogAnchor", "account": ACCOUNT},
    "open-successor": {"logId": WORD, "trustedSize": 9, "suite": 1},
    "compromise-key": {"member": "150000", "keyId": WORD, "since": 7},
    "put-national": {"catalogue": ACCOUNT, "items": [ITEM, ITEM]},
    "set-chair": MEMBER,
    "act": {"registry": ACCOUNT, "acts": [ACT]},
    "admit": {"founder": FOUNDER, "keys": [KEY, KEY]},
    "retire": MEMBER,
    "set-roles": {"member": "150000", "roles": 12},
    "set-threshold": {"threshold": 4},
    "open-log": {"member": "150000", "suite": 1},
    "compromise-all": {"member": "150000", "purpose": 5, "since": 7},
}


def test_every_kind_has_its_name() -> None:
    assert tuple(EVERY) == kind_names()
    numbers = [action(name, values).kind for name, values in EVERY.items()]
    assert numbers == list(range(1, 16))


@pytest.mark.parametrize("name", EVERY)
def test_what_is_built_is_what_is_read(name: str) -> None:
    made = action(name, EVERY[name])
    read = decode_action(made.kind, made.data)
    assert read is not None
    assert (read.name, read.values) == (name, EVERY[name])
    assert made.data_hash == keccak256(made.data)


@pytest.mark.parametrize("name", EVERY)
def test_a_second_opinion_on_the_encoding(name: str) -> None:
    types = [param.type for param in parameters(name)]
    assert eth_encode(types, [bare(value) for value in EVERY[name].values()]) == (
        action(name, EVERY[name]).data
    )


def bare(value: Any) -> Any:
    """Structs as tuples, codes as words, as eth_abi wants them."""
    if isinstance(value, Mapping):
        return tuple(value[name] if name == "endpoint" else bare(value[name]) for name in value)
    if isinstance(value, list):
        return [bare(item) for item in value]
    if isinstance(value, str) and not value.startswith("0x"):
        return bytes32_ascii(value) if value else bytes(32)
    return value


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("nothing", {}),
        ("suspend", {}),
        ("suspend", {"member": "150000", "more": 1}),
        ("suspend", {"member": "two words"}),
        ("suspend", {"member": b"short"}),
        ("set-threshold", {"threshold": -1}),
        ("set-threshold", {"threshold": 1 << 64}),
        ("set-threshold", {"threshold": "4"}),
        ("set-roles", {"member": "150000", "roles": 256}),
        ("recover-key", {"key": {"member": "150000"}}),
        ("recover-key", {"key": "150000"}),
        ("admit", {"founder": FOUNDER, "keys": [{**KEY, "publicKey": "text"}]}),
        ("admit", {"founder": FOUNDER, "keys": [{**KEY, "publicKey": bytes(24_576)}]}),
    ],
)
def test_values_that_are_none(name: str, values: Mapping[str, Any]) -> None:
    with pytest.raises(Malformed):
        action(name, values)


def test_data_that_no_contract_would_carry_out() -> None:
    for kind in range(1, 16):
        for data in (b"", b"\x01", b"\xff" * 31):
            with pytest.raises(Malformed):
                decode_action(kind, data)


def test_kinds_of_later_times() -> None:
    assert decode_action(16, b"whatever") is None
    assert decode_action(0, b"") is None


def test_a_code_that_nobody_can_type() -> None:
    read = decode_action(structs.SUSPEND, b"\xff" * 32)
    assert read is not None
    assert read.values == {"member": "0x" + "ff" * 32}


def test_items_are_those_of_the_catalogue() -> None:
    items = national_items()[:2]
    made = actions.put_national(ACCOUNT, items)
    read = decode_action(made.kind, made.data)
    assert read is not None
    assert read.values["catalogue"] == ACCOUNT
    assert [item["itemId"] for item in read.values["items"]] == [i.item_id for i in items]
    assert {item["region"] for item in read.values["items"]} == {""}


# ---- on a chain


def member(network: TestNetwork, code: str) -> Member:
    found = network.consortium.member(code)
    assert found is not None
    return found


def test_members_come_and_go(network: TestNetwork) -> None:
    govern = LocalSigner(Alg.SECP256K1, new_secret())
    key = key_input(
        member="150000",
        purpose=Purpose.GOVERN,
        alg=govern.alg,
        public_key=govern.public_key,
        not_before=0,
    )
    network.decide(actions.admit(FOUNDER, [key]))
    assert member(network, "150000").roles == Role.PROVINCE
    [log] = network.consortium.logs("150000")
    assert log.status == OPEN
    [registered] = network.consortium.keys("150000")
    assert registered.key_id == govern.key_id
    network.decide(actions.set_roles("150000", Role.PROVINCE | Role.AUDITOR))
    assert [span.roles for span in network.consortium.role_history("150000")] == [1, 9]
    network.decide(actions.open_log("150000"))
    assert len(network.consortium.log_ids("150000")) == 2
    network.decide(actions.suspend("150000"))
    assert member(network, "150000").status == SUSPENDED
    network.decide(actions.reinstate("150000"))
    assert member(network, "150000").status == ACTIVE
    network.decide(actions.set_threshold(4))
    network.decide(actions.set_threshold(3))
    assert network.consortium.threshold() == 3
    network.decide(actions.set_chair("150000"))
    assert network.consortium.chair() == "150000"
    network.decide(actions.retire("150000"))
    assert member(network, "150000").status == RETIRED
    assert {log.status for log in network.consortium.logs("150000")} == {CLOSED}
    assert "150000" not in network.consortium.provinces()


def test_keys_by_vote(network: TestNetwork) -> None:
    """All keys of a bank are lost, some stolen; it is given one, and vetoes nothing."""
    bank, now = "demo-bank", network.anvil.head_time()
    stolen = network.keys[bank, Purpose.ANCHOR].key_id
    network.decide(actions.compromise_key(bank, stolen, now - 100 * DAY))
    network.decide(actions.compromise_key(bank, stolen, now - DAY))
    key = network.consortium.key(bank, stolen)
    assert key is not None
    assert key.compromised_since == now - DAY
    network.decide(actions.compromise_all(bank, Purpose.GOVERN, now - DAY))
    assert member(network, bank).govern_taken_at >= now
    fresh = LocalSigner(Alg.SECP256K1, new_secret())
    given = key_input(
        member=bank,
        purpose=Purpose.GOVERN,
        alg=fresh.alg,
        public_key=fresh.public_key,
        not_before=0,
    )
    network.decide(actions.recover_key(given))
    recovered = network.consortium.key(bank, fresh.key_id)
    assert recovered is not None
    assert recovered.not_before == member(network, bank).recovered_from >= now + 30 * DAY


def test_contracts_and_logs(network: TestNetwork) -> None:
    anchor(network)
    next_ = create(network, load("LogAnchor").bytecode, network.deployment.consortium)
    network.decide(actions.register_contract(LOG_ANCHOR, next_))
    assert network.consortium.current(LOG_ANCHOR) == next_
    network.decide(actions.open_successor(network.log_id("120000"), 2))
    [old, new] = network.consortium.logs("120000")
    assert (old.status, old.successor, new.predecessor) == (CLOSED, new.log_id, old.log_id)


def test_proposals_say_what_is_voted_on(network: TestNetwork) -> None:
    wanted = Action(200, b"of later times")
    with pytest.raises(TxRefused) as caught:
        network.decide(wanted)
    name, values = load("Consortium").refusal(caught.value.payload) or ("", {})
    assert (name, values["kind"]) == ("Consortium_KindUnknown", 200)
    told = [event for event in events(network) if isinstance(event, Proposed)][-1]
    assert (told.kind, told.data) == (wanted.kind, wanted.data)
    assert network.consortium.passed(told.proposal_id)
