"""`keys annul-stolen`: some hundred acts of a stolen key are undone, by somebody who only pays."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger.chain import acts as chain_acts
from ledger.chain.contracts.bindings import CASE_REGISTRY
from ledger.chain.contracts.structs import Code
from ledger.chain.keys.keyfile import WORK_LIGHT, create
from ledger.chain.nodes.quorum import QuorumReader
from ledger.chain.stolen import find_stolen, stolen_keys
from ledger.cli import annul_stolen as command
from ledger.cli.acting import Hand
from ledger.core.ids import Digest, RecordId
from ledger.core.keys import Purpose
from ledger.core.status import Act, Action, Basis, Flag, Outcome, Word
from tests.cli.conftest import Cli
from tests.support import cases, votes
from tests.support.anvil import start_anvil
from tests.support.chain import TestNetwork, deploy_network
from tests.support.hands import PASSWORD

FIRST, SECOND = "110000", "120000"
MANY = 200


@pytest.fixture(scope="module")
def deployed() -> Iterator[TestNetwork]:
    with start_anvil() as anvil:
        yield deploy_network(anvil, items=[])


@pytest.fixture
def network(deployed: TestNetwork) -> Iterator[TestNetwork]:
    before = deployed.anvil.snapshot()
    deployed.forget_sent()
    yield deployed
    deployed.anvil.revert(before)


@pytest.fixture
def options(network: TestNetwork, tmp_path: Path) -> tuple[Any, ...]:
    """Of somebody who is no member and can pay."""
    (tmp_path / "network.json").write_bytes(network.file.encode())
    (tmp_path / "password").write_bytes(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    payer = tmp_path / "payer.json"
    create("payer", payer, PASSWORD, work=WORK_LIGHT, secret=network.payer._secret)
    paths = ("--network", tmp_path / "network.json", "--payer", payer)
    return (*paths, "--password-file", tmp_path / "password", "--json")


def make(
    network: TestNetwork, action: Action, number: int, member: str = FIRST, **more: Any
) -> Act:
    commitment = hashlib.sha256(f"{member}/{number}".encode()).digest()
    basis = Basis.SUBJECT_REQUEST if action is Action.DISPUTE else Basis.DECISION_CHANGED
    return cases.make_act(
        network, action, network.log_id(member), commitment, **({"basis": basis} | more)
    )


def words(network: TestNetwork, records: list[RecordId]) -> set[tuple[Flag, Outcome, int]]:
    found: list[Word] = [state.word for state in network.case_registry.stored(records)]
    return {(word.flags, word.outcome, word.version) for word in found}


def steal(network: TestNetwork, count: int) -> list[RecordId]:
    """A thief withdraws so many records with a DECIDE key, which is found out."""
    key = network.keys[FIRST, Purpose.DECIDE]
    network.anvil.call("evm_increaseTime", 5)
    network.anvil.mine()
    since = network.anvil.head_time()
    acts = [make(network, Action.WITHDRAW, number, expected_version=0) for number in range(count)]
    for at in range(0, count, 64):
        cases.act(network, FIRST, *acts[at : at + 64])
    votes.compromise(network, key.key_id, since)
    return [act.record for act in acts]


def test_hundreds_of_acts(cli: Cli, network: TestNetwork, options: tuple[Any, ...]) -> None:
    """Those of others and of before the theft stay; nothing is left, and nothing done twice."""
    before = make(network, Action.END, 9001)
    cases.act(network, FIRST, before)
    of_another = make(network, Action.END, 9002, SECOND)
    cases.act(network, SECOND, of_another)
    records = steal(network, MANY)
    listed = cli("keys", "annul-stolen", "--list", *options)
    assert listed.exit == 0, listed.err
    assert (listed.json()["left"], listed.json()["undone"]) == (MANY, 0)
    assert words(network, records) == {(Flag(0), Outcome.WITHDRAWN, 1)}
    head = network.case_registry.latest().count
    done = cli("keys", "annul-stolen", *options)
    assert done.exit == 0, done.err
    assert set(done.json()["records"]) == {record.hex() for record in records}
    assert done.json()["undone"] == network.case_registry.latest().count - head == MANY
    assert words(network, records) == {(Flag.DISPUTED, Outcome.NONE, 2)}
    assert words(network, [before.record, of_another.record]) == {(Flag(0), Outcome.ENDED, 1)}
    again = cli("keys", "annul-stolen", *options)
    assert (again.exit, again.json()["undone"]) == (0, 0)


def test_goes_on_where_it_was_interrupted(
    cli: Cli, network: TestNetwork, options: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = steal(network, 100)
    real, sent = Hand.send, list[int]()

    def once(self: Hand, *values: Any, **more: Any) -> Any:
        if sent:
            raise KeyboardInterrupt
        sent.append(1)
        return real(self, *values, **more)

    monkeypatch.setattr(Hand, "send", once)
    cli("keys", "annul-stolen", *options)
    assert words(network, records) == {
        (Flag.DISPUTED, Outcome.NONE, 2),
        (Flag(0), Outcome.WITHDRAWN, 1),
    }
    monkeypatch.setattr(Hand, "send", real)
    done = cli("keys", "annul-stolen", *options)
    assert (done.exit, done.json()["undone"]) == (0, 36)
    assert words(network, records) == {(Flag.DISPUTED, Outcome.NONE, 2)}


def test_somebody_else_undoes_the_same(
    cli: Cli, network: TestNetwork, options: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call is all or none: what is left is looked for anew."""
    records = steal(network, 70)
    real = find_stolen
    looks: list[int] = []

    def faster(*values: Any, **more: Any) -> Any:
        found = real(*values, **more)
        if not looks:
            cases.undo(network, *[(one.history, one.acted) for one in found.undo[3:5]])
        looks.append(len(found.undo))
        return found

    monkeypatch.setattr(command, "find_stolen", faster)
    done = cli("keys", "annul-stolen", *options)
    assert done.exit == 0, done.err
    assert (looks, done.json()["undone"]) == ([70, 68], 68)
    assert words(network, records) == {(Flag.DISPUTED, Outcome.NONE, 2)}


