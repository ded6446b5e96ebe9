"""Authorisations taken back on a real chain, and what readers are told of them."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import pytest

from ledger.chain.contracts import contract_abi
from ledger.chain.contracts.events import Revoked, decode_events
from ledger.chain.errors import TxRefused
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.event_logs import LogQuery, read_logs
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.revocations import revoke_digest, revoked_at
from ledger.core.ids import sha256
from ledger.core.keys import Purpose
from tests.core.material import example
from tests.support.chain import TestNetwork
from tests.support.revocations import take_back
from tests.support.votes import create, register

PROVINCE, OTHER = "110000", "120000"
FIRST, SECOND = sha256(b"first authorisation"), sha256(b"second authorisation")


@contextmanager
def head(network: TestNetwork) -> Iterator[View]:
    """What is read at the head."""
    now = network.anvil.head_time
    with closing(QuorumReader(network.file, now=now, max_ahead=None)) as reader:
        yield reader.head()


def times(network: TestNetwork, custodian: str, wanted: Sequence[bytes]) -> Sequence[int | None]:
    with head(network) as view:
        return revoked_at(view, network.deployment.consortium, custodian, wanted)


@contextmanager
def refused(name: str) -> Iterator[None]:
    with pytest.raises(TxRefused) as caught:
        yield
    payload = caught.value.payload
    known = [contract_abi.load(one).refusal(payload) for one in ("Revocations", "Consortium")]
    assert name in [found[0] for found in known if found]


@pytest.mark.parametrize("name", ["case", "query", "outcome"])
def test_worked_examples_are_signed_the_same_way(name: str) -> None:
    given, expected = example(f"part-2/{name}")
    said = given["revoke"]
    digest = revoke_digest(
        given["chainId"],
        given["revocations"],
        said["custodian"],
        bytes.fromhex(said["commitment"]),
        said["deadline"],
    )
    assert digest.hex() == expected["revokeDigest"]


def test_is_taken_back_from_its_block_on_and_nothing_else_is(network: TestNetwork) -> None:
    assert times(network, PROVINCE, [FIRST, SECOND]) == (None, None)
    mined = take_back(network, PROVINCE, FIRST)
    assert times(network, PROVINCE, [FIRST, SECOND]) == (network.anvil.head_time(), None)
    assert times(network, OTHER, [FIRST]) == (None,)
    place = network.deployment.revocations
    query = LogQuery(address=place, topics=(), first=mined.block, last=mined.block)
    [event] = decode_events("Revocations", list(read_logs(Reader(network.anvil.rpc), query)))
    assert isinstance(event, Revoked)
    assert (event.custodian, event.commitment) == (PROVINCE, FIRST)
    assert event.signed_by == network.keys[PROVINCE, Purpose.CONSENT].key_id


def test_more_than_one_page_is_read(network: TestNetwork) -> None:
    take_back(network, PROVINCE, FIRST)
    others = [sha256(b"%d" % number) for number in range(600)]
    found = times(network, PROVINCE, [*others[:599], FIRST, others[599]])
    assert [time is not None for time in found] == [False] * 599 + [True, False]
    assert times(network, PROVINCE, []) == ()


def test_only_a_consent_key_of_the_custodian_takes_back(network: TestNetwork) -> None:
    with refused("Consortium_KeyNotValid"):
        take_back(network, PROVINCE, FIRST, signed_by=OTHER)
    with refused("Consortium_KeyNotValid"):
        take_back(network, PROVINCE, FIRST, purpose=Purpose.ANCHOR)
    with refused("RoleContract_DeadlinePassed"):
        take_back(network, PROVINCE, FIRST, deadline=network.anvil.head_time() - 1)
    assert times(network, PROVINCE, [FIRST]) == (None,)


def test_the_earliest_time_of_all_contracts_counts(network: TestNetwork) -> None:
    """A successor does not know what was taken back before it, and makes nothing later."""
    take_back(network, PROVINCE, FIRST)
    [before] = times(network, PROVINCE, [FIRST])
    code = contract_abi.load("Revocations").bytecode
    successor = create(network, code, network.deployment.consortium)
    register(network, "Revocations", successor)
    assert times(network, PROVINCE, [FIRST]) == (before,)
    network.anvil.call("evm_increaseTime", 100)
    take_back(network, PROVINCE, FIRST, contract=successor)
    take_back(network, PROVINCE, SECOND, contract=successor)
    assert times(network, PROVINCE, [FIRST, SECOND]) == (before, network.anvil.head_time())
    with refused("RoleContract_NotCurrent"):
        take_back(network, PROVINCE, sha256(b"third"))
