"""Records and checks of another member by a subject's authorisation: exactly what it covers, and
nothing without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pytest

from gateway.accesses.services import Line, newest
from gateway.accesses.services import Wanted as Lines
from gateway.base.access_table import Standing
from gateway.base.db import begin_write
from gateway.intake.interfaces import RowInput
from gateway.peers import services as peer_services
from gateway.peers.errors import BadAnswer, PeerRefused, PeerSilent
from gateway.receipts.interfaces import Audience
from ledger.core import receipt as receipts
from ledger.core.errors import CouldNotCheck
from ledger.core.opening import Opening
from ledger.records.schema import load
from tests.gateway.authorisations.desk import (
    BANK,
    BEIJING,
    BUREAU,
    OTHER,
    SUBJECT,
    TIANJIN,
    granted,
    parts,
    rebuilt,
    revoke,
)
from tests.gateway.authorisations.test_forged import HEBEI, paper
from tests.records.examples import good
from tests.support.callers import CENTRE
from tests.support.erasing import erase
from tests.support.peers import Network, row

CODE, NUMBER = "CF_XDR_SHXYM", "CF_WSH"


@dataclass(frozen=True)
class Filed:
    """Records of Tianjin: shared on authorisation about the subject and about another one, public,
    and of a type that is for whoever is authorised."""

    ours: bytes
    others: bytes
    public: bytes
    public_other: bytes
    voluntary: bytes


@pytest.fixture(scope="module")
def filed(network: Network) -> Filed:
    schema = load("voluntary")
    voluntary = RowInput(row=9, type="voluntary", class_=None, fields=good(schema))
    return Filed(
        *network[TIANJIN].file(
            row(1, "minor"),
            row(2, "minor", **{CODE: OTHER}),
            row(3),
            row(4, **{CODE: OTHER}),
            voluntary,
        )
    )


def given(
    network: Network, record: bytes, shown: Opening | None, asker: str = BANK, at: str = TIANJIN
) -> str:
    """`given`, or the code of the refusal."""
    try:
        network[asker].peers.record(at, record, authorisation=shown)
    except PeerRefused as error:
        return error.code
    return "given"


def checked(
    network: Network, record: bytes, shown: Opening | None, code: str = SUBJECT, asker: str = BANK
) -> Any:
    try:
        return network[asker].peers.check(TIANJIN, record, {CODE: code}, authorisation=shown)
    except PeerRefused as error:
        return error.code


def lines(network: Network, record: bytes, asker: str = BANK) -> list[Line]:
    leaf = network[TIANJIN].leaf(record)
    engine = network[TIANJIN].node.ctx.engine
    return newest(engine, Lines(member=asker, record=leaf), 10)


def test_a_record_that_it_covers(network: Network, filed: Filed) -> None:
    """Given for it and bound to it; without it, to nobody."""
    assert given(network, filed.ours, None) == "not-granted"
    held = granted(network)
    taken = network[BANK].peers.record(TIANJIN, filed.ours, authorisation=held)
    assert taken.verdict.verdict == "valid"
    assert taken.verdict.fields is not None and taken.verdict.fields[CODE] == SUBJECT
    binding = receipts.parse(taken.receipt).binding
    assert binding is not None
    assert (binding.audience, binding.authorisation) == (BANK, held.statement.commitment)
    allowed, refused = lines(network, filed.ours)[:2]
    commitment = held.statement.commitment.hex()
    assert (allowed.answer, allowed.use, allowed.authorisation) == (
        "allowed",
        "pre-loan",
        commitment,
    )
    assert (refused.answer, refused.use, refused.authorisation) == ("not-granted", None, None)


def test_what_it_does_not_cover(network: Network, filed: Filed) -> None:
    """Each thing beside the paper that covers it."""
    held = granted(network)
    assert given(network, filed.ours, held) == "given"
    assert given(network, filed.others, held) == "authorisation-other-subject"
    assert given(network, filed.others, granted(network, subject=OTHER)) == "given"
    assert given(network, filed.ours, granted(network, types=("licence",))) == "not-granted"
    assert given(network, filed.ours, granted(network, regions=(BEIJING,))) == "not-granted"
    assert given(network, filed.voluntary, held) == "not-granted"
    both = granted(network, types=("penalty", "voluntary"))
    assert given(network, filed.ours, both) == "given"
    assert given(network, bytes(32), held) == "not-granted"
    assert given(network, network[TIANJIN].leaf(filed.ours), held) == "not-granted"
    assert given(network, filed.ours, held, at=BEIJING) == "not-granted", "it is Tianjin's"


def test_asking_teaches_nothing(network: Network, filed: Filed) -> None:
    """Whom a record is about is told only where it would be given otherwise."""
    held = granted(network)
    narrow = granted(network, types=("licence",))
    elsewhere = granted(network, regions=(BEIJING,))
    assert given(network, filed.others, held) == "authorisation-other-subject"
    for shown in (narrow, elsewhere):
        assert given(network, filed.others, shown) == "not-granted"
    member = network[TIANJIN]
    (closed,) = member.file(row(20, "minor", **{CODE: OTHER}))
    assert given(network, closed, held) == "authorisation-other-subject"
    with begin_write(member.node.ctx.engine) as connection:
        erase(connection, member.leaf(closed))
    assert given(network, closed, held) == "not-granted"
    assert given(network, closed, granted(network, subject=OTHER)) == "not-granted"


def test_records_that_are_not_in_force(network: Network, filed: Filed) -> None:
    node, held = network[TIANJIN].node, granted(network)
    exchange = node.peers.exchange
    try:
        for standing in Standing:
            exchange.ask_status(lambda _id, found=standing: found)
            told = standing in (Standing.IN_FORCE, Standing.DISPUTED)
            assert given(network, filed.ours, held) == ("given" if told else "not-granted")
            other = "authorisation-other-subject" if told else "not-granted"
            assert given(network, filed.others, held) == other
            assert checked(network, filed.ours, held) is (True if told else None)
    finally:
        exchange.ask_status(lambda record: Standing(node.statuses(record).value))


def test_public_ones_need_none(network: Network, filed: Filed) -> None:
    """But where one is shown the answer is bound to it, so it must be of that subject."""
    held = granted(network)
    assert given(network, filed.public, None) == "given"
    assert given(network, filed.public, held) == "given"
    assert given(network, filed.public_other, None) == "given"
    assert given(network, filed.public_other, held) == "authorisation-other-subject"


def test_papers_that_are_not_good(network: Network, filed: Filed) -> None:
    """Told before any record is looked at: the same for one that is not there."""
    today = network[TIANJIN].node.ctx.clock.today()
    held = granted(network)
    late = paper(network, BUREAU, start=today - timedelta(days=9), until=today - timedelta(days=1))
    for record in (filed.ours, filed.others, filed.public, bytes(32)):
        for shown, code in (
            (paper(network, BANK), "authorisation-unknown"),
            (paper(network, BUREAU, grantee=BEIJING), "authorisation-unknown"),
            (late, "authorisation-expired"),
        ):
            assert given(network, record, shown) == code
            assert checked(network, record, shown) == code
        body = orjson.dumps({"recordId": record.hex(), "authorisation": rebuilt(held, until="x")})
        with pytest.raises(PeerRefused, match="authorisation-unknown"):
            network[BANK].peers.ask(TIANJIN, "record", body)
    assert given(network, filed.ours, held) == "given"


def test_of_another_grantee(network: Network, filed: Filed) -> None:
    """A province that was shown it asks nobody with it."""
    held = granted(network)
    assert given(network, filed.ours, held) == "given"
    assert given(network, filed.ours, held, asker=BEIJING) == "authorisation-unknown"
    assert given(network, filed.ours, granted(network, grantee=BEIJING), BEIJING) == "given"


def test_purposes_of_authorities_give_nothing(network: Network, filed: Filed) -> None:
    """The access table gives provinces more for them, and no paper makes one's purpose so."""
    for asker in (BEIJING, BANK):
        shown = paper(network, BUREAU, grantee=asker, purpose="regulation")
        assert given(network, filed.ours, shown, asker) == "not-granted"
        assert given(network, filed.public, shown, asker) == "given"
        assert checked(network, filed.ours, shown, asker=asker) is None
        own = paper(network, BUREAU, grantee=asker, purpose="own")
        assert given(network, filed.ours, own, asker) == "given"


