"""How what is asked for gets to the chain, whatever comes between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.base.policy import Caller
from gateway.chain import outbox
from gateway.node import Node
from gateway.products import store
from gateway.products.errors import ProductRefused
from gateway.products.fates import REMEDIES, Fate, delay, fate_of, remedy_of
from gateway.products.interfaces import NewProduct, NewVersion
from gateway.products.looking import Name
from gateway.products.models import product_acts, product_inputs, product_versions
from gateway.sealing.models import content_keys
from gateway.sealing.services import Kind
from ledger.chain.contracts import contract_abi
from ledger.chain.contracts.structs import DATASET, MODEL
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.core.ids import ProductId, sha256
from ledger.core.keys import Alg, Purpose
from tests.gateway.statuses.conftest import network, shared
from tests.gateway.statuses.desk import FIRST, open_gateway
from tests.support.anvil import start_anvil
from tests.support.chain import TestNetwork, deploy_network
from tests.support.products import METHOD, Maker
from tests.support.votes import compromise, create, register, suspend

__all__ = ["network", "shared"]

CALLER = Caller(id=7, name="maker", scopes=frozenset({"product"}), department=None)
CONTENT = sha256(b"content")


@contextmanager
def gateway(network: TestNetwork, folder: Path, **keys: Any) -> Iterator[Node]:
    """Of the first member, which holds its PRODUCT key."""
    held = {"product": network.keys[FIRST, Purpose.PRODUCT]} | keys
    node = open_gateway(network, folder, FIRST, keys=held)
    node.anchoring.look()
    try:
        yield node
    finally:
        node.close()


def new_id() -> ProductId:
    return ProductId(os.urandom(32))


def ask(node: Node, product_id: ProductId, *, kind: int = DATASET) -> ProductId:
    new = NewProduct(kind=kind, method=METHOD, product_id=product_id)
    return node.products.routes.products.register(CALLER, new)


def publish(node: Node, product_id: ProductId, seed: str = "a", count: int = 3) -> int:
    records = [sha256(f"{seed} {number}".encode()) for number in range(count)]
    new = NewVersion(content=CONTENT, record_ids=records)
    return node.products.routes.products.publish(CALLER, product_id, new).version


def go(node: Node, network: TestNetwork, rounds: int = 24) -> None:
    """Send what may go now."""
    for _ in range(rounds):
        node.products.sending.step()
        network.anvil.mine()


def told(node: Node, product_id: ProductId) -> list[tuple[str, str, str | None]]:
    """Action, state and code of each act, in their order."""
    with node.ctx.engine.connect() as connection:
        row = store.product_row(connection, FIRST, product_id)
        assert row is not None
        acts = store.acts_of(connection, row.n)
    names = {1: "register", 2: "publish", 3: "retire"}
    return [(names[act.action], act.state, act.code) for act in acts]


def show(node: Node, product_id: ProductId) -> Any:
    name = Name(member=FIRST, product_id=product_id)
    return node.products.routes.looking.show(CALLER, name)


def on_chain(network: TestNetwork, product_id: ProductId) -> tuple[int, bool]:
    """How many versions, and whether it is retired."""
    found = network.products.product(FIRST, product_id)
    assert found is not None
    return found.versions, bool(found.retired_at)


def try_now(node: Node) -> None:
    """What is to wait a while is tried at once."""
    with begin_write(node.ctx.engine, store.LOCK) as connection:
        connection.execute(sa.update(product_acts).values(not_before=None))


DONE = ("recorded", None)


def test_in_their_order_and_final(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        product = ask(node, new_id())
        assert publish(node, product, "a") == 1
        assert publish(node, product, "b") == 2
        node.products.routes.products.retire(CALLER, product)
        node.products.sending.step()
        node.products.sending.step()
        assert [state for _, state, _ in told(node, product)] == ["sent", *["waiting"] * 3]
        go(node, network)
        assert [(one[0], one[1:]) for one in told(node, product)] == [
            ("register", DONE),
            ("publish", DONE),
            ("publish", DONE),
            ("retire", DONE),
        ]
        assert on_chain(network, product) == (2, True)
        with node.ctx.engine.connect() as connection:
            assert not list(connection.execute(sa.text("SELECT key FROM transactions")))


def test_one_that_waits_holds_up_no_other(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        taken = new_id()
        Maker(network, FIRST).register(taken, kind=MODEL)
        first, second = ask(node, taken), ask(node, new_id())
        publish(node, first)
        go(node, network)
        assert told(node, first) == [
            ("register", "refused", "product-taken"),
            ("publish", "refused", "earlier-refused"),
        ]
        assert told(node, second) == [("register", *DONE)]


def test_what_was_refused_leaves_nothing_behind(network: TestNetwork, tmp_path: Path) -> None:
    """A version that the chain did not take is none, and its manifest is destroyed; the product can
    be asked for again, as it is on the chain."""
    with gateway(network, tmp_path / "node") as node:
        product = new_id()
        Maker(network, FIRST).register(product, kind=MODEL)
        ask(node, product)
        publish(node, product)
        go(node, network)
        with node.ctx.engine.connect() as connection:
            for table in (product_versions, product_inputs):
                assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0
            kept = sa.select(content_keys).where(content_keys.c.kind == int(Kind.MANIFEST))
            assert connection.execute(kept).all() == []
        with pytest.raises(ProductRefused, match="not-found"):
            publish(node, product)
        assert ask(node, product, kind=MODEL) == product
        assert publish(node, product) == 1
        go(node, network)
        assert [one[1] for one in told(node, product)[2:]] == ["recorded", "recorded"]
        assert show(node, product)["kind"] == "model"


def test_the_same_from_elsewhere_is_recorded(network: TestNetwork, tmp_path: Path) -> None:
    """Another gateway of the member registered it first."""
    with gateway(network, tmp_path / "node") as node:
        product = ask(node, new_id())
        Maker(network, FIRST).register(product)
        go(node, network)
        assert told(node, product) == [("register", *DONE)]


def test_the_next_number_is_behind_that_of_the_chain(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        product = ask(node, new_id())
        go(node, network)
        Maker(network, FIRST).publish(product, 1)
        assert publish(node, product) == 2
        go(node, network)
        assert on_chain(network, product) == (2, False)
        assert [one["manifest"] for one in show(node, product)["versions"]] == [False, True]


def test_a_number_that_was_taken_meanwhile(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        product = ask(node, new_id())
        go(node, network)
        assert publish(node, product) == 1
        Maker(network, FIRST).publish(product, 1)
        go(node, network)
        assert told(node, product)[1:] == [("publish", "refused", "version-taken")]
        assert publish(node, product) == 2
        go(node, network)
        assert told(node, product)[2:] == [("publish", *DONE)]


def test_retired_elsewhere(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        product = ask(node, new_id())
        go(node, network)
        assert publish(node, product) == 1
        Maker(network, FIRST).retire(product)
        go(node, network)
        assert told(node, product)[1:] == [("publish", "refused", "product-retired")]
        with pytest.raises(ProductRefused, match="product-retired"):
            publish(node, product)
        node.products.routes.products.retire(CALLER, product)
        go(node, network)
        assert told(node, product)[2:] == [("retire", *DONE)]


def test_waits_while_the_member_is_suspended(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        suspend(network, FIRST)
        product = ask(node, new_id())
        go(node, network, 4)
        assert told(node, product) == [("register", "waiting", "MemberNotActive")]
        with node.ctx.engine.connect() as connection:
            assert [one[::2] for one in store.gauges(connection)] == [("product_acts_held", 1)]
        assert show(node, product)["acts"][0]["remedy"] == REMEDIES["MemberNotActive"]


def test_a_key_that_is_not_valid_signs_nothing(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        product = ask(node, new_id())
    key_id = network.keys[FIRST, Purpose.PRODUCT].key_id
    compromise(network, key_id, network.anvil.head_time())
    with gateway(network, tmp_path / "node") as node:
        go(node, network, 4)
        assert told(node, product) == [("register", "waiting", "product-key-not-valid")]


def test_stolen_between_signing_and_sending(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        product = ask(node, new_id())
        node.products.sending.step()
        assert told(node, product)[0][1] == "signed"
        key_id = network.keys[FIRST, Purpose.PRODUCT].key_id
        compromise(network, key_id, network.anvil.head_time())
        node.products.sending.step()
        assert told(node, product) == [("register", "waiting", "KeyNotValid")]


def test_a_key_of_nobody(network: TestNetwork, tmp_path: Path) -> None:
    stranger = LocalSigner(Alg.SECP256K1, new_secret())
    with gateway(network, tmp_path / "node", product=stranger) as node:
        product = ask(node, new_id())
        go(node, network, 4)
        assert told(node, product) == [("register", "waiting", "product-key-not-valid")]
    with gateway(network, tmp_path / "node") as node:
        try_now(node)
        go(node, network)
        assert told(node, product) == [("register", *DONE)]


def test_no_key_here(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node", product=None) as node:
        with pytest.raises(ProductRefused, match="product-key-missing"):
            ask(node, new_id())


def test_signed_for_a_contract_that_is_not_in_force(network: TestNetwork, tmp_path: Path) -> None:
    """A successor takes the role between signing and sending: signed anew, and sent to that one."""
    with gateway(network, tmp_path / "node") as node:
        product = ask(node, new_id())
        publish(node, product)
        go(node, network)
        publish(node, product, "b")
        node.products.sending.step()
        code = contract_abi.load("Products").bytecode
        register(network, "Products", create(network, code, network.deployment.consortium))
        go(node, network)
        assert [one[1:] for one in told(node, product)] == [DONE] * 3
        assert show(node, product)["published"] == 2
        assert on_chain(network, product) == (1, False)


def test_a_signature_that_is_too_old_is_made_anew(network: TestNetwork, tmp_path: Path) -> None:
    with gateway(network, tmp_path / "node") as node:
        product = ask(node, new_id())
        node.products.sending.step()
        network.anvil.call("evm_increaseTime", 2 * 86_400)
        network.anvil.mine()
        go(node, network)
        assert told(node, product) == [("register", *DONE)]


# ---- chains that lose


def test_a_chain_that_was_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "PUSH_SECONDS", 0.0)
    with start_anvil() as anvil:
        port, network = anvil.port, deploy_network(anvil)
        with gateway(network, tmp_path / "node") as node:
            product = ask(node, new_id())
            publish(node, product)
            go(node, network)
            publish(node, product, "b")
            node.products.sending.step()
    with start_anvil(port=port) as anvil:
        anvil.mine(5)
        network = deploy_network(anvil, keys=network.keys, deployer=network.deployer)
        with gateway(network, tmp_path / "node") as node:
            assert {one[1] for one in told(node, product)} == {"waiting"}
            go(node, network)
            assert [one[1:] for one in told(node, product)] == [DONE] * 3
            assert on_chain(network, product) == (2, False)


def test_set_back_behind_what_was_final(
    network: TestNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PUSH_SECONDS", 0.0)
    with gateway(network, tmp_path / "node") as node:
        kept = ask(node, new_id())
        go(node, network)
        before = network.anvil.snapshot()
        product = ask(node, new_id())
        publish(node, product)
        go(node, network)
        assert node.products.sending.look() == 0
        network.anvil.revert(before)
        assert node.products.sending.look() == 0, "nodes that lag have lost nothing"
        network.anvil.call("evm_increaseTime", 7_200)
        network.anvil.mine(64)
        assert node.products.sending.look() == 2
        assert told(node, kept) == [("register", *DONE)]
        go(node, network)
        assert [one[1:] for one in told(node, product)] == [DONE] * 2
        assert node.products.sending.look() == 0


def test_the_fate_of_every_error_of_the_contracts() -> None:
    names = {error.name for error in contract_abi.load("Products").errors.values()}
    never = {name for name in names if fate_of(name) is Fate.NEVER}
    assert {"Products_ProductInvalid", "Products_VersionIncomplete"} <= never
    assert fate_of("Products_VersionInvalid") is Fate.ANEW
    assert fate_of("Consortium_RoleMissing") is Fate.LATER
    assert fate_of("reverted") is Fate.LATER
    assert [delay(times) for times in (1, 2, 8, 1_000)] == [5, 10, 600, 600]
    assert remedy_of("waiting", None) is None
    assert remedy_of("recorded", "KeyNotValid") is None
    other = remedy_of("refused", "VersionIncomplete")
    assert other is not None
    assert set(other) == {"zh", "en"}
