"""Papers that are none: each beside one that differs from it in a single thing and is good."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.authorisations import judging
from gateway.base.errors import NotReady
from gateway.peers.errors import Refused
from ledger.chain import revocations
from ledger.chain.governing.actions import reinstate, retire
from ledger.core.docs import Doc
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import RecordId
from ledger.core.keys import Purpose
from ledger.core.opening import Opening
from ledger.core.promise import MAX_PROMISE
from ledger.core.statement import Statement
from tests.core.statements import STATEMENTS, anchored, promised
from tests.gateway.authorisations.desk import (
    BANK,
    BEIJING,
    BUREAU,
    TIANJIN,
    granted,
    judge,
    log_statements,
    opening,
    parts,
    rebuilt,
    refusal,
    wanted,
)
from tests.gateway.peers.openings import signed_by
from tests.support.peers import Network
from tests.support.votes import suspend

UNKNOWN = "authorisation-unknown"
REVOKED = "authorisation-revoked"
HEBEI, SHANXI, AUDITOR = "130000", "140000", "demo-auditor"
DOC = Doc(name="授权书.pdf", salt=bytes(32), sha256=bytes(32), size=1)


def paper(
    network: Network,
    member: str,
    *,
    at: int | None = None,
    signer: str | None = None,
    log: str | None = None,
    sort: str = "authorisation",
    said: Mapping[str, Any] | None = None,
    replaces: RecordId | None = None,
    **changes: Any,
) -> Opening:
    """One that a member promised with its ANCHOR key, whatever the program of a gateway would do.
    at: Unix seconds, None: now. signer, log: of another member. said: in place of a good one, of
    which `changes` are made."""
    chain = network.chain
    made = Statement(
        sort=sort,
        at=chain.anvil.head_time() if at is None else at,
        iss=member,
        log=chain.log_id(log or member),
        salt=os.urandom(32),
        members=wanted(network[BUREAU], **changes).stated((DOC,)).members()
        if said is None
        else said,
    )
    return signed_by(
        chain.keys[signer or member, Purpose.ANCHOR],
        made,
        member=member,
        chain_id=chain.file.chain_id,
        log_anchor=chain.deployment.log_anchor,
        replaces=replaces,
    )


def test_only_provinces_and_bureaus_are_custodians(network: Network) -> None:
    for member in (BUREAU, BEIJING, HEBEI):
        assert judge(network, paper(network, member)).custodian == member
    assert refusal(network, paper(network, AUDITOR)) == UNKNOWN
    for_beijing: dict[str, Any] = {"grantee": BEIJING}
    assert refusal(network, paper(network, BANK, **for_beijing), asker=BEIJING) == UNKNOWN
    judge(network, paper(network, BUREAU, **for_beijing), asker=BEIJING)


def test_nobody_makes_one_for_itself(network: Network) -> None:
    """Neither a bank, nor a member that may make them for others; nor in a custodian's name."""
    assert refusal(network, paper(network, BANK)) == UNKNOWN
    own = paper(network, BEIJING, grantee=BEIJING)
    assert refusal(network, own, asker=BEIJING) == UNKNOWN
    judge(network, paper(network, TIANJIN, grantee=BEIJING), asker=BEIJING)
    assert refusal(network, paper(network, BUREAU, signer=BANK)) == UNKNOWN
    assert refusal(network, paper(network, BUREAU, signer=BANK, log=BANK)) == UNKNOWN
    judge(network, paper(network, BUREAU))


def test_one_of_another_grantee(network: Network) -> None:
    """Whoever has got hold of it asks in vain, and a province that is asked shows it to nobody."""
    held = granted(network)
    judge(network, held)
    for asker in (BEIJING, TIANJIN, BUREAU, AUDITOR):
        assert refusal(network, held, asker=asker) == UNKNOWN


