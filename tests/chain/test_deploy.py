"""Founding a network: the same addresses every time, from wherever it was left."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ledger.chain.contracts.contract_abi import load
from ledger.chain.contracts.structs import (
    ACTIVE,
    MEASURES,
    MONTH,
    ON_AUTHORISATION,
    PUBLIC,
    RECORD_TYPE,
    RULES,
    SEVERE_LIST,
    SUSPENDED,
    YEAR,
    Code,
)
from ledger.chain.errors import TxError, TxPending, TxRefused
from ledger.chain.founding.deploy import Deployment, addresses, deploy
from ledger.chain.founding.founders import Founder, FounderKey, FounderLog
from ledger.chain.founding.national import SINCE, national_items
from ledger.chain.governing.actions import (
    Action,
    admit,
    proposal_id,
    put_national,
    register_contract,
    reinstate,
    retire,
    set_threshold,
    suspend,
)
from ledger.chain.governing.govern import latest_call
from ledger.chain.governing.requests import key_input
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader
from ledger.chain.nodes.rpc import Rpc
from ledger.chain.sending.transactions import MemoryTxStore, Sender
from ledger.core.errors import ConfigError, CouldNotCheck
from ledger.core.ids import LogId, bytes32_ascii
from ledger.core.keys import Alg, Purpose, Role
from ledger.records.rules import MEASURES_ITEM, all_rules, newest
from ledger.records.schema import all_schemas
from tests.support.anvil import CHAIN_ID, Anvil, start_anvil
from tests.support.chain import (
    MEMBERS,
    THRESHOLD,
    Keys,
    TestNetwork,
    council,
    deploy_network,
    make_founders,
    make_keys,
    voters,
)
from tests.support.proxy import (
    Fault,
    Proxy,
    drop_request,
    drop_response,
    honest,
    lie,
    start_proxy,
)

FEW = national_items()[:2]


@pytest.fixture
def empty() -> Iterator[Anvil]:
    """A chain on which nothing is."""
    with start_anvil() as anvil:
        yield anvil


@pytest.fixture
def deployer(empty: Anvil) -> LocalSigner:
    signer = LocalSigner(Alg.SECP256K1, new_secret())
    empty.fund(signer.address)
    return signer


def found(rpc: Rpc, deployer: LocalSigner, keys: Keys, *, seconds: float = 10.0) -> Deployment:
    return deploy(
        rpc,
        deployer,
        founders=make_founders(keys),
        threshold=THRESHOLD,
        council=voters(keys),
        items=FEW,
        seconds=seconds,
    )


def few_keys() -> Keys:
    """Only GOVERN and ANCHOR keys: a cheaper constructor."""
    keys = make_keys()
    return {name: key for name, key in keys.items() if name[1] in (Purpose.GOVERN, Purpose.ANCHOR)}


def transactions(anvil: Anvil, address: str) -> int:
    return int(anvil.call("eth_getTransactionCount", address, "latest"), 16)


def test_what_is_there(network: TestNetwork) -> None:
    deployment = network.deployment
    assert addresses(network.deployer.address) == deployment.contracts
    for name, address in deployment.contracts.items():
        code = network.anvil.call("eth_getCode", address, "latest")
        assert len(code) == 2 + 2 * len(load(name).runtime)
    block = network.anvil.call("eth_getBlockByNumber", hex(deployment.deploy_block), False)
    assert block["hash"] == deployment.deploy_block_hash
    [creation] = [
        receipt
        for receipt in network.anvil.call("eth_getBlockReceipts", hex(deployment.deploy_block))
        if receipt["contractAddress"] == deployment.consortium
    ]
    assert creation["status"] == "0x1"


def test_the_network_file_opens_it(network: TestNetwork) -> None:
    file = NetworkFile.parse(network.file.encode())
    reader = QuorumReader(file)
    assert reader.head().code(file.consortium) != b""
    reader.close()


def test_again_changes_nothing(network: TestNetwork) -> None:
    before = transactions(network.anvil, network.deployer.address)
    again = deploy(
        network.anvil.rpc,
        network.deployer,
        founders=make_founders(network.keys),
        threshold=THRESHOLD,
        council=network.voters(),
        items=national_items(),
    )
    assert again == network.deployment
    assert transactions(network.anvil, network.deployer.address) == before


def test_again_after_members_came_and_went(network: TestNetwork) -> None:
    """What was decided since is no reason to found it anew, nor undone."""
    key = LocalSigner(Alg.SECP256K1, new_secret())
    given = key_input(
        member="150000",
        purpose=Purpose.GOVERN,
        alg=key.alg,
        public_key=key.public_key,
        not_before=0,
    )
    new = {"code": "150000", "region": "150000", "roles": 1, "endpoint": ""}
    network.decide(admit(new, [given]))
    network.decide(retire("demo-bank"))
    network.decide(set_threshold(4))
    before = transactions(network.anvil, network.deployer.address)
    again = deploy(
        network.anvil.rpc,
        network.deployer,
        founders=make_founders(network.keys),
        threshold=THRESHOLD,
        council=network.voters(),
        items=national_items(),
    )
    assert again == network.deployment
    assert transactions(network.anvil, network.deployer.address) == before
    assert network.consortium.threshold() == 4


def test_a_chain_that_was_lost(network: TestNetwork, empty: Anvil) -> None:
    """The same addresses and logs again, another deployment block."""
    again = deploy_network(empty, keys=network.keys, deployer=network.deployer, items=FEW)
    assert again.deployment.contracts == network.deployment.contracts
    assert again.deployment.deploy_block_hash != network.deployment.deploy_block_hash
    for code in MEMBERS:
        assert again.consortium.log_ids(code) == network.consortium.log_ids(code)
    reader = QuorumReader(network.file.with_rpc([empty.url]))
    with pytest.raises(CouldNotCheck) as caught:
        reader.head()
    assert caught.value.code == "other-chain"
    reader.close()


# Transactions of a founding: 6 creations, then 6 decisions of 1 proposal, 3 votes and 1 execution.
LAST = 6 + 6 * 5


@pytest.mark.parametrize("kind", ["without", "with"])
def test_from_wherever_it_was_left(empty: Anvil, deployer: LocalSigner, kind: str) -> None:
    """The line is cut at every transaction in turn, before or after the chain has it; the next
    run knows nothing of the one before."""
    keys = few_keys()
    fault = drop_request() if kind == "without" else drop_response()
    with start_proxy(empty.url) as proxy:
        runs = 0
        done: Deployment | None = None
        while done is None:
            done = interrupted(proxy, fault, deployer, keys)
            runs += 1
            assert runs <= 2 * LAST
    assert runs >= LAST // 2
    assert transactions(empty, deployer.address) == LAST
    assert found(empty.rpc, deployer, keys) == done


def interrupted(proxy: Proxy, fault: Fault, deployer: LocalSigner, keys: Keys) -> Deployment | None:
    """A run that can send one transaction; the second one and all after it are cut off."""
    rpc = Rpc(proxy.url, timeout=60)
    proxy.clear()
    proxy.on("eth_sendRawTransaction", honest(), times=1)
    proxy.on("eth_sendRawTransaction", fault, times=1)
    proxy.on("eth_sendRawTransaction", drop_request())
    proxy.on("eth_getTransactionReceipt", honest(), times=10)
    proxy.on("eth_getTransactionReceipt", lie(lambda params, result: None))
    try:
        return found(rpc, deployer, keys, seconds=0.3)
    except (TxError, CouldNotCheck):
        return None
    finally:
        rpc.close()


def test_a_deployer_that_did_something_before(empty: Anvil, deployer: LocalSigner) -> None:
    sender = Sender(empty.rpc, deployer, MemoryTxStore(), chain_id=CHAIN_ID)
    sender.send("x", deployer.address, b"")
    sender.wait("x")
    with pytest.raises(ConfigError, match="deployer"):
        found(empty.rpc, deployer, few_keys())


def test_a_creation_that_waits_in_the_queue(empty: Anvil, deployer: LocalSigner) -> None:
    """An earlier run sent it and knows no more of it: no second one is sent."""
    keys = few_keys()
    empty.call("evm_setAutomine", False)
    with pytest.raises(TxPending):
        found(empty.rpc, deployer, keys, seconds=0.2)
    with pytest.raises(TxPending):
        found(empty.rpc, deployer, keys, seconds=0.5)
    queued = empty.call("eth_getTransactionCount", deployer.address, "pending")
    assert queued == "0x1"
    empty.mine()
    empty.call("evm_setAutomine", True)
    assert found(empty.rpc, deployer, keys).consortium == addresses(deployer.address)["Consortium"]


def test_a_deployer_without_money(empty: Anvil) -> None:
    poor = LocalSigner(Alg.SECP256K1, new_secret())
    with pytest.raises(TxError):
        found(empty.rpc, poor, few_keys())


def test_something_else_at_the_address(network: TestNetwork) -> None:
    founders = make_founders(network.keys)
    swapped = [founders[1], founders[0], *founders[2:]]
    with pytest.raises(ConfigError, match="founded by"):
        deploy(
            network.anvil.rpc,
            network.deployer,
            founders=swapped,
            threshold=THRESHOLD,
            council=network.voters(),
            items=(),
        )
    other = addresses(network.deployer.address)["LogAnchor"]
    code = network.anvil.call("eth_getCode", network.deployment.catalogue, "latest")
    network.anvil.call("anvil_setCode", other, code)
    with pytest.raises(ConfigError, match="another contract"):
        found(network.anvil.rpc, network.deployer, network.keys)


Change = Callable[[list[Founder]], list[Founder]]


def first(**changed: Any) -> Change:
    """The founders, the first of them another."""
    return lambda founders: [dataclasses.replace(founders[0], **changed), *founders[1:]]


def key_of(*, drop: bool) -> Change:
    """The first founder with a key less, or with one more."""
    more = FounderKey(
        purpose=Purpose.GOVERN,
        alg=Alg.SECP256K1,
        public_key=LocalSigner(Alg.SECP256K1, new_secret()).public_key,
        not_before=0,
    )

    def change(founders: list[Founder]) -> list[Founder]:
        keys = founders[0].keys
        return first(keys=keys[1:] if drop else (*keys, more))(founders)

    return change


@pytest.mark.parametrize(
    ("change", "threshold", "what"),
    [
        (first(), 4, "threshold"),
        (first(region="650000"), THRESHOLD, "region"),
        (first(roles=Role.PROVINCE | Role.BUREAU), THRESHOLD, "roles"),
        (first(logs=(FounderLog(log_id=LogId(b"\x09" * 32)),)), THRESHOLD, "logs"),
        (key_of(drop=True), THRESHOLD, "keys"),
        (key_of(drop=False), THRESHOLD, "keys"),
        (lambda founders: founders[:-1], THRESHOLD, "founded by"),
    ],
)
def test_another_founding_is_not_taken_for_it(
    network: TestNetwork, change: Change, threshold: int, what: str
) -> None:
    before = transactions(network.anvil, network.deployer.address)
    with pytest.raises(ConfigError, match=what):
        deploy(
            network.anvil.rpc,
            network.deployer,
            founders=change(make_founders(network.keys)),
            threshold=threshold,
            council=network.voters(),
            items=(),
        )
    assert transactions(network.anvil, network.deployer.address) == before


def test_other_code_at_the_address(network: TestNetwork) -> None:
    """It answers as ours does, and is another."""
    address = network.deployment.consortium
    code = network.anvil.call("eth_getCode", address, "latest")
    network.anvil.call("anvil_setCode", address, code + "00")
    with pytest.raises(ConfigError, match="another contract"):
        found(network.anvil.rpc, network.deployer, network.keys)


def test_too_few_voters(empty: Anvil, deployer: LocalSigner) -> None:
    keys = few_keys()
    with pytest.raises(TxRefused) as caught:
        deploy(
            empty.rpc,
            deployer,
            founders=make_founders(keys),
            threshold=THRESHOLD,
            council=voters(keys)[: THRESHOLD - 1],
            items=(),
        )
    name, _ = load("Consortium").refusal(caught.value.payload) or ("", {})
    assert name == "Consortium_ProposalNotPassed"


def test_a_founding_that_is_too_large(empty: Anvil, deployer: LocalSigner) -> None:
    """Chains bound what creates a contract; the operator is told what to do."""
    [founder, *others] = make_founders(few_keys())
    many = dataclasses.replace(founder, keys=founder.keys * 40)
    with pytest.raises(ConfigError, match="fewer keys"):
        deploy(
            empty.rpc,
            deployer,
            founders=[many, *others],
            threshold=THRESHOLD,
            council=[],
            items=(),
        )
    assert transactions(empty, deployer.address) == 0


def test_a_founding_that_the_contract_refuses(empty: Anvil, deployer: LocalSigner) -> None:
    keys = few_keys()
    founders = make_founders(keys)
    founders[0] = dataclasses.replace(founders[0], region="")
    with pytest.raises(TxRefused) as caught:
        deploy(empty.rpc, deployer, founders=founders, threshold=3, council=voters(keys), items=())
    name, _ = load("Consortium").refusal(caught.value.payload) or ("", {})
    assert name == "Consortium_RegionInvalid"


def test_ids_are_those_of_the_contract(network: TestNetwork) -> None:
    consortium = network.consortium
    salt = b"\x05" * 32
    for action in (
        register_contract("LogAnchor", network.deployment.log_anchor),
        put_national(network.deployment.catalogue, FEW),
        Action(1, b""),
        Action(255, b"x" * 33),
    ):
        made = proposal_id(CHAIN_ID, consortium.address, "120000", action, salt)
        member, data_hash = bytes32_ascii("120000"), action.data_hash
        assert made == view(network, "proposalIdOf", member, action.kind, data_hash, salt)


def view(network: TestNetwork, function: str, *values: object) -> object:
    spec = network.consortium.abi.functions[function]
    call = latest_call(network.anvil.rpc)
    return spec.decode(call(network.deployment.consortium, spec.encode(*values)))[0]


def test_a_decision_that_expired_is_proposed_again(network: TestNetwork) -> None:
    with pytest.raises(TxRefused):  # proposed, voted, not passed: too few
        council(network, voters(network.keys)[:1]).decide(suspend("140000"))
    network.anvil.call("evm_increaseTime", hex(30 * 86_400))
    network.anvil.mine()
    network.decide(suspend("140000"))
    member = network.consortium.member("140000")
    assert member is not None
    assert member.status == SUSPENDED


def test_the_same_decision_twice(network: TestNetwork) -> None:
    """A decision that was carried out can be taken again, under another salt."""
    for action, status in ((suspend, SUSPENDED), (reinstate, ACTIVE), (suspend, SUSPENDED)):
        network.decide(action("140000"))
        member = network.consortium.member("140000")
        assert member is not None
        assert member.status == status


def test_national_items() -> None:
    items = {(item.item_id, item.version): item for item in national_items()}
    lists = newest().tables.lists
    assert len(items) == len(all_schemas()) + len(all_rules()) + len(lists) + 1
    for name, kind in ((MEASURES_ITEM, MEASURES), *((each.id, SEVERE_LIST) for each in lists)):
        item = items[Code(name), newest().version]
        assert (item.kind, item.content_hash.hex()) == (kind, newest().sha256)
    for rules in all_rules():
        item = items[Code("publicity"), rules.version]
        assert item.content_hash.hex() == rules.sha256
        assert (item.kind, item.region, item.since, item.until) == (RULES, "", SINCE, 0)
        assert item.visibility == PUBLIC
    for schema in all_schemas():
        item = items[Code(schema.name), schema.version]
        assert item.content_hash.hex() == schema.sha256
        assert item.granularity == (YEAR if schema.period == "year" else MONTH)
        assert (item.kind, item.region, item.since, item.until) == (RECORD_TYPE, "", SINCE, 0)
    assert items[Code("penalty"), 1].visibility == PUBLIC
    assert items[Code("voluntary"), 1].visibility == ON_AUTHORISATION
