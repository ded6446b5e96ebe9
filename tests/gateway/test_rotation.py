"""A running gateway takes a new key up: a file that appears in its folder, and on the chain."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.anchoring.services import REFRESH_SECONDS
from gateway.base.clock import Clock
from gateway.base.errors import NotReady
from gateway.base.keyring import KeyFolder
from gateway.intake.interfaces import SetAnswer
from gateway.intake.worker import Rows
from gateway.node import Node, make_node
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.governing import requests
from ledger.chain.governing.govern import latest_call
from ledger.chain.governing.requests import Domain
from ledger.chain.keys.keydir import first_file, next_file
from ledger.chain.keys.keyfile import WORK_LIGHT, create, new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.rpc import Rpc
from ledger.chain.sending.transactions import MemoryTxStore, Sender
from ledger.core import canonical, eip712
from ledger.core.canonical import unhex0x, unhex32
from ledger.core.ids import Address
from ledger.core.keys import Alg, Purpose
from ledger.core.promise import digest
from ledger.core.receipt import parse
from tests.gateway.anchoring.whole import rows as anchor_rows
from tests.gateway.anchoring.whole import settle
from tests.gateway.intake.material import row
from tests.gateway.receipts.test_receipts_verify import both, judge, take_in
from tests.support.anvil import Anvil, start_anvil
from tests.support.callers import CENTRE
from tests.support.member import Member, found_member
from tests.support.node import MEMBER, make_settings

PASSWORD = b"word"
HOUR = timedelta(hours=1)
GOVERN = LocalSigner(Alg.SECP256K1, hashlib.sha256(b"test/govern").digest())


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Anvil, Member]]:
    with start_anvil() as anvil:
        yield anvil, found_member(anvil)


@pytest.fixture
def anvil(shared: tuple[Anvil, Member]) -> Iterator[Anvil]:
    anvil = shared[0]
    before = anvil.snapshot()
    yield anvil
    anvil.revert(before)


class Site:
    """A member with its keys in files, and a gateway that runs on them."""

    def __init__(self, anvil: Anvil, member: Member, folder: Path) -> None:
        self.anvil = anvil
        self.member = member
        self.keys = folder / "keys"
        self.keys.mkdir()
        for name in ("anchor", "note", "present", "payer"):
            self.write(name, first_file(self.keys, name), getattr(member.keys, name))
        secrets = {"content": member.keys.content[0].secret, "index": member.keys.index}
        for name, secret in secrets.items():
            create(name, self.keys / f"{name}.json", PASSWORD, work=WORK_LIGHT, secret=secret)
        self.folder = KeyFolder(self.keys, PASSWORD, False)
        (folder / "network.json").write_bytes(member.network.encode())
        settings = make_settings(folder)
        self.node = make_node(settings, member.network, self.folder.first(), key_folder=self.folder)
        self.look()

    def write(self, name: str, path: Path, signer: LocalSigner) -> None:
        purpose = name if name == "payer" else name.upper()
        alg = None if name == "payer" else signer.alg
        create(purpose, path, PASSWORD, alg=alg, work=WORK_LIGHT, secret=signer._secret)

    def look(self) -> None:
        """As after REFRESH_SECONDS."""
        assert REFRESH_SECONDS > 0
        self.node.chain.expire()
        self.node.anchoring.step()

    def add(self, purpose: Purpose, *, file: bool = True, alg: Alg | None = None) -> LocalSigner:
        """A new key: on the chain, and in the folder. alg: None: that of the old one."""
        alg = alg or getattr(self.member.keys, purpose.name.lower()).alg
        signer = LocalSigner(alg, new_secret())
        if file:
            path = next_file(self.keys, purpose.name, signer.key_id)
            self.write(purpose.name, path, signer)
        key = requests.key_input(
            member=MEMBER,
            purpose=purpose,
            alg=alg,
            public_key=signer.public_key,
            not_before=self.anvil.head_time(),
        )
        request = requests.add_key(key=key, seq=self._seq(), deadline=self._deadline())
        own = signer if alg is Alg.SECP256K1 else None
        self._send(requests.signed_add_key(request, self._domain, GOVERN, own))
        return signer

    def keep_up(self) -> None:
        """Stop the node's clock at the time of the newest block: what it signs then is as old as
        that block, however long this machine takes."""
        self.node.ctx.clock = Clock(datetime.fromtimestamp(self.anvil.head_time(), UTC))

    def revoke(self, key_id: bytes) -> None:
        request = requests.revoke_key(
            member=MEMBER, key_id=key_id, seq=self._seq(), deadline=self._deadline()
        )
        self._send(request.signed(self._domain, GOVERN))
        self.anvil.mine()  # the key still counts in the second in which it ended

    @property
    def _domain(self) -> Domain:
        return Domain(self.member.network.chain_id, self.member.network.consortium)

    def _deadline(self) -> int:
        return self.anvil.head_time() + 3600

    def _seq(self) -> int:
        found = Consortium(self._domain.consortium, latest_call(self.anvil.rpc)).member(MEMBER)
        assert found is not None
        return found.seq

    def _send(self, data: bytes) -> None:
        signer = LocalSigner(Alg.SECP256K1, hashlib.sha256(b"test/deployer").digest())
        with closing(Rpc(self.anvil.url)) as rpc:
            sender = Sender(rpc, signer, MemoryTxStore(), chain_id=self._domain.chain_id)
            sender.send("write", self._domain.consortium, data)
            sender.wait("write")


@pytest.fixture
def site(shared: tuple[Anvil, Member], anvil: Anvil, tmp_path: Path) -> Iterator[Site]:
    site = Site(anvil, shared[1], tmp_path)
    yield site
    site.node.close()


def promised_by(node: Node, number: int) -> bytes:
    """The key that signs the promise of a new record."""
    answer = node.intake.submit_set(caller=CENTRE, rows=[row(number)])
    return _signer(node, answer)


def _signer(node: Node, answer: SetAnswer) -> bytes:
    promise = answer.promise
    assert promise is not None
    facts = node.chain.facts
    signed = digest(
        chain_id=facts.chain_id,
        log_anchor=Address(facts.log_anchor),
        member=facts.member,
        log=unhex32(promise.log),
        leaves_root=unhex32(promise.leaves_root),
        count=promise.count,
        issued_at=promise.issued_at,
        due=promise.due,
    )
    return eip712.recover(signed, unhex0x(promise.signature, 65)).public_key


@pytest.mark.parametrize("purpose", [Purpose.ANCHOR, Purpose.NOTE, Purpose.PRESENT])
def test_a_new_key_is_taken_up(site: Site, purpose: Purpose) -> None:
    name = purpose.name.lower()
    old = getattr(site.node.signing.keys, name)
    with capture_logs() as told:
        signer = site.add(purpose)
        site.look()
    assert getattr(site.node.signing.keys, name).key_id == signer.key_id
    assert [entry["event"] for entry in told if entry["event"].startswith("key.")] == [
        "key.taken-up"
    ]
    site.revoke(old.key_id)
    site.look()
    assert getattr(site.node.signing.keys, name).key_id == signer.key_id


def test_presentations_by_one_algorithm_and_another(site: Site) -> None:
    """From P-256 to secp256k1, to Ed25519 and back: each is named in the header, and what was shown
    before holds as it did."""
    (leaf,) = take_in(site.node, site.anvil, 1)
    held = []
    for alg in (None, Alg.SECP256K1, Alg.ED25519, Alg.P256):
        old = site.node.signing.keys.present
        if alg is not None:
            site.add(Purpose.PRESENT, alg=alg)
            site.look()
            site.revoke(old.key_id)
        site.keep_up()
        site.look()
        held.append(both(site.node, leaf)[1])
    jws = [parse(data).presentation.jws for data in held]  # type: ignore[union-attr]
    assert [one.alg for one in jws] == [Alg.P256, Alg.SECP256K1, Alg.ED25519, Alg.P256]
    assert len({one.kid for one in jws}) == 4
    for data in held:
        assert judge(data, site.member.network).verdict == "valid"
    shown = json.loads(held[1])
    other = json.loads(held[2])["presentation"].partition(".")[0]
    shown["presentation"] = f"{other}.{shown['presentation'].partition('.')[2]}"
    forged = canonical.encode(shown) + b"\n"
    assert judge(forged, site.member.network).verdict == "proof-mismatch"


def test_promises_and_anchors_go_on(site: Site) -> None:
    """With the old key, then with the new one, then without the old one."""
    old = site.node.signing.keys.anchor
    assert promised_by(site.node, 1) == old.public_key
    new = site.add(Purpose.ANCHOR)
    assert promised_by(site.node, 2) == old.public_key, "the chain was not read again yet"
    site.look()
    assert promised_by(site.node, 3) == new.public_key
    site.revoke(old.key_id)
    site.look()
    assert promised_by(site.node, 4) == new.public_key
    while site.node.logs.step():
        pass
    settle(site.node, site.anvil)
    assert [found.key_id for found in anchor_rows(site.node, "final")] == [new.key_id]


def test_a_set_begun_before_the_change_keeps_its_key(site: Site) -> None:
    """Its promise bears the time at which it was begun, when the new key was not yet valid."""
    old = site.node.signing.keys.anchor
    begun = site.node.intake.begin(Rows([row(5)]))
    site.anvil.call("evm_setNextBlockTimestamp", site.anvil.head_time() + 30)
    new = site.add(Purpose.ANCHOR)
    clock = site.node.ctx.clock
    site.node.ctx.clock = Clock(ahead=clock.ahead + HOUR)
    site.look()
    assert site.node.signing.keys.anchor.key_id == new.key_id
    answer = site.node.intake.finish(begun, callers=[CENTRE])
    assert _signer(site.node, answer) == old.public_key


def test_a_key_that_is_not_here_or_not_there(site: Site) -> None:
    old = site.node.signing.keys.anchor.key_id
    site.add(Purpose.ANCHOR, file=False)  # registered, but its file is somewhere else
    stranger = LocalSigner(Alg.SECP256K1, new_secret())
    path = next_file(site.keys, "ANCHOR", stranger.key_id)
    site.write("ANCHOR", path, stranger)  # here, but not registered
    site.look()
    assert site.node.signing.keys.anchor.key_id == old


def test_a_file_that_cannot_be_opened_is_told_of_once(site: Site) -> None:
    bad = site.keys / "anchor-0badbad0.json"
    bad.write_text("{}")
    other = next_file(site.keys, "ANCHOR", b"\1" * 32)
    create("ANCHOR", other, b"another password", work=WORK_LIGHT)
    with capture_logs() as told:
        site.add(Purpose.ANCHOR, file=False)
        for _ in range(3):
            site.look()
    assert [e["file"] for e in told if e["event"] == "key.not-opened"] == sorted(
        [bad.name, other.name]
    )
    os.utime(bad, ns=(1, 1))
    with capture_logs() as told:
        site.look()
    assert [e["file"] for e in told if e["event"] == "key.not-opened"] == [bad.name]


def test_a_stolen_key_with_no_other_stops_intake(site: Site) -> None:
    site.revoke(site.node.signing.keys.anchor.key_id)
    site.anvil.mine(1, seconds=60)
    clock = site.node.ctx.clock
    site.node.ctx.clock = Clock(ahead=clock.ahead + HOUR)
    site.look()
    with pytest.raises(NotReady, match="anchor-key-not-valid"):
        promised_by(site.node, 6)
    new = site.add(Purpose.ANCHOR)
    site.look()
    assert promised_by(site.node, 7) == new.public_key


def test_at_the_start_the_chain_of_last_time_decides(site: Site, tmp_path: Path) -> None:
    new = site.add(Purpose.ANCHOR)
    site.look()
    folder = KeyFolder(site.keys, PASSWORD, False)
    again = make_node(
        site.node.ctx.settings, site.member.network, folder.first(), key_folder=folder
    )
    again.signing.take_up()
    assert again.signing.keys.anchor.key_id == new.key_id
    assert [key.key_id for key in again.signing.keys.former] == [site.member.keys.anchor.key_id]
    again.close()
