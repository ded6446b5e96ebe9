"""Whose a record is: our logs, our mirrors, then the others; nobody is asked needlessly."""

import os
from dataclasses import replace

import pytest

from gateway.base.errors import NotReady
from gateway.cases import store, whose
from gateway.cases.errors import CaseRefused
from gateway.mirrors.finding import MirroredRecords
from ledger.core.errors import InputError
from tests.gateway.abroad.desk import BEIJING, HEBEI, TIANJIN, desk, filing, parts, record
from tests.records.examples import AUTHORITY
from tests.support.peers import Member, Network
from tests.support.relay import drop_request


def follow(member: Member) -> None:
    for _ in range(3):
        member.node.mirrors._looked_at = float("-inf")
        member.node.mirrors.step()


def owner_of(member: Member, case: bytes) -> str:
    return str(parts(member).views.show(desk(), case)["owner"])


def test_a_mirror_tells_whose_it_is(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    filer = network[BEIJING]
    about = record(network)
    follow(filer)

    def nobody(*_: object, **__: object) -> None:
        raise AssertionError("a member was asked")

    monkeypatch.setattr(filer.node.peers.asking, "ask", nobody)
    case = parts(filer).cases.file(desk(), filing(about, owner=None))
    assert owner_of(filer, case) == TIANJIN
    leaf = network[TIANJIN].leaf(about)
    by_leaf = parts(filer).cases.file(desk(), filing(leaf, owner=None, reason="另案"))
    shown = parts(filer).views.show(desk(), by_leaf)
    assert (shown["owner"], shown["record"]) == (TIANJIN, about.hex())


def test_members_are_asked_where_no_mirror_has_it(network: Network) -> None:
    """The authority comes with the answer. One that is down holds nobody up."""
    filer = network[BEIJING]
    about = record(network)
    network[HEBEI].relay.on(drop_request())
    case = parts(filer).cases.file(desk(), filing(about, owner=None, authority=None))
    assert owner_of(filer, case) == TIANJIN
    with filer.node.ctx.engine.connect() as connection:
        (row,) = store.steps_of(connection, case)
        assert parts(filer).cases.stepper.said(row, connection).authority == AUTHORITY


def test_a_record_of_nobody(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every province says so: those without a gateway in this network are left out."""
    filer = network[BEIJING]
    members, here = filer.node.peers.directory.members, (BEIJING, TIANJIN, HEBEI)
    monkeypatch.setattr(
        filer.node.peers.directory,
        "members",
        lambda: [one for one in members() if one.code in here],
    )
    with pytest.raises(CaseRefused) as refused:
        parts(filer).cases.file(desk(), filing(os.urandom(32), owner=None))
    assert refused.value.code == "record-unknown"
    assert refused.value.detail is not None
    assert "owner" in refused.value.detail["en"]


def test_a_record_of_somebody_who_is_silent(network: Network) -> None:
    """It may be theirs: that is not the same as nobody's."""
    filer = network[BEIJING]
    network[HEBEI].relay.on(drop_request())
    with pytest.raises(NotReady) as refused:
        parts(filer).cases.file(desk(), filing(os.urandom(32), owner=None))
    assert refused.value.code == "owner-not-found"
    assert all(HEBEI in text for text in refused.value.message.values())


def test_an_owner_that_does_not_tell_the_authority(network: Network) -> None:
    filer = network[BEIJING]
    about = record(network)
    network[TIANJIN].relay.on(drop_request())
    with pytest.raises(InputError) as refused:
        parts(filer).cases.file(desk(), filing(about, authority=None))
    assert refused.value.field == "authority"
    assert parts(filer).cases.file(desk(), filing(about)), "stated, it is filed though it is down"


def test_a_record_of_a_case_is_known(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filed once, it is filed again, or is the same case, though no member answers any more."""
    filer = network[BEIJING]
    said = filing(record(network), owner=None, authority=None)
    case = parts(filer).cases.file(desk(), said)
    for code in (TIANJIN, HEBEI):
        network[code].relay.on(drop_request())
    assert parts(filer).cases.file(desk(), said) == case
    more = replace(said, reason="另案", authority=AUTHORITY)
    assert owner_of(filer, parts(filer).cases.file(desk(), more)) == TIANJIN


def test_so_many_searches_at_once(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whose, "SEARCHES", 0)
    node = network[BEIJING].node
    search = whose.Search(
        own=BEIJING,
        mirrors=MirroredRecords(node.ctx.engine),
        members=node.peers.directory,
        asking=node.peers.asking,
    )
    with pytest.raises(NotReady) as refused:
        search.find(os.urandom(32), None)
    assert refused.value.code == "busy"
