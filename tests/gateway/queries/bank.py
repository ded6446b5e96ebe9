"""What a bank does at its own node, and what it makes of the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

from gateway.app import create_app
from ledger.core.bundle import Bundle, parse_bundle
from ledger.files.bundles import BundleVerdict, verify_bundle
from ledger.verify import Verifier
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.queries.conftest import BANK
from tests.records.examples import SUBJECT
from tests.support.asgi import Client
from tests.support.peers import Member, Network

FAMILY = "penalty"


def token(member: Member, *scopes: str, **who: Any) -> dict[str, str]:
    return bearer(new_token(member.node, *(scopes or ("read",)), **who))


def use(
    network: Network,
    *,
    code: str = SUBJECT,
    purpose: str = "pre-loan",
    by: str = BANK,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Any:
    """The answer of one's own node to a question about a subject."""
    member = network[by]
    body = json.dumps({"code": code, "purpose": purpose} | more)
    client = Client(create_app(member.node))
    sent = {"content-type": "application/json", **(headers or token(member))}
    return client.request("POST", "/v1/uses", content=body.encode(), headers=sent)


def bundle_of(answer: Any) -> Bundle:
    assert answer.status_code == 200, answer.text
    return parse_bundle(answer.content)


@contextmanager
def verifier(network: Network) -> Iterator[Verifier]:
    found = Verifier(network.chain.file, wait=0)
    try:
        yield found
    finally:
        found.close()


def judged(network: Network, data: bytes) -> BundleVerdict:
    with verifier(network) as found:
        return verify_bundle(found, data)


def follow(member: Member) -> None:
    """Take up what the chain says of records."""
    chain = member.node.follower.look()
    assert chain is not None
    member.node.follower.follow(chain, Event())
