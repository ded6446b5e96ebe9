"""What is done at the node of somebody who makes or uses products, by its routes."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from threading import Event
from typing import Any

from gateway.app import create_app
from gateway.log.located import Entries, locate
from ledger.core.entry import parse_entry
from ledger.core.ids import sha256
from ledger.core.status import Action
from tests.gateway.intake.material import bearer, new_token
from tests.support import cases
from tests.support.asgi import Client
from tests.support.peers import Member, Network

BEIJING, TIANJIN, BUREAU, BANK = "110000", "120000", "demo-bureau", "demo-bank"
METHOD = sha256(b"how it is made").hex()
CONTENT = sha256(b"the scores themselves").hex()
PATIENCE = 40


def token(member: Member, *scopes: str, **who: Any) -> dict[str, str]:
    return bearer(new_token(member.node, *(scopes or ("product",)), **who))


def ask(
    member: Member,
    method: str,
    path: str,
    value: Any = None,
    *,
    headers: dict[str, str] | None = None,
) -> Any:
    """The answer of a node. value: sent as JSON, bytes as they are."""
    client = Client(create_app(member.node))
    content = value if isinstance(value, bytes) else None if value is None else json.dumps(value)
    sent = {"content-type": "application/json", **(headers or token(member))}
    return client.request(method, path, content=content, headers=sent)


def some_records(count: int, seed: str = "record") -> list[str]:
    """Ids of records that nobody acted on."""
    return [sha256(f"{seed} {number}".encode()).hex() for number in range(count)]


def registered(member: Member, *, headers: dict[str, str] | None = None, **more: Any) -> str:
    """The id of a product that is on its way."""
    value = {"kind": "dataset", "method": METHOD} | more
    told = ask(member, "POST", "/v1/products", value, headers=headers)
    assert told.status_code == 202, told.text
    return str(told.json()["product"])


def published(
    member: Member,
    product: str,
    records: Sequence[str],
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A version that is on its way."""
    value = {"content": CONTENT, "records": list(records)} | more
    told = ask(member, "POST", f"/v1/products/{product}/versions", value, headers=headers)
    assert told.status_code == 202, told.text
    found: dict[str, Any] = told.json()
    return found


def send_all(member: Member) -> None:
    """Send what is on its way, mining as needed."""
    sending = member.node.products.sending
    for _ in range(PATIENCE):
        sending.step()
        if not sending.waiting():
            return
        member.anvil.mine()
    raise AssertionError("still waiting")


def on_chain(member: Member, records: Sequence[str], **more: Any) -> str:
    """A product with one version, both on the chain; the same content twice makes another one."""
    product = registered(member, product=os.urandom(32).hex(), **more)
    published(member, product, records)
    send_all(member)
    return product


def shown(member: Member, product: str, of: str | None = None, **more: Any) -> dict[str, Any]:
    told = ask(member, "GET", f"/v1/products/{product}" + (f"?member={of}" if of else ""), **more)
    assert told.status_code == 200, told.text
    found: dict[str, Any] = told.json()
    return found


def status(
    member: Member,
    product: str,
    *,
    of: str | None = None,
    version: int | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Whether a version is stale."""
    told = ask_status(member, product, of=of, version=version, headers=headers)
    assert told.status_code == 200, told.text
    found: dict[str, Any] = told.json()
    return found


def ask_status(
    member: Member,
    product: str,
    *,
    of: str | None = None,
    version: int | None = None,
    headers: dict[str, str] | None = None,
) -> Any:
    query = "&".join(
        f"{name}={value}" for name, value in (("member", of), ("version", version)) if value
    )
    return ask(member, "GET", f"/v1/products/{product}/status?{query}", headers=headers)


def act(network: Network, member: str, record: bytes, action: Action, **changes: Any) -> None:
    """Something is done to a record of a province, and the chain calls it final."""
    holder = network[member]
    with holder.node.ctx.engine.connect() as connection:
        at = locate(connection, record)
        held = None if at is None else Entries(connection).get(at)
    assert held is not None
    entry = parse_entry(held)
    made = cases.make_act(network.chain, action, entry.log, entry.commitment, **changes)
    cases.act(network.chain, member, made)
    holder.anvil.mine(8)


def follow(*members: Member) -> None:
    """Take up what the chain says of records."""
    for member in members:
        chain = member.node.follower.look()
        assert chain is not None
        member.node.follower.follow(chain, Event())
