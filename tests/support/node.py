"""A gateway node in a folder, with fresh keys and, where wanted, made-up facts of a chain."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.anchoring.tasks import Anchorer
from gateway.base.crypto import ContentKey
from gateway.base.health import Condition, LogHealth
from gateway.base.keyring import Keyring
from gateway.base.settings import Settings
from gateway.chain.interfaces import MemberFacts, OwnKey, OwnLog, RecordType
from gateway.log.tasks import Integrator
from gateway.node import Node, make_node
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.network import Finality, Hash32, NetworkFile
from ledger.core.ids import Address, log_id
from ledger.core.keys import Alg, Purpose
from ledger.records.rules import MEASURES_ITEM, all_rules, newest
from ledger.records.schema import all_schemas
from ledger.records.schema_parts import VISIBILITIES
from tests.support.postgres import migrated_url

MEMBER = "110000"
CONSORTIUM = Address("0x" + "c0" * 20)
LOG_ANCHOR = Address("0x" + "a1" * 20)
CATALOGUE = Address("0x" + "ca" * 20)
CHAIN_ID = 31337
FORKED = LogHealth(condition=Condition.FORKED, anchored=2, ours=2, grows=False)
LOG_ID = log_id(CHAIN_ID, CONSORTIUM, MEMBER, 0, 1)


def make_keys(seed: str | None = None) -> Keyring:
    """Keys in memory: random ones, or always the same for a seed."""
    seed = seed or os.urandom(16).hex()

    def secret(name: str) -> bytes:
        return hashlib.sha256(f"{seed}/{name}".encode()).digest()

    return Keyring(
        anchor=LocalSigner(Alg.SECP256K1, secret("anchor")),
        note=LocalSigner(Alg.ED25519, secret("note")),
        present=LocalSigner(Alg.P256, secret("present")),
        payer=LocalSigner(Alg.SECP256K1, secret("payer")),
        content=(ContentKey(version=1, secret=secret("content")),),
        index=secret("index"),
        case=LocalSigner(Alg.SECP256K1, secret("case")),
        decide=LocalSigner(Alg.SECP256K1, secret("decide")),
    )


def make_settings(folder: Path, **values: Any) -> Settings:
    """Settings with everything in `folder`; `log={"batch_size": 4}` and the like go through. The
    database has its tables already."""
    if "database_url" not in values:
        values["database_url"] = migrated_url(folder)
    defaults: dict[str, Any] = {
        "env": "development",
        "network": folder / "network.json",
        "node": {"code": MEMBER, "name": "Test"},
        "http": {"port": 0},
        "intake": {"processes": 0},
        "files": {"processes": 0},
    }
    return Settings(**(defaults | values))


def make_network(rpc: str = "http://127.0.0.1:1") -> NetworkFile:
    """A network file of a chain that is not there."""
    return NetworkFile(
        name="test",
        chain_id=CHAIN_ID,
        consortium=CONSORTIUM,
        deploy_block=1,
        deploy_block_hash=Hash32("0x" + "dd" * 32),
        finality=Finality(rule="confirmations", depth=1),
        rpc=(rpc,),
        quorum=1,
        max_head_age=60,
    )


def make_facts(keys: Keyring, **values: Any) -> MemberFacts:
    """What a healthy chain would say: this member, its log, its keys, every schema we ship."""
    signers = {
        Purpose.ANCHOR: keys.anchor,
        Purpose.NOTE: keys.note,
        Purpose.PRESENT: keys.present,
    }
    defaults: dict[str, Any] = {
        "chain_id": CHAIN_ID,
        "consortium": CONSORTIUM,
        "deploy_block_hash": "0x" + "dd" * 32,
        "member": MEMBER,
        "region": MEMBER,
        "roles": 1,
        "active": True,
        "logs": (OwnLog(log_id=LOG_ID.hex(), seq=0, open=True, trusted_size=0),),
        "keys": tuple(
            OwnKey(
                key_id=signer.key_id.hex(),
                purpose=purpose,
                alg=signer.alg,
                public_key=signer.public_key.hex(),
                not_before=0,
                not_after=2**64 - 1,
                compromised_since=0,
            )
            for purpose, signer in signers.items()
        ),
        "record_types": tuple(
            RecordType(
                name=schema.name,
                version=schema.version,
                content_hash=schema.sha256,
                since=0,
                until=0,
                visibility=1 + VISIBILITIES.index(schema.visibility),
                region="",
                data_class=1,
                granularity=1,
            )
            for schema in all_schemas()
        ),
        "rules": tuple(
            RecordType(
                name=rules.name,
                version=rules.version,
                content_hash=rules.sha256,
                since=0,
                until=0,
                visibility=1,
                region="",
                data_class=1,
                granularity=1,
            )
            for rules in all_rules()
        ),
        "lists": tuple(of_rules(each.id) for each in newest().tables.lists),
        "measures": (of_rules(MEASURES_ITEM),),
        "log_anchors": (LOG_ANCHOR,),
        "catalogue": CATALOGUE,
        "block": 10,
        "block_hash": "0x" + "bb" * 32,
        "block_time": 1_700_000_000,
    }
    return MemberFacts(**(defaults | values))


def of_rules(name: str) -> RecordType:
    """An item that the newest packaged rules say the meaning of."""
    return RecordType(
        name=name,
        version=1,
        content_hash=newest().sha256,
        since=0,
        until=0,
        visibility=1,
        region="",
        data_class=1,
        granularity=1,
    )


def without(facts: MemberFacts, purpose: Purpose, **values: Any) -> MemberFacts:
    """The facts with the keys of a purpose changed."""
    keys = tuple(replace(k, **values) if k.purpose == purpose else k for k in facts.keys)
    return replace(facts, keys=keys)


def make_integrator(node: Node) -> Integrator:
    """The step of the node's integrator."""
    return Integrator(node.ctx, node.logs, node.lease)


def make_anchorer(node: Node) -> Anchorer:
    """The step of the node's anchorer."""
    return Anchorer(node.ctx, node.anchoring, node.lease)


def make_test_node(
    folder: Path, *, facts: bool = True, seed: str | None = None, **settings: Any
) -> Node:
    """A node without a chain; close it at the end. Same folder and seed: the same node again."""
    keys = make_keys(seed)
    node = make_node(make_settings(folder, **settings), make_network(), keys)
    if facts:
        node.chain.put(make_facts(keys))
    return node
