"""Items of the catalogue held against the votes and signatures behind them; and contracts of other
code whose state is another one than their events give, which hide nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from ledger.chain.contracts.contract_abi import Name
from ledger.chain.contracts.structs import (
    GENERAL,
    MONTH,
    PUBLIC,
    RECORD_TYPE,
    CatalogueItem,
    Code,
    code_word,
    item_values,
)
from ledger.chain.governing import actions
from ledger.core.ids import Digest, bytes32_ascii, keccak256, word
from ledger.core.keys import Purpose, Role
from tests.audit.conftest import Ledger
from tests.audit.frauds import foreign
from tests.audit.monitor.watched import watch
from tests.audit.test_judgements import PADDED, flip_signature, selector, strip, told
from tests.audit.test_replay import codes, entry
from tests.support.chain import TestNetwork, council
from tests.support.votes import (
    compromise,
    put_item,
    put_supplement,
    supplement_calldata,
    supplement_of,
)

TIANJIN, SHANXI, BANK = "120000", "140000", "demo-bank"


def found(ledger: Ledger) -> list[tuple[str, str, str]]:
    """Code, member, and in a word why; that the code is not ours is left out."""
    ledger.network.anvil.mine()
    document = ledger.replay().document
    assert {gap["code"] for gap in document["incomplete"]} <= {"status-differs"}
    return [
        (one["code"], one["member"], one["evidence"].get("why", ""))
        for one in document["findings"]
        if one["code"] != "contract-not-ours"
    ]


def item(name: str, **changes: Any) -> CatalogueItem:
    values: dict[str, Any] = {
        "item_id": Code(name),
        "version": 1,
        "kind": RECORD_TYPE,
        "content_hash": keccak256(name.encode()),
        "since": 1,
        "until": 0,
        "visibility": PUBLIC,
        "region": Code(""),
        "data_class": GENERAL,
        "granularity": MONTH,
    }
    return CatalogueItem(**values | changes)


@dataclass
class Shop:
    """Other code at the address of the catalogue."""

    ledger: Ledger

    @property
    def network(self) -> TestNetwork:
        return self.ledger.network

    def after(self, action: actions.Action) -> Shop:
        """Once the provinces have decided that."""
        self.network.decide(action)
        return self

    def put(
        self, one: CatalogueItem, authority: bytes, member: str = "", call: bytes = b""
    ) -> None:
        topics = [code_word(one.item_id), code_word(one.region), word(one.version, 32)]
        values = [item_values(one), code_word(Code(member)), authority]
        foreign.write(self.network, "Catalogue", "ItemPut", topics, values, call=call)

    def supplement(
        self, name: str = "own", member: str = TIANJIN, *, bare: bool = False, **changes: Any
    ) -> None:
        """Of a province, as it signs it. changes: `signed_by`; `purpose`: of the key that signs;
        and of the item."""
        signer, purpose = changes.pop("signed_by", member), changes.pop("purpose", Purpose.GOVERN)
        key = self.network.keys[member, purpose]
        signed = supplement_of(self.network, member, name, **changes)
        made = item(
            name,
            version=signed["version"],
            content_hash=Digest(keccak256(name.encode())),
            since=signed["from"],
            region=Code(changes.get("region", bytes32_ascii(member)).rstrip(b"\0").decode()),
        )
        call = (
            b""
            if bare
            else supplement_calldata(self.network, signed, self.network.keys[signer, purpose])
        )
        self.put(made, key.key_id, member, call)

    def passed(self, *items: CatalogueItem, voters: int = 3) -> Digest:
        """Id of a proposal of these items that so many voted for."""
        used: list[tuple[str, bytes]] = []
        action = actions.put_national(self.network.catalogue.address, items)
        address = self.network.catalogue.address
        own = self.network.anvil.call("eth_getCode", address, "latest")
        self.network.anvil.call("anvil_setCode", address, "0x00")  # takes whatever it is sent

        def carry_out(proposer: bytes, salt: bytes) -> bytes:
            used.append((proposer.rstrip(b"\0").decode(), salt))
            return b""

        council(self.network, self.network.voters()[:voters]).decide(action, carry_out)
        self.network.anvil.call("anvil_setCode", address, own)
        proposer, salt = used[0]
        file = self.network.file
        return actions.proposal_id(file.chain_id, file.consortium, proposer, action, salt)


@pytest.fixture
def shop(ledger: Ledger) -> Shop:
    return Shop(ledger)


# ---- what ours takes


def test_supplements_of_a_province(ledger: Ledger) -> None:
    network = ledger.network
    put_item(network, "new", since=network.anvil.head_time())
    put_supplement(network, TIANJIN, "own")
    put_supplement(network, TIANJIN, "own", version=2)
    ledger.tianjin.put_raw(entry(ledger.tianjin, schema="own@2"))
    ledger.tianjin.anchor()
    assert found(ledger) == []
    shown = {(one["itemId"], one["version"]) for one in ledger.replay().document["catalogue"]}
    assert {("own", 1), ("own", 2), ("new", 1)} <= shown


def test_a_supplement_by_a_stolen_key(ledger: Ledger) -> None:
    network = ledger.network
    since = network.anvil.head_time()
    put_supplement(network, SHANXI, "own")
    key = network.keys[SHANXI, Purpose.GOVERN].key_id
    network.anvil.mine(2, seconds=60)
    compromise(network, key, network.anvil.head_time())
    assert found(ledger) == []
    compromise(network, key, since)
    assert found(ledger) == [("item-key-disputed", SHANXI, "")]


@pytest.mark.parametrize(
    ("change", "code"),
    [(flip_signature(PADDED), "item-signature-invalid"), (strip, "item-signature-not-seen")],
)
def test_supplements_are_verified_again(ledger: Ledger, change: Any, code: str) -> None:
    put_supplement(ledger.network, TIANJIN, "own")
    ledger.network.anvil.mine()
    call = selector(ledger, "catalogue", "putSupplement")
    report = told(ledger, call, change)
    assert (codes(report.document), report.exit) == ([code], 1)
    assert report.document["findings"][0]["where"] == f"catalogue/own/{TIANJIN}/1"
    report = told(ledger, call, lambda result: None)
    assert (codes(report.document), report.exit) == ([], 4)
    assert [gap["code"] for gap in report.document["incomplete"]] == ["transaction-missing"]


# ---- other code


def test_other_code_that_puts_what_ours_would(shop: Shop) -> None:
    one, two = item("one"), item("two")
    proposal = shop.passed(one)
    shop.put(one, proposal)
    shop.supplement()
    shop.supplement(version=2)
    assert found(shop.ledger) == []
    shop.put(two, shop.passed(two))
    assert found(shop.ledger) == []


@pytest.mark.parametrize(
    ("put", "why"),
    [
        (lambda shop: shop.put(item("x"), keccak256(b"no proposal")), "proposal"),
        (lambda shop: shop.put(item("x"), shop.passed(item("y"))), "data"),
        (lambda shop: shop.put(item("x"), shop.passed(item("x"), voters=2)), "votes"),
        (
            lambda shop: [
                shop.put(item("x"), proposal := shop.passed(item("x"))),
                shop.put(item("x"), proposal),
            ],
            "used",
        ),
    ],
)
def test_a_national_item_that_nobody_passed(
    shop: Shop, put: Callable[[Shop], Any], why: str
) -> None:
    """It is one finding; that records of it are of no type agreed on is not told besides, for the
    contract says that they are."""
    put(shop)
    shop.ledger.tianjin.put_raw(entry(shop.ledger.tianjin, schema="x@1"))
    shop.ledger.tianjin.anchor()
    assert found(shop.ledger) == [("item-without-vote", "", why)]


@pytest.mark.parametrize(
    ("put", "why"),
    [
        (lambda shop: shop.supplement(region=bytes32_ascii("110000")), "region"),
        (lambda shop: shop.supplement(version=2), "version"),
        (lambda shop: shop.supplement("penalty", version=2), "national"),
        (lambda shop: shop.supplement(member=BANK), "not-a-province"),
        (lambda shop: shop.after(actions.suspend(TIANJIN)).supplement(), "not-active"),
        (
            lambda shop: shop.after(actions.set_roles(TIANJIN, int(Role.BUREAU))).supplement(),
            "not-a-province",
        ),
    ],
)
def test_a_supplement_that_ours_would_refuse(
    shop: Shop, put: Callable[[Shop], Any], why: str
) -> None:
    put(shop)
    told_ = found(shop.ledger)
    assert [(code, of) for code, _, of in told_] == [("item-not-allowed", why)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purpose": Purpose.ANCHOR}, "item-key-not-valid"),
        ({"signed_by": "110000"}, "item-signature-invalid"),
        ({"bare": True}, "item-signature-not-seen"),
    ],
)
def test_a_supplement_that_its_province_did_not_sign(
    shop: Shop, changes: dict[str, Any], code: str
) -> None:
    shop.supplement(**changes)
    assert found(shop.ledger) == [(code, TIANJIN, "")]


# ---- contracts whose state is another one


def test_a_log_anchor_whose_state_is_another_one(ledger: Ledger) -> None:
    """A member, or a vote, puts other code where its anchors are: nobody knows which of state and
    events is right, and everything else is told as ever."""
    ledger.tianjin.put_raw(b"bad")
    foreign.anchor(ledger.tianjin)
    ledger.network.anvil.mine()
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["contract-not-ours", "entry-malformed"], 1)
    [gap] = report.document["incomplete"]
    assert gap["code"] == "status-differs"
    assert gap["where"] == f"log/{ledger.tianjin.log_id.hex()}/latest"


ROLES: Sequence[Name] = ("LogAnchor", "Catalogue", "CaseRegistry")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("code", ["0x60006000fd", "0x00", "0x60016000f3"])
def test_a_contract_that_answers_nothing(ledger: Ledger, role: Name, code: str) -> None:
    """It reverts, gives nothing, or not enough."""
    deployed = ledger.network.deployment
    address = {
        "LogAnchor": deployed.log_anchor,
        "Catalogue": deployed.catalogue,
        "CaseRegistry": deployed.case_registry,
    }[role]
    ledger.tianjin.put_raw(b"bad")
    ledger.tianjin.anchor()
    ledger.network.anvil.mine()
    ledger.network.anvil.call("anvil_setCode", address, code)
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["contract-not-ours", "entry-malformed"], 1)
    assert [gap["code"] for gap in report.document["incomplete"]] == ["status-differs"]
    assert report.document["counts"]["entries"] == 304


# ---- watched


def test_a_monitor_tells_of_an_item_that_nobody_passed(ledger: Ledger, tmp_path: Any) -> None:
    """And goes on."""
    with watch(ledger, tmp_path) as watched:
        assert watched.round() == 0
        put_item(ledger.network, "good", since=ledger.network.anvil.head_time())
        watched.mine()
        assert (watched.round(), watched.codes()) == (0, [])
        Shop(ledger).put(item("x"), keccak256(b"no proposal"))
        watched.mine()
        assert watched.round() == 1
        assert sorted(watched.codes()) == ["contract-not-ours", "item-without-vote"]
        assert watched.found("item-without-vote")["where"] == "catalogue/x/national/1"
        put_item(ledger.network, "better", since=ledger.network.anvil.head_time())
        watched.mine()
        assert watched.round() == 0
        assert watched.codes() == []
