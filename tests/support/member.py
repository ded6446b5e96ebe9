"""A chain with one province on it, and that province's gateway."""

import hashlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.base.keyring import Keyring
from gateway.node import Node, make_node
from ledger.chain.contracts.bindings import CATALOGUE, Consortium
from ledger.chain.contracts.contract_abi import encode, load
from ledger.chain.contracts.structs import (
    GENERAL,
    MONTH,
    PUBLIC,
    RECORD_TYPE,
    CatalogueItem,
    Code,
    item_values,
)
from ledger.chain.founding.deploy import deploy
from ledger.chain.founding.founders import FIRST_LOG, Founder, FounderKey, FounderLog
from ledger.chain.founding.national import national_items
from ledger.chain.governing.actions import Action, put_national
from ledger.chain.governing.govern import Council, Voter, latest_call
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.network import Finality, NetworkFile
from ledger.chain.nodes.rpc import Rpc
from ledger.chain.sending.transactions import MemoryTxStore, Sender
from ledger.core.ids import Address, Digest, LogId, log_id
from ledger.core.keys import Alg, Purpose, Role
from ledger.records.schema import all_schemas
from tests.support.anvil import Anvil
from tests.support.node import MEMBER, make_keys, make_settings

SEED = "member"


@dataclass(frozen=True, kw_only=True)
class Member:
    """The network that was deployed and what its only member holds."""

    network: NetworkFile
    keys: Keyring
    log_id: LogId
    log_anchor: str

    def node(self, folder: Path, **settings: Any) -> Node:
        """A gateway of the member in that folder; the same folder gives the same database."""
        folder.mkdir(exist_ok=True)
        (folder / "network.json").write_bytes(self.network.encode())
        return make_node(make_settings(folder, **settings), self.network, self.keys)


def found_member(
    anvil: Anvil,
    *,
    depth: int = 1,
    url: str | None = None,
    anchor_from: int = 1,
    logs: tuple[FounderLog, ...] = (FIRST_LOG,),
) -> Member:
    """Deploy everything with one province; always at the same addresses.

    url: where the gateway reaches the chain, by default the node itself. anchor_from: start of
    the ANCHOR key's window. logs: with which it is founded.
    """
    keys = make_keys(SEED)
    assert keys.case is not None
    assert keys.decide is not None
    govern, deployer = _signer("govern"), _signer("deployer")
    for account in (deployer, keys.payer):
        anvil.fund(account.address)
    registered = {
        Purpose.ANCHOR: (keys.anchor, anchor_from),
        Purpose.NOTE: (keys.note, 1),
        Purpose.PRESENT: (keys.present, 1),
        Purpose.GOVERN: (govern, 1),
        Purpose.CASE: (keys.case, 1),
        Purpose.DECIDE: (keys.decide, 1),
    }
    founder = Founder(
        code=MEMBER,
        roles=Role.PROVINCE,
        region=MEMBER,
        keys=tuple(
            FounderKey(
                purpose=purpose,
                alg=signer.alg,
                public_key=signer.public_key,
                not_before=start,
            )
            for purpose, (signer, start) in registered.items()
        ),
        logs=logs,
    )
    rpc = Rpc(anvil.url)
    made = deploy(
        rpc,
        deployer,
        founders=[founder],
        threshold=1,
        council=[Voter(MEMBER, govern)],
        items=_items(),
    )
    rpc.close()
    network = made.network_file(
        name="test",
        finality=Finality(rule="confirmations", depth=depth) if depth else Finality(rule="latest"),
        rpc=[url or anvil.url],
        quorum=1,
        max_head_age=3600,
    )
    return Member(
        network=network,
        keys=keys,
        log_id=logs[0].log_id or log_id(made.chain_id, made.consortium, MEMBER, 0, 1),
        log_anchor=made.log_anchor,
    )


def decide(anvil: Anvil, member: Member, action: Action) -> None:
    """The only province votes, which is enough."""
    with closing(Rpc(anvil.url)) as rpc:
        council = Council(
            _sender(rpc, member),
            rpc,
            chain_id=member.network.chain_id,
            consortium=member.network.consortium,
            voters=[Voter(MEMBER, _signer("govern"))],
        )
        council.decide(action)


def put_items(anvil: Anvil, member: Member, *items: CatalogueItem) -> None:
    """The only province puts national items into the catalogue."""
    function = load("Catalogue").functions["putNational"]
    values = [item_values(item) for item in items]
    with closing(Rpc(anvil.url)) as rpc:
        found = Consortium(member.network.consortium, latest_call(rpc)).current(CATALOGUE)
        assert found is not None
        council = Council(
            _sender(rpc, member),
            rpc,
            chain_id=member.network.chain_id,
            consortium=member.network.consortium,
            voters=[Voter(MEMBER, _signer("govern"))],
        )
        council.decide(
            put_national(found, items),
            lambda proposer, salt: function.encode(values, proposer, salt),
        )


def create_log_anchor(anvil: Anvil, member: Member) -> Address:
    """Another LogAnchor of the same consortium, without a role yet."""
    abi = load("LogAnchor")
    with closing(Rpc(anvil.url)) as rpc:
        sender = _sender(rpc, member)
        data = abi.bytecode + encode(abi.constructor, [member.network.consortium])
        sender.send("create", None, data)
        made = sender.wait("create").contract
    assert made is not None
    return made


def _sender(rpc: Rpc, member: Member) -> Sender:
    chain_id = member.network.chain_id
    return Sender(rpc, _signer("deployer"), MemoryTxStore(), chain_id=chain_id)


def _items() -> list[CatalogueItem]:
    """The rules as shipped; every type public, by month."""
    rules = [item for item in national_items(since=1) if item.kind != RECORD_TYPE]
    return rules + [
        CatalogueItem(
            item_id=Code(schema.name),
            version=schema.version,
            kind=RECORD_TYPE,
            content_hash=Digest(bytes.fromhex(schema.sha256)),
            since=1,
            until=0,
            visibility=PUBLIC,
            region=Code(""),
            data_class=GENERAL,
            granularity=MONTH,
        )
        for schema in all_schemas()
    ]


def _signer(name: str) -> LocalSigner:
    return LocalSigner(Alg.SECP256K1, hashlib.sha256(f"test/{name}".encode()).digest())
