"""What the chain refuses for a while is not lost; what it refuses for good says so (review 0006,
C3, C6, C14, C16, C19)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.app import create_app
from gateway.base.db import begin_write
from gateway.cases import store
from gateway.cases.fates import FIRST_SECONDS, MOST_SECONDS, delay, remedy_of
from gateway.node import Node
from ledger.chain.contracts import contract_abi
from ledger.chain.governing.actions import reinstate
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.core.ids import Digest
from ledger.core.keys import Alg, Purpose
from ledger.core.status import Action, Basis, Flag, Outcome
from tests.gateway.cases.rows import act, gateway, go, hurry, put, row_of, told, word_of
from tests.gateway.statuses.desk import FIRST
from tests.support import cases as elsewhere
from tests.support.asgi import Client
from tests.support.chain import TestNetwork, council
from tests.support.votes import add_key, compromise, create, register, revoke, suspend


def signed(node: Node, network: TestNetwork, number: int) -> int:
    """An act that was signed and not sent."""
    (found,) = put(node, act(network, Action.WITHDRAW, number))
    node.case_parts.sending.step()
    assert told(node, found) == ("signed", None)
    return found


def test_a_rotated_key(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        number = signed(node, network, 1)
        new = LocalSigner(Alg.SECP256K1, new_secret())
        add_key(network, FIRST, Purpose.DECIDE, new)
        revoke(network, FIRST, network.keys[FIRST, Purpose.DECIDE].key_id)
        network.anvil.call("evm_increaseTime", 5)  # its last second has passed
        network.anvil.mine()
        go(node, network, 2)
        assert told(node, number) == ("waiting", "KeyNotValid")
        assert row_of(node, number).not_before is not None
        node.chain.expire()
        node.anchoring.step()
        hurry(node)
        go(node, network, 2)
        assert told(node, number) == ("waiting", "decide-key-not-valid")
        assert remedy_of("waiting", "decide-key-not-valid") is not None
        node.signing.use(replace(node.signing.keys, decide=new))
        hurry(node)
        go(node, network)
        assert told(node, number) == ("recorded", None)
        assert word_of(network, 1).outcome is Outcome.WITHDRAWN


def test_a_suspended_member(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        number = signed(node, network, 2)
        suspend(network, FIRST)
        for failures in (1, 2, 3):
            go(node, network, 3)
            assert told(node, number) == ("waiting", "MemberNotActive")
            assert row_of(node, number).failures == failures, "it waits between two tries"
            hurry(node)
            node.case_parts.sending.step()  # signs
        others = [voter for voter in network.voters() if voter.member != FIRST]
        council(network, others).decide(reinstate(FIRST))
        hurry(node)
        go(node, network)
        assert told(node, number) == ("recorded", None)


def test_a_new_registry(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        number = signed(node, network, 3)
        code = contract_abi.load("CaseRegistry").bytecode
        register(network, "CaseRegistry", create(network, code, network.deployment.consortium))
        go(node, network)
        assert told(node, number) == ("recorded", None)


def test_figures_of_what_waits_and_what_was_refused(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node", decide=None) as node:
        bad = act(network, Action.DISPUTE, 13, basis=99)
        put(node, bad, act(network, Action.END, 14))
        go(node, network, 2)
        suspend(network, FIRST)
        put(node, act(network, Action.DISPUTE, 15))
        go(node, network, 2)
        figures = Client(create_app(node)).get("/metrics").text
        for state, count in {"waiting": 2, "held": 1, "refused": 1, "sent": 0}.items():
            assert f'credit_ledger_case_acts{{state="{state}"}} {count}.0' in figures


def test_tried_ever_less_often() -> None:
    waits = [delay(failures) for failures in range(1, 100)]
    assert waits[:3] == [FIRST_SECONDS, 2 * FIRST_SECONDS, 4 * FIRST_SECONDS]
    assert waits == sorted(waits)
    assert waits[-1] == MOST_SECONDS


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"basis": 99}, "BasisInvalid"),
        ({"doc": bytes(32)}, "DocZero"),
        ({"effective_at": -28_800}, "act-unsound"),
        ({"action": 77}, "act-unsound"),
        ({"basis": 1 << 20}, "act-unsound"),
        ({"effective_at": 1}, "EffectiveAtInvalid"),
    ],
)
def test_what_no_signature_mends(
    network: TestNetwork,
    tmp_path: Path,
    changes: dict[str, Any],
    code: str,
) -> None:
    """It ends by itself, tells what is to be done, and what follows on its record goes on."""
    with gateway(network, tmp_path / "node") as node:
        bad, good = put(node, act(network, Action.END, 4), act(network, Action.WITHDRAW, 4))
        with begin_write(node.ctx.engine, store.LOCK) as connection:
            store.change_act(connection, bad, **changes)
        go(node, network)
        assert (told(node, bad), told(node, good)) == (("refused", code), ("recorded", None))
        remedy = remedy_of("refused", code)
        assert remedy is not None
        assert remedy.keys() == {"zh", "en"}


def test_a_day_that_has_not_begun_on_the_chain(
    network: TestNetwork,
    tmp_path: Path,
) -> None:
    with gateway(network, tmp_path / "node") as node:
        tomorrow = elsewhere.midnight(network.anvil.head_time(), 1)
        (number,) = put(node, act(network, Action.END, 5, effective_at=tomorrow))
        go(node, network, 3)
        assert told(node, number) == ("waiting", "EffectiveAtInvalid")
        network.anvil.call("evm_setNextBlockTimestamp", tomorrow)
        network.anvil.mine()
        hurry(node)
        go(node, network)
        assert told(node, number) == ("recorded", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"basis": Basis.OBJECTION_UPHELD},
        {"effective_at": 16 * 3600},
    ],
)
def test_an_act_that_only_looks_like_ours(
    network: TestNetwork,
    tmp_path: Path,
    changes: dict[str, Any],
) -> None:
    """Another one with its action and document, by a thief or from another place: ours did not
    happen, and says so."""
    ours = act(network, Action.WITHDRAW, 6)
    elsewhere.act(network, FIRST, replace(ours, **changes))
    with gateway(network, tmp_path / "node") as node:
        (number,) = put(node, ours)
        go(node, network)
        assert told(node, number) == ("refused", "already-so")


def test_an_act_of_the_provinces_is_not_ours(
    network: TestNetwork,
    tmp_path: Path,
) -> None:
    ours = act(network, Action.WITHDRAW, 7, basis=Basis.COURT)
    elsewhere.act_by_vote(network, ours)
    with gateway(network, tmp_path / "node") as node:
        (number,) = put(node, ours)
        go(node, network)
        assert told(node, number) == ("refused", "by-vote-only")


def test_the_same_act_is_recorded_once(network: TestNetwork, tmp_path: Path) -> None:
    ours = act(network, Action.WITHDRAW, 8)
    elsewhere.act(network, FIRST, ours)
    with gateway(network, tmp_path / "node") as node:
        (number,) = put(node, ours)
        go(node, network)
        assert told(node, number) == ("recorded", None)
        assert word_of(network, 8).version == 1


def test_a_mark_goes_past_a_decision_that_waits(
    network: TestNetwork,
    tmp_path: Path,
) -> None:
    with gateway(network, tmp_path / "node", decide=None) as node:
        end, mark = put(node, act(network, Action.END, 9), act(network, Action.DISPUTE, 9))
        go(node, network)
        assert told(node, end) == ("waiting", "to-be-signed")
        assert told(node, mark) == ("recorded", None)
        row = row_of(node, end)
        assert row.version == word_of(network, 9).version == 1, "asked for anew behind the mark"
        node.signing.use(replace(node.signing.keys, decide=network.keys[FIRST, Purpose.DECIDE]))
        go(node, network)
        assert told(node, end) == ("recorded", None)
        assert word_of(network, 9).flags == Flag.DISPUTED


def test_a_mark_does_not_go_past_what_takes_a_mark_away(
    network: TestNetwork,
    tmp_path: Path,
) -> None:
    """Or it would be needless, and then be taken away with the other."""
    keys = network.keys[FIRST, Purpose.DECIDE]
    with gateway(network, tmp_path / "node", decide=None) as node:
        first = act(network, Action.DISPUTE, 10)
        put(node, first)
        go(node, network)
        settle = act(network, Action.SETTLE, 10)
        again = replace(first, doc=Digest(b"\x77" * 32))
        settled, mark = put(node, settle, again)
        go(node, network)
        assert [told(node, number)[0] for number in (settled, mark)] == ["waiting", "waiting"]
        node.signing.use(replace(node.signing.keys, decide=keys))
        go(node, network)
        assert [told(node, number)[0] for number in (settled, mark)] == ["recorded", "recorded"]
        assert word_of(network, 10).flags == Flag.DISPUTED


def test_a_stolen_key_signs_nothing_more(
    network: TestNetwork,
    tmp_path: Path,
) -> None:
    """Its act that was signed before is signed again with another key."""
    with gateway(network, tmp_path / "node") as node:
        number = signed(node, network, 12)
        new = LocalSigner(Alg.SECP256K1, new_secret())
        add_key(network, FIRST, Purpose.DECIDE, new)
        old = network.keys[FIRST, Purpose.DECIDE].key_id
        compromise(network, old, network.anvil.head_time())
        node.chain.expire()
        node.anchoring.step()
        go(node, network, 2)
        node.signing.use(replace(node.signing.keys, decide=new))
        hurry(node)
        go(node, network)
        assert told(node, number) == ("recorded", None)