def test_a_promise_counts_until_it_is_due(network: Network) -> None:
    now = network.chain.anvil.head_time()
    assert refusal(network, paper(network, BUREAU, at=now - MAX_PROMISE - 1)) == UNKNOWN
    judge(network, paper(network, BUREAU, at=now - MAX_PROMISE + 3600))
    late = paper(network, BUREAU, at=now + 3600)
    with pytest.raises(NotReady) as caught:
        judge(network, late)
    assert caught.value.code == "authorisation-unread", "it may be good in an hour"


def test_an_anchor_counts_for_good(network: Network) -> None:
    held = granted(network)
    log_statements(network[BUREAU])
    anchored_one = opening(network[BUREAU], held.statement.commitment)
    assert anchored_one.receipt is not None
    judge(network, anchored_one)
    tampered = json.loads(anchored_one.encode())
    tampered["receipt"]["checkpoint"] = tampered["receipt"]["checkpoint"].replace(
        "\n16\n", "\n15\n"
    )
    assert refusal(network, tampered) == UNKNOWN
    assert refusal(network, anchored(anchored_one.statement)) == UNKNOWN, "a root of nobody's"


def test_a_promise_that_nobody_signed(network: Network) -> None:
    found = paper(network, BUREAU)
    assert refusal(network, promised(found.statement)) == UNKNOWN
    assert refusal(network, promised(found.statement, signature=bytes([1]) * 65)) == UNKNOWN
    judge(network, found)


@pytest.mark.parametrize("name", ["grantee", "until", "subject", "purpose", "regions", "types"])
def test_what_it_says_was_changed(network: Network, name: str) -> None:
    held = granted(network, types=("licence",), regions=(BEIJING,))
    better: dict[str, Any] = {
        "grantee": BEIJING,
        "until": "2099-12-31",
        "subject": "91110108551385082Q",
        "purpose": "in-loan",
        "regions": [TIANJIN],
        "types": ["penalty"],
    }
    changed = rebuilt(held, **{name: better[name]})
    asked: dict[str, Any] = {
        "at": BEIJING,
        "subject": held.statement.members["subject"],
        "types": ("licence",),
    }
    judge(network, held, **asked)
    assert refusal(network, changed, **asked) == UNKNOWN


def test_statements_of_other_sorts(network: Network) -> None:
    said = {
        "answer": "07" * 32,
        "asker": BANK,
        "authorisation": None,
        "items": 0,
        "purpose": "pre-loan",
        "subject": "91110000600037341L",
    }
    assert refusal(network, paper(network, BUREAU, sort="query", said=said)) == UNKNOWN
    assert refusal(network, paper(network, BUREAU, sort="dummy", said={})) == UNKNOWN


def test_a_custodian_that_was_suspended(network: Network) -> None:
    """What it made meanwhile is none; what it made before and after stays one, whatever it is
    now."""
    chain = network.chain
    before = paper(network, SHANXI)
    chain.anvil.call("evm_increaseTime", 2)
    suspend(chain, SHANXI)
    meanwhile = paper(network, SHANXI)
    judge(network, before)
    assert refusal(network, meanwhile) == UNKNOWN
    chain.anvil.call("evm_increaseTime", 2)
    chain.decide(reinstate(SHANXI))
    after = paper(network, SHANXI)
    judge(network, after)
    judge(network, before)
    assert refusal(network, meanwhile) == UNKNOWN


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"_type": "credit-ledger/opening@1"},
        {"_type": "credit-ledger/opening@2", "entry": {}, "promise": {}, "statement": {}},
        {"x": [[[[[[[[[[]]]]]]]]]]},
        {"x": 1.5},
        {"x": -1},
        {"x": 2**60},
        {"x": None},
        {"授": "x"},
        {"statement": {"_type": "credit-ledger/authorisation@2"}, "entry": {}, "promise": {}},
    ],
)
def test_what_is_no_opening(network: Network, shown: dict[str, Any]) -> None:
    assert refusal(network, shown) == UNKNOWN


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_any_statement_and_any_value(network: Network, data: st.DataObject) -> None:
    """Refused, whatever it is: nothing that a stranger makes up ends otherwise."""
    found: Any = promised(data.draw(STATEMENTS)).to_json()
    place = found
    for _ in range(data.draw(st.integers(0, 3))):
        inner = [name for name in place if isinstance(place[name], dict)]
        if inner:
            place = place[data.draw(st.sampled_from(sorted(inner)))]
    name = data.draw(st.sampled_from(sorted(place)))
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    place[name] = data.draw(
        st.recursive(scalars, lambda some: st.lists(some) | st.dictionaries(st.text(), some))
    )
    with pytest.raises(Refused) as caught:
        parts(network[TIANJIN]).papers.genuine(found)
    assert caught.value.code == UNKNOWN


