"""What an answer costs does not grow with the records that it states, nor a question with those
that were asked before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.peers.interfaces import Asker
from gateway.queries.interfaces import Asked
from ledger.chain.nodes.rpc import Rpc
from ledger.core.answer import given_from_json
from ledger.core.canonical import b64u_encode, parse
from ledger.core.keys import Role
from ledger.core.status import Action
from ledger.verify import Verifier
from tests.gateway.queries.bank import FAMILY, bundle_of, do, firm, given_by, of, use
from tests.gateway.queries.conftest import BANK, BEIJING, TIANJIN
from tests.support.costs import statements
from tests.support.peers import Member, Network


def answered(member: Member, code: str) -> tuple[int, int]:
    """Records that it states about a firm, and statements that it took."""
    nonce = b64u_encode(bytes(16))
    asker = Asker(code=BANK, roles=Role.INSTITUTION, nonce=nonce)
    asked = Asked(code=code, purpose="pre-loan", types=(FAMILY,))
    with statements(member) as seen:
        data = member.node.finance.queries.routes.answering.answer(asker, asked)
    given = given_from_json(parse(data, allow_null=True, max_bytes=len(data), max_depth=20), more=0)
    return len(given.answer.items), len(seen)


def test_an_answer_takes_as_many_statements_for_twenty_records_as_for_five(
    network: Network,
) -> None:
    """Records of several batches and anchors, one disputed, one repaired."""
    beijing, few, many = network[BEIJING], firm(601), firm(602)
    ids = [beijing.file(of(code, 700 + n))[0] for n, code in enumerate([few, many] * 5)]
    beijing.file(*(of(many, 720 + n) for n in range(15)))
    do(network, beijing, Action.DISPUTE, ids[1])
    answered(beijing, few)  # keys are read once
    five, twenty = answered(beijing, few), answered(beijing, many)
    assert (five[0], twenty[0]) == (5, 20)
    assert five[1] == twenty[1] < 50, (five, twenty)


@contextmanager
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What chain nodes are sent meanwhile, by whomever here."""
    sent: list[Any] = []
    post = Rpc._post

    def counted(self: Rpc, request: Any) -> Any:
        sent.append(request)
        return post(self, request)

    monkeypatch.setattr(Rpc, "_post", counted)
    yield sent
    monkeypatch.setattr(Rpc, "_post", post)


def test_a_bank_that_asks_again_has_one_verifier_and_one_head(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the chain has gone on it reads the head again, and is as right as a new one."""
    code, tianjin = firm(603), network[TIANJIN]
    (record,) = tianjin.file(of(code, 740))
    made: list[Verifier] = []
    make = Verifier.__init__

    def counted(self: Verifier, *given: Any, **more: Any) -> None:
        made.append(self)
        make(self, *given, **more)

    monkeypatch.setattr(Verifier, "__init__", counted)
    use(network, firm(604))
    network.chain.anvil.mine()
    costs = []
    for _ in range(2):
        with requests(monkeypatch) as sent:
            assert len(given_by(bundle_of(use(network, code)), TIANJIN).answer.items) == 1
        costs.append(len(sent))
    assert len(made) <= 1
    # What is left is read by the two provinces that answer, and for the list of members.
    assert costs[1] + 20 < costs[0], costs
    do(network, tianjin, Action.REPAIR, record)
    assert given_by(bundle_of(use(network, code)), TIANJIN).answer.items == ()
    assert len(made) <= 1
