"""Gateways of several members on one chain, each a real server, reached through relays."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from gateway.app import create_app
from gateway.base.crypto import ContentKey
from gateway.base.keyring import Keyring
from gateway.intake.interfaces import RowInput
from gateway.log.located import locate
from gateway.node import Node, make_node
from gateway.peers.client import Peers
from gateway.serve import _server, listen
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.network import NetworkFile
from ledger.core.keys import Alg, Purpose
from tests.records.examples import penalty
from tests.support import votes
from tests.support.anvil import Anvil, start_anvil
from tests.support.callers import CENTRE
from tests.support.chain import PROVINCES, TestNetwork, deploy_network, make_keys
from tests.support.node import make_settings
from tests.support.relay import Relay, start_relay

PATIENCE = 40
REGISTERED = frozenset(
    {
        *(Purpose.ANCHOR, Purpose.GOVERN, Purpose.PRESENT, Purpose.NOTE, Purpose.REQUEST),
        *(Purpose.CASE, Purpose.DECIDE),
    }
)
OF_CASES = frozenset({Purpose.CASE, Purpose.DECIDE})
"""Of those with a gateway: a founding must fit into one creation."""


@dataclass
class Member:
    """A member with its gateway. relay: where others reach it, as the chain says."""

    code: str
    node: Node
    relay: Relay
    url: str
    anvil: Anvil

    @property
    def peers(self) -> Peers:
        """The others, as it asks them."""
        return self.node.peers.asking

    def file(self, *rows: RowInput) -> list[bytes]:
        """Record ids of records that were taken in and anchored."""
        answer = self.node.intake.submit_set(caller=CENTRE, rows=rows)
        assert {one.verdict for one in answer.rows} == {"accepted"}, answer.rows
        found = [bytes.fromhex(str(one.record_id)) for one in answer.rows]
        self.settle()
        return found

    def leaf(self, record_id: bytes) -> bytes:
        """Of one of its records."""
        with self.node.ctx.engine.connect() as connection:
            found = locate(connection, record_id)
        assert found is not None
        return found.leaf

    def settle(self) -> None:
        """Publish and anchor until nothing is left to do."""
        while self.node.logs.step():
            pass
        for _ in range(PATIENCE):
            if not self.node.anchoring.step().waiting:
                return
            self.anvil.mine()
        raise AssertionError("still waiting")


@dataclass
class Network:
    """The chain and the members with a gateway, by code."""

    chain: TestNetwork
    members: Mapping[str, Member]

    def __getitem__(self, code: str) -> Member:
        return self.members[code]

    def keep_time(self) -> None:
        """Set the clock of the chain to now: each block that is mined for a test is a second ahead
        of its time, and gateways take no head that is a minute ahead."""
        self.chain.anvil.call("evm_setTime", int(time.time()))
        self.chain.anvil.mine()


def keyring(network: TestNetwork, code: str) -> Keyring:
    """The registered keys of a member, and fresh ones for what nobody registers."""
    keys = network.keys
    payer = LocalSigner(Alg.SECP256K1, new_secret())
    network.anvil.fund(payer.address)
    return Keyring(
        anchor=keys[code, Purpose.ANCHOR],
        note=keys[code, Purpose.NOTE],
        present=keys[code, Purpose.PRESENT],
        request=keys[code, Purpose.REQUEST],
        case=keys.get((code, Purpose.CASE)),
        decide=keys.get((code, Purpose.DECIDE)),
        consent=keys.get((code, Purpose.CONSENT)),
        product=keys.get((code, Purpose.PRODUCT)),
        payer=payer,
        content=(ContentKey(version=1, secret=os.urandom(32)),),
        index=os.urandom(32),
    )


def open_member(
    network: TestNetwork, code: str, folder: Path, keys: Keyring | None = None, **settings: Any
) -> Node:
    """The node of a member, without a server; the same folder and keys give the same one again."""
    folder.mkdir(exist_ok=True)
    (folder / "network.json").write_bytes(network.file.encode())
    values = {"node": {"code": code, "name": code}, **settings}
    node = make_node(make_settings(folder, **values), network.file, keys or keyring(network, code))
    node.anchoring.look()
    _follow(node)
    return node


def freeze(node: Node, folder: Path) -> None:
    """Write down what `thaw` makes the same node of, in another process."""
    keys = node.signing.keys
    signers: dict[str, Any] = {"anchor": keys.anchor, "note": keys.note, "present": keys.present}
    signers |= {"request": keys.request, "payer": keys.payer}
    signers |= {"case": keys.case, "decide": keys.decide}
    signers |= {"consent": keys.consent, "product": keys.product}
    secrets = {
        name: (one.alg, one._secret.hex()) for name, one in signers.items() if one is not None
    }
    (folder / "network.json").write_bytes(node.ctx.network.encode())
    value = {
        "code": node.ctx.settings.node.code,
        "database": node.ctx.settings.database_url,
        "signers": secrets,
        "content": keys.content[0].secret.hex(),
        "index": keys.index.hex(),
    }
    (folder / "frozen.json").write_text(json.dumps(value))


def thaw(folder: Path) -> Node:
    """The node again, on the same database."""
    value = json.loads((folder / "frozen.json").read_text())
    signers: dict[str, Any] = {
        name: LocalSigner(Alg(alg), bytes.fromhex(secret))
        for name, (alg, secret) in value["signers"].items()
    }
    keys = Keyring(
        **signers,
        content=(ContentKey(version=1, secret=bytes.fromhex(value["content"])),),
        index=bytes.fromhex(value["index"]),
    )
    network = NetworkFile.load(folder / "network.json", development=True)
    code, url = value["code"], value["database"]
    node = make_node(make_settings(folder, node={"code": code}, database_url=url), network, keys)
    node.anchoring.look()
    _follow(node)
    return node


def _follow(node: Node) -> None:
    """Read how records stand, before which nothing is given of any."""
    chain = node.follower.look()
    assert chain is not None
    assert node.follower.follow(chain, threading.Event())


@contextmanager
def serving(node: Node, listener: socket.socket) -> Iterator[None]:
    """The application of a node behind a real socket."""
    server: uvicorn.Server = _server(create_app(node, port=listener.getsockname()[1]), ())
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started and thread.is_alive():  # until then connections are refused
        time.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def add_consent_keys(network: TestNetwork, codes: Sequence[str]) -> None:
    """CONSENT keys of these members, which no founding has room for."""
    for code in codes:
        network.keys[code, Purpose.CONSENT] = LocalSigner(Alg.SECP256K1, new_secret())
        votes.add_key(network, code, Purpose.CONSENT, network.keys[code, Purpose.CONSENT])


def _is_registered(
    code: str, purpose: Purpose, codes: Sequence[str], makers: Sequence[str]
) -> bool:
    of_cases = code in codes and code in PROVINCES and purpose in OF_CASES
    of_products = code in makers and purpose is Purpose.PRODUCT
    return of_cases or of_products or purpose in REGISTERED


@contextmanager
def start_members(
    folder: Path,
    codes: Sequence[str],
    *,
    databases: Mapping[str, str] | None = None,
    before: Callable[[TestNetwork, Path], Mapping[str, Keyring]] | None = None,
    anvil_args: Sequence[str] = (),
    consent: Sequence[str] = (),
    makers: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> Iterator[Network]:
    """A chain, and a gateway for each of these members. databases: URLs by member; others have
    theirs in their folder. before: what happens before they are opened, with the folder of theirs;
    the keys of those that were open by then. anvil_args: of the chain. consent: those with a
    CONSENT key; makers: with a PRODUCT key. settings: of all of them, beside those of each."""
    with ExitStack() as stack:
        anvil = stack.enter_context(start_anvil(args=anvil_args))
        relays = {code: stack.enter_context(start_relay()) for code in codes}
        endpoints = {code: relay.url for code, relay in relays.items()}
        keys = {of: key for of, key in make_keys().items() if _is_registered(*of, codes, makers)}
        network = deploy_network(anvil, keys=keys, endpoints=endpoints)
        add_consent_keys(network, consent)
        rings = before(network, folder) if before else {}
        members = {}
        for code in codes:
            own: dict[str, Any] = dict(settings or {})
            if databases and code in databases:
                own["database_url"] = databases[code]
            node = open_member(network, code, folder / code, rings.get(code), **own)
            stack.callback(node.close)
            listener = listen("127.0.0.1", 0)
            stack.callback(listener.close)
            relay = relays[code]
            relay.upstream = f"http://127.0.0.1:{listener.getsockname()[1]}"
            stack.enter_context(serving(node, listener))
            members[code] = Member(code, node, relay, relay.upstream, anvil)
        yield Network(network, members)


DECIDED = (datetime.now(UTC) - timedelta(days=40)).date().isoformat()
END = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()


def row(n: int, class_: str = "severe", **changes: object) -> RowInput:
    """A penalty with document number `n`, in force for months. class_: `minor` is shared and never
    public."""
    values: dict[str, object] = {
        "CF_WSH": f"样市监罚〔2026〕{n}号",
        "CF_JDRQ": DECIDED,
        "CF_YXQ": END,
    }
    values |= {"CF_CFLB": "罚款", "CF_NR_FK": "0.2", **changes}
    return RowInput(row=n, type="penalty", class_=class_, fields=penalty(**values))
