"""Our contracts as Python sees them; web3 is the second opinion."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.contracts import structs
from ledger.chain.contracts.bindings import Catalogue, Consortium, LogAnchor
from ledger.chain.contracts.contract_abi import NAMES, Name, load
from ledger.chain.contracts.events import (
    EVENTS,
    Anchored,
    ChainEvent,
    ContractRegistered,
    Executed,
    ItemPut,
    KeyAdded,
    LogClosed,
    LogOpened,
    MemberAdded,
    MemberStatusChanged,
    Proposed,
    ThresholdSet,
    Voted,
    decode_event,
    decode_events,
)
from ledger.chain.contracts.structs import (
    ACTIVE,
    CLOSED,
    OPEN,
    SUSPEND,
    SUSPENDED,
    AnchoredSize,
    code_text,
)
from ledger.chain.errors import NoContract, TxRefused
from ledger.chain.founding.national import national_items
from ledger.chain.governing import requests
from ledger.chain.governing.actions import open_successor, suspend
from ledger.chain.governing.govern import latest_call
from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import LogEntry, Reader
from ledger.chain.nodes.event_logs import LogQuery, read_logs
from ledger.core.ids import Address, bytes32_ascii, key_id
from ledger.core.keys import Alg, Purpose, Role
from ledger.core.merkle import leaf_hash, root
from tests.support.chain import KEY_START, MEMBERS, PROVINCES, THRESHOLD, TestNetwork

ROOT = root([leaf_hash(b"a"), leaf_hash(b"b")])
CODES = Path(__file__).parents[2] / "contracts" / "types" / "Codes.sol"


def all_logs(network: TestNetwork, address: Address) -> tuple[LogEntry, ...]:
    last = int(network.anvil.call("eth_blockNumber"), 16)
    query = LogQuery(address=address, topics=(), first=0, last=last)
    return read_logs(Reader(network.anvil.rpc), query)


def events(network: TestNetwork) -> list[ChainEvent]:
    found: list[ChainEvent] = []
    for name, address in contracts(network).items():
        found += decode_events(name, all_logs(network, address))
    return found


def contracts(network: TestNetwork) -> dict[Name, Address]:
    return network.deployment.contracts


def anchor(network: TestNetwork, **changes: Any) -> None:
    data = network.anchor_calldata("120000", prev_size=0, size=2, root=ROOT, **changes)
    network.sender.send("anchor", network.deployment.log_anchor, data)
    network.sender.wait("anchor")


def test_members(network: TestNetwork) -> None:
    consortium = network.consortium
    assert [member.code for member in consortium.members()] == list(MEMBERS)
    beijing = consortium.member("110000")
    assert beijing is not None
    assert (beijing.region, beijing.roles, beijing.status) == ("110000", Role.PROVINCE, ACTIVE)
    assert beijing.endpoint == "http://110000.test"
    bank = consortium.member("demo-bank")
    assert bank is not None
    assert (bank.region, bank.roles) == ("", Role.INSTITUTION)
    assert consortium.member("150000") is None
    assert set(consortium.provinces()) == set(PROVINCES)
    assert consortium.member_codes() == MEMBERS
    assert consortium.member_count() == len(MEMBERS)
    [span] = consortium.role_history("demo-bank")
    assert span.roles == Role.INSTITUTION
    assert consortium.roles_at("demo-bank", span.since) == Role.INSTITUTION
    assert consortium.roles_at("demo-bank", span.since - 1) == 0
    assert consortium.threshold() == THRESHOLD
    assert consortium.chair() is None


def test_keys(network: TestNetwork) -> None:
    consortium = network.consortium
    keys = consortium.keys("130000")
    assert {key.purpose for key in keys} == set(Purpose)
    signer = network.keys["130000", Purpose.PRESENT]
    key = consortium.key("130000", signer.key_id)
    assert key is not None
    assert key in keys
    assert (key.member, key.alg, key.public_key) == ("130000", Alg.P256, signer.public_key)
    assert (key.not_before, key.not_after) == (KEY_START, requests.FOREVER)
    assert key.key_id == key_id(key.alg, key.public_key)
    assert consortium.key("130000", bytes(32)) is None
    assert consortium.key("110000", signer.key_id) is None
    assert consortium.key_count("130000") == len(keys)
    for time, valid in ((KEY_START - 1, False), (KEY_START, True), (requests.FOREVER, True)):
        assert key.valid_at(time) is valid
        assert consortium.key_valid_at("130000", key.key_id, Purpose.PRESENT, time) is valid
    assert not consortium.key_valid_at("130000", key.key_id, Purpose.ANCHOR, KEY_START)


def test_key_of_signer(network: TestNetwork) -> None:
    signer = network.keys["110000", Purpose.ANCHOR]
    ask = network.consortium.key_of_signer
    assert ask("110000", Purpose.ANCHOR, signer.address) == signer.key_id
    assert ask("110000", Purpose.CASE, signer.address) is None
    assert ask("120000", Purpose.ANCHOR, signer.address) is None


def test_logs_and_contracts(network: TestNetwork) -> None:
    consortium, deployed = network.consortium, network.deployment
    logs = consortium.logs("140000")
    assert [log.member for log in logs] == ["140000"]
    log = consortium.log(network.log_id("140000"))
    assert log is not None
    assert log in logs
    assert (log.status, log.suite, log.predecessor, log.successor) == (OPEN, 1, None, None)
    assert consortium.log(bytes(32)) is None
    [registration] = consortium.contract_history("LogAnchor")
    assert registration.account == deployed.log_anchor
    assert consortium.contract_at("LogAnchor", registration.since) == deployed.log_anchor
    assert consortium.contract_at("LogAnchor", registration.since - 1) is None
    assert consortium.current("Catalogue") == deployed.catalogue
    assert consortium.current("CaseRegistry") == deployed.case_registry
    assert consortium.current("Revocations") == deployed.revocations
    assert consortium.current("Products") == deployed.products
    assert consortium.current("Another") is None
    assert network.log_anchor.consortium() == network.catalogue.consortium() == consortium.address
    assert (network.log_anchor.role(), network.catalogue.role()) == ("LogAnchor", "Catalogue")


def test_anchors(network: TestNetwork) -> None:
    contract, log = network.log_anchor, network.log_id("120000")
    assert contract.latest(log) == AnchoredSize(size=0, root=None)
    assert contract.root_at(log, 2) is None
    anchor(network)
    assert contract.latest(log) == AnchoredSize(size=2, root=ROOT)
    assert contract.root_at(log, 2) == ROOT
    for neighbour, proven in ((b"b", True), (b"c", False)):
        path = [leaf_hash(neighbour)]
        leaf = leaf_hash(b"a")
        inside = contract.verify_inclusion(log_id=log, size=2, index=0, leaf=leaf, path=path)
        assert inside is proven
    [event] = [event for event in events(network) if isinstance(event, Anchored)]
    assert (event.log_id, event.prev_size, event.size, event.root) == (log, 0, 2, ROOT)
    assert event.key_id == network.keys["120000", Purpose.ANCHOR].key_id


def test_a_refused_anchor_tells_why(network: TestNetwork) -> None:
    with pytest.raises(TxRefused) as caught:
        anchor(network, signer=network.keys["120000", Purpose.CASE])
    name, values = load("Consortium").refusal(caught.value.payload) or ("", {})
    assert name == "Consortium_KeyNotValid"
    assert values["signer"] == network.keys["120000", Purpose.CASE].address
    assert load("LogAnchor").refusal(b"\x00\x00\x00\x00") is None
    assert load("LogAnchor").refusal(b"") is None
    cut = caught.value.payload[:10]
    assert load("Consortium").refusal(cut) is None


def test_the_catalogue(network: TestNetwork) -> None:
    catalogue = network.catalogue
    names = [item.item_id for item in national_items()]
    found = catalogue.series((name, region) for name in names for region in ("", "110000"))
    assert tuple(version.item for version in found) == national_items()
    assert {catalogue.regions(name) for name in names} == {("",)}
    assert catalogue.regions("nothing") == ()
    assert catalogue.item("penalty", "110000") == ()
    assert catalogue.item_count() == len(catalogue.item_ids())
    assert catalogue.item_ids() == tuple(item.item_id for item in national_items())
    [version] = catalogue.item("penalty")
    assert version.begins == version.put_at > version.item.since
    assert catalogue.item_at("penalty", "", version.begins) == version
    assert catalogue.item_at("penalty", "110000", version.begins) == version
    assert catalogue.item_at("penalty", "", version.begins - 1) is None
    assert version.in_force(version.begins)
    assert not version.in_force(version.begins - 1)
    assert catalogue.item("nothing") == ()


def test_events_rebuild_what_the_views_say(network: TestNetwork) -> None:
    found = events(network)
    members = [event for event in found if isinstance(event, MemberAdded)]
    assert [(m.member, m.region, m.roles, m.endpoint) for m in members] == [
        (m.code, m.region, m.roles, m.endpoint) for m in network.consortium.members()
    ]
    added = {event.key_id: event for event in found if isinstance(event, KeyAdded)}
    keys = {key.key_id: key for code in MEMBERS for key in network.consortium.keys(code)}
    assert added.keys() == keys.keys()
    assert all(added[k].public_key == keys[k].public_key for k in keys)
    assert all(event.signed_by is None for event in added.values())
    opened = [event.log_id for event in found if isinstance(event, LogOpened)]
    assert opened == [id_ for code in MEMBERS for id_ in network.consortium.log_ids(code)]
    assert [e.threshold for e in found if isinstance(e, ThresholdSet)] == [THRESHOLD]
    roles = [(e.role, e.account) for e in found if isinstance(e, ContractRegistered)]
    assert roles == list(network.deployment.roles.items())
    items = tuple(event.item for event in found if isinstance(event, ItemPut))
    held = network.catalogue.series((name, "") for name in network.catalogue.item_ids())
    assert items == tuple(version.item for version in held)
    proposals = [event for event in found if isinstance(event, Proposed)]
    votes = [event for event in found if isinstance(event, Voted)]
    assert len(proposals) == 6
    assert len(votes) == 6 * THRESHOLD
    assert votes[0].signed_by == network.keys[PROVINCES[0], Purpose.GOVERN].key_id


def test_a_vote_that_suspends(network: TestNetwork) -> None:
    network.decide(suspend("140000"))
    member = network.consortium.member("140000")
    assert member is not None
    assert member.status == SUSPENDED
    found = events(network)
    assert [e.status for e in found if isinstance(e, MemberStatusChanged)] == [SUSPENDED]
    executed = [event for event in found if isinstance(event, Executed)]
    assert executed[-1].kind == SUSPEND
    proposal = network.consortium.proposal(executed[-1].proposal_id)
    assert proposal is not None
    assert proposal.executed
    assert proposal.proposer == "110000"
    assert network.consortium.ballot(executed[-1].proposal_id, "110000").choice == structs.YES
    assert network.consortium.ballot(executed[-1].proposal_id, "140000").choice == 0
    assert network.consortium.proposal(bytes(32)) is None


def test_a_vote_that_opens_a_successor(network: TestNetwork) -> None:
    anchor(network)
    log = network.log_id("120000")
    network.decide(open_successor(log, 2))
    old = network.consortium.log(log)
    assert old is not None
    assert (old.status, old.trusted_size) == (CLOSED, 2)
    assert old.successor is not None
    new = network.consortium.log(old.successor)
    assert new is not None
    assert (new.predecessor, new.seq, new.status) == (log, 1, OPEN)
    [closed] = [event for event in events(network) if isinstance(event, LogClosed)]
    assert (closed.log_id, closed.successor) == (log, new.log_id)


def test_web3_decodes_the_same_events(network: TestNetwork) -> None:
    from web3 import Web3  # noqa: PLC0415 - a second, and only here

    anchor(network)
    web3 = Web3(Web3.HTTPProvider(network.anvil.url))
    compared = 0
    for name, contract in contracts(network).items():
        theirs = web3.eth.contract(address=Web3.to_checksum_address(contract), abi=abi_json(name))
        for entry in all_logs(network, contract):
            event = load(name).events[entry.topics[0]]
            receipt = web3.eth.get_transaction_receipt(Hash32(entry.tx))  # type: ignore[arg-type]
            [raw] = [log for log in receipt["logs"] if log["logIndex"] == entry.index]
            seen = theirs.events[event.name]().process_log(raw)
            assert plain(dict(seen["args"])) == plain(event.decode(entry))
            compared += 1
    assert compared > 100


def abi_json(name: str) -> Any:
    path = Path(__file__).parents[2] / "ledger" / "chain" / "contracts" / "abi" / f"{name}.json"
    return json.loads(path.read_text())["abi"]


def plain(value: Any) -> Any:
    """Addresses in lower case, bytes as bytes, structs as dicts."""
    if isinstance(value, dict) or hasattr(value, "items"):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, str) and value.startswith("0x"):
        return value.lower()
    return bytes(value) if isinstance(value, bytes) else value


# --- What is not what it should be ----------------------------------------------------------------


def test_an_address_without_code(network: TestNetwork) -> None:
    nobody = Address("0x" + "00" * 19 + "aa")
    call = latest_call(network.anvil.rpc)
    for read in (
        lambda: Consortium(nobody, call).members(),
        lambda: LogAnchor(nobody, call).latest(bytes(32)),
        lambda: Catalogue(nobody, call).item("penalty"),
    ):
        with pytest.raises(NoContract) as caught:
            read()
        assert caught.value.code == "no-code"


@pytest.mark.parametrize(
    "answer",
    [
        b"\x01",
        b"\xff" * 32,
        (32).to_bytes(32, "big") + b"\xff" * 32,  # a list of 2^256 - 1 words
        b"\x7f" + b"\xff" * 31 + b"\0" * 32,
    ],
)
def test_answers_of_another_shape(answer: bytes) -> None:
    consortium = Consortium(Address("0x" + "11" * 20), lambda to, data: answer)
    with pytest.raises(NoContract):
        consortium.members()
    with pytest.raises(NoContract):
        consortium.member("110000")


def test_events_that_only_look_like_ours(network: TestNetwork) -> None:
    anchor(network)
    entry = all_logs(network, network.deployment.log_anchor)[-1]
    assert decode_event("LogAnchor", entry) is not None
    for odd in (replace(entry, data=entry.data[:-1]), replace(entry, topics=entry.topics[:2])):
        with pytest.raises(NoContract):
            decode_event("LogAnchor", odd)
    assert decode_event("LogAnchor", replace(entry, topics=(b"\x01" * 32,))) is None
    assert decode_event("LogAnchor", replace(entry, topics=())) is None


def test_codes_that_nobody_can_type() -> None:
    """One province must not be able to stop the reading of everybody by an odd item id."""
    assert code_text(bytes32_ascii("110000")) == "110000"
    assert code_text(bytes(32)) == ""
    for word in (
        b"\xff" * 32,
        b"a\0b".ljust(32, b"\0"),
        b"\0" * 31 + b"a",
        b"a b".ljust(32, b"\0"),
    ):
        assert code_text(word) == "0x" + word.hex()


def test_strings_that_are_not_utf8() -> None:
    """Nor by an endpoint."""
    member = load("Consortium").functions["member"].outputs[0]
    numbers = (1, 1, 0, 0, 0, 256, 2)
    words = [bytes32_ascii("x"), bytes(32), *[n.to_bytes(32, "big") for n in numbers]]
    data = (32).to_bytes(32, "big") + b"".join(words) + b"\xff\xfe".ljust(32, b"\0")
    assert member.type.endswith("string)")
    found = Consortium(Address("0x" + "11" * 20), lambda to, _: data).member("x")
    assert found is not None
    assert found.endpoint == "\ufffd\ufffd"


def test_every_event_of_the_abi_has_its_type() -> None:
    of_abi = {event.name for name in NAMES for event in load(name).events.values()}
    assert {event.__name__ for event in EVENTS} == of_abi - {"EIP712DomainChanged"}


def test_numbers_are_those_of_the_contracts() -> None:
    found = dict(re.findall(r"uint\d+ internal constant (\w+) = (\d+);", CODES.read_text()))
    names = [name for name in dir(structs) if name in found]
    assert len(names) == 38
    assert {name: getattr(structs, name) for name in names} == {n: int(found[n]) for n in names}
    for purpose in Purpose:
        assert int(found[purpose.name]) == purpose
    for role in Role:
        assert int(found[str(role.name)]) == role