def test_checks(network: Network, filed: Filed) -> None:
    """Of another subject's record nothing is told, whatever is tried."""
    held = granted(network)
    assert checked(network, filed.ours, None) is None
    assert checked(network, filed.ours, held) is True
    assert checked(network, filed.ours, held, OTHER) is False
    assert checked(network, filed.others, held, OTHER) is None
    assert checked(network, filed.others, held) is None
    assert checked(network, filed.public, held) is True
    assert checked(network, filed.public_other, held, OTHER) is None
    assert checked(network, filed.public_other, None, OTHER) is True
    assert checked(network, bytes(32), held) is None
    narrow = granted(network, types=("licence",))
    assert checked(network, filed.ours, narrow) is None
    told = [(line.purpose, line.answer, line.use) for line in lines(network, filed.ours)]
    assert ("exchange-check", "allowed", "pre-loan") in told
    assert ("exchange-check", "not-granted", "pre-loan") in told


def test_taken_back(network: Network, filed: Filed) -> None:
    held = granted(network)
    assert given(network, filed.ours, held) == "given"
    revoke(network[BUREAU], held.statement.commitment)
    assert given(network, filed.ours, held) == "authorisation-revoked"
    assert given(network, bytes(32), held) == "authorisation-revoked"
    assert checked(network, filed.ours, held) == "authorisation-revoked"