def test_one_that_is_longer_than_any(network: Network) -> None:
    value = rebuilt(granted(network), note="x" * (2 << 20))
    assert refusal(network, value) == UNKNOWN


def test_known_ones_are_not_verified_again(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a minute, and only so many; one that was refused is looked at again each time."""
    papers = parts(network[TIANJIN]).papers
    verified: list[bytes] = []
    verify = papers._judge.verify

    def counting(data: bytes, question: Any) -> Any:
        verified.append(data)
        return verify(data, question)

    monkeypatch.setattr(papers._judge, "verify", counting)
    held, other = granted(network), granted(network)
    verified.clear()
    for _ in range(3):
        judge(network, held)
    assert len(verified) == 1
    forged = rebuilt(held, until="2099-12-31")
    for _ in range(2):
        assert refusal(network, forged) == UNKNOWN
    assert len(verified) == 3
    monkeypatch.setattr(judging, "MAX_KEPT", 1)
    for shown in (other, held):
        judge(network, shown)
    assert len(verified) == 5, "the older one made room"
    monkeypatch.setattr(judging, "KEPT_SECONDS", 0.0)
    judge(network, held)
    assert len(verified) == 6


def test_a_kept_one_ends_with_its_promise(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, papers = granted(network), parts(network[TIANJIN]).papers
    found = held.promised
    assert found is not None
    judge(network, held)
    [kept] = [
        one for one in papers._kept.values() if one.granted.commitment == held.statement.commitment
    ]
    assert kept.due == found.promise.due
    past = replace(kept, due=int(papers._ctx.clock.of_chain()) - 1)
    assert papers._counts(kept) and not papers._counts(past)


def test_a_chain_that_cannot_be_asked(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is accepted, neither what is new nor what is known to be genuine."""
    papers = parts(network[TIANJIN]).papers
    known, new = granted(network), granted(network)
    judge(network, known)

    def silent() -> Any:
        raise CouldNotCheck("no-quorum", "silent")

    monkeypatch.setattr(papers._reader, "head", silent)
    for shown in (known, new):
        with pytest.raises(NotReady) as caught:
            judge(network, shown)
        assert caught.value.code == "authorisation-unread"
    monkeypatch.undo()
    papers._failed_at = float("-inf")
    judge(network, known)
    judge(network, new)


def test_a_network_without_the_contract(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be asked whether it was taken back is not accepted."""
    held = granted(network)
    monkeypatch.setattr(revocations, "REVOCATIONS", "NoSuchRole")
    with pytest.raises(NotReady):
        judge(network, held)
    monkeypatch.undo()
    parts(network[TIANJIN]).papers._failed_at = float("-inf")
    judge(network, held)


def test_days_are_those_of_china(network: Network) -> None:
    today = network[TIANJIN].node.ctx.clock.today()
    tomorrow = paper(network, BUREAU, start=today + timedelta(days=1))
    assert refusal(network, tomorrow) == "authorisation-expired"
    judge(network, tomorrow, on=today + timedelta(days=1))


def test_a_custodian_that_retired(network: Network) -> None:
    """Nobody can take its papers back any more, so they end with it. Last: it does not return."""
    before = paper(network, SHANXI)
    judge(network, before)
    network.chain.decide(retire(SHANXI))
    assert refusal(network, before) == REVOKED