def test_what_lies_below_another_act_needs_a_vote(
    cli: Cli, network: TestNetwork, options: tuple[Any, ...]
) -> None:
    [record, _] = steal(network, 2)
    cases.act(network, FIRST, make(network, Action.DISPUTE, 0))
    done = cli("keys", "annul-stolen", *options)
    assert done.exit == 1
    assert (done.json()["undone"], done.json()["needVote"]) == (1, [record.hex()])
    annul = make(network, Action.ANNUL, 0, basis=Basis.COURT, doc=Digest(b"\x0e" * 32))
    cases.act_by_vote(network, annul)
    done = cli("keys", "annul-stolen", *options)
    assert (done.exit, done.json()["needVote"]) == (0, [])


def test_keys_that_are_not_stolen(cli: Cli, network: TestNetwork, options: tuple[Any, ...]) -> None:
    steal(network, 1)
    honest = network.keys[SECOND, Purpose.DECIDE].key_id.hex()
    stolen = network.keys[FIRST, Purpose.DECIDE].key_id.hex()
    for name in (honest, stolen[:7], "zz" * 8):
        assert cli("keys", "annul-stolen", name, *options).exit == 1
    other = cli("keys", "annul-stolen", "--member", SECOND, *options)
    assert (other.exit, other.json()["undone"]) == (0, 0)
    assert cli("keys", "annul-stolen", stolen, "--offline", "x.json", *options).exit == 2
    named = cli("keys", "annul-stolen", f"0x{stolen[:12].upper()}", *options)
    assert (named.exit, named.json()["undone"]) == (0, 1)


def test_a_record_with_too_many_acts_keeps_no_other_back(
    network: TestNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thief who acts on one record without end is not to keep all that was stolen."""
    monkeypatch.setattr(chain_acts, "MAX_HISTORY", 2)
    flood = [
        make(network, action, 7001, basis=Basis.COURT, expected_version=version)
        for version, action in enumerate((Action.SHIELD, Action.LIFT, Action.SHIELD))
    ]
    network.anvil.call("evm_increaseTime", 5)
    network.anvil.mine()
    since = network.anvil.head_time()
    cases.act(network, FIRST, *flood)
    stolen = make(network, Action.WITHDRAW, 7002, expected_version=0)
    cases.act(network, FIRST, stolen)
    key = network.keys[FIRST, Purpose.DECIDE]
    votes.compromise(network, key.key_id, since)
    registries = [one.account for one in network.consortium.contract_history(CASE_REGISTRY)]
    chosen = stolen_keys(Code(FIRST), network.consortium.keys(FIRST))
    with closing(QuorumReader(network.file)) as reader:
        found = find_stolen(reader.head(), registries, chosen, first=0)
    assert [one.record for one in found.undo] == [stolen.record]
    assert found.buried == (flood[0].record,)