@pytest.mark.parametrize("ask", [given, checked])
def test_taken_back_between_question_and_answer(
    network: Network,
    filed: Filed,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[Network, bytes, Opening], Any],
) -> None:
    """The answer is made by then, and does not leave."""
    node, held = network[TIANJIN].node, granted(network)
    commitment = held.statement.commitment
    bound, match = node.receipts.bound, node.peers.exchange._match

    def receipt(name: bytes, audience: Audience, fields: Any = None) -> Any:
        found = bound(name, audience, fields)
        revoke(network[BUREAU], commitment)
        return found

    def matched(*arguments: Any) -> Any:
        found = match(*arguments)
        revoke(network[BUREAU], commitment)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(node.receipts, "bound", receipt)
        patch.setattr(node.peers.exchange, "_match", matched)
        assert ask(network, filed.ours, held) == "authorisation-revoked"
    (line, *_) = lines(network, filed.ours)
    assert (line.answer, line.authorisation) == ("authorisation-revoked", commitment.hex())


def test_an_answer_bound_to_another_paper(
    network: Network, filed: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks looks: what is not bound to the paper that was shown is no answer to it."""
    held, other = granted(network), granted(network)
    for wrong in (None, other.statement.commitment):
        with monkeypatch.context() as patch:
            patch.setattr(
                peer_services,
                "_audience",
                lambda question, paper=wrong: Audience(
                    code=question.asker.code, nonce=question.asker.nonce, authorisation=paper
                ),
            )
            with pytest.raises(BadAnswer, match="binding-differs"):
                network[BANK].peers.record(TIANJIN, filed.ours, authorisation=held)
            if wrong is not None:
                with pytest.raises(BadAnswer, match="binding-differs"):
                    network[BANK].peers.record(TIANJIN, filed.public)


def test_a_chain_that_cannot_be_asked(
    network: Network, filed: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, papers = granted(network), parts(network[TIANJIN]).papers
    assert given(network, filed.ours, held) == "given"

    def silent() -> Any:
        raise CouldNotCheck("no-quorum", "silent")

    with monkeypatch.context() as patch:
        patch.setattr(papers, "_reader", type("Silent", (), {"head": staticmethod(silent)})())
        with pytest.raises(PeerSilent) as caught:
            network[BANK].peers.record(TIANJIN, filed.ours, authorisation=held)
        assert caught.value.code == "peer-busy", "asked again later, and nothing is given"
    papers._failed_at = float("-inf")
    assert given(network, filed.ours, held) == "given"


def test_promised_records_wait(network: Network, filed: Filed) -> None:
    node, held = network[TIANJIN].node, granted(network)
    answer = node.intake.submit_set(caller=CENTRE, rows=[row(40, "minor")])
    record = bytes.fromhex(str(answer.rows[0].record_id))
    with pytest.raises(PeerSilent, match="not-anchored"):
        network[BANK].peers.record(TIANJIN, record, authorisation=held)
    network[TIANJIN].settle()
    assert given(network, record, held) == "given"


@pytest.fixture
def walk(network: Network, filed: Filed) -> Iterator[list[tuple[str, str, bytes]]]:
    """Every member with a gateway beside Tianjin, every record of it."""
    records = [(name, getattr(filed, name)) for name in Filed.__dataclass_fields__]
    yield [(asker, name, record) for asker in (BEIJING, BUREAU, BANK) for name, record in records]


def test_walk(network: Network, walk: list[tuple[str, str, bytes]]) -> None:
    """Nobody gets what is not public without an authorisation; with one exactly what it covers."""
    public = {"public", "public_other"}
    for asker, name, record in walk:
        told = given(network, record, None, asker)
        assert told == ("given" if name in public else "not-granted"), (asker, name)
        match = checked(network, record, None, asker=asker)
        assert (match is None) is (name not in public), (asker, name)
    covered = {"penalty": {"ours", "public"}, "voluntary": {"voluntary"}}
    for type_, names in covered.items():
        for asker in (BEIJING, BUREAU, BANK):
            subject = subject_of(type_)
            shown = paper(network, HEBEI, grantee=asker, types=(type_,), subject=subject)
            for who, name, record in walk:
                told = given(network, record, shown, who)
                if who != asker:
                    assert told == "authorisation-unknown", (who, name)
                else:
                    assert (told == "given") is (name in names), (who, name, told)


def subject_of(type_: str) -> str:
    schema = load(type_)
    code = SUBJECT if type_ == "penalty" else good(schema)[schema.subject.code]
    assert isinstance(code, str)
    return code
