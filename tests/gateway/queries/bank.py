"""What a bank does at its own node, and what it makes of the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any

from gateway.app import create_app
from gateway.intake.interfaces import RowInput
from gateway.log.located import Entries, locate
from gateway.receipts.interfaces import Disclose
from ledger.core.answer import Given
from ledger.core.bundle import Bundle, parse_bundle
from ledger.core.entry import parse_entry
from ledger.core.status import Action
from ledger.files.bundles import BundleVerdict, verify_bundle
from ledger.files.contradictions import Contradiction, contradict
from ledger.verify import Verifier
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.queries.conftest import BANK
from tests.records import examples
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.cases import act, make_act
from tests.support.peers import Member, Network, row

FAMILY = "penalty"


def firm(n: int) -> str:
    """The code of a firm of one test alone."""
    return examples.code("91110000", f"MA0T{n:04d}")


def of(code: str, n: int, class_: str = "severe", **changes: object) -> RowInput:
    """A penalty of a firm."""
    return row(n, class_, CF_XDR_SHXYM=code, **changes)


def token(member: Member, *scopes: str, **who: Any) -> dict[str, str]:
    return bearer(new_token(member.node, *(scopes or ("read",)), **who))


def send(member: Member, method: str, path: str, value: object = None, **headers: str) -> Any:
    """The answer of one's own node."""
    sent = {"content-type": "application/json"} | headers
    body = b"" if value is None else json.dumps(value).encode()
    return Client(create_app(member.node)).request(method, path, content=body, headers=sent)


def use(
    network: Network,
    code: str,
    *,
    purpose: str = "pre-loan",
    by: str = BANK,
    types: Sequence[str] | None = (FAMILY,),
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Any:
    """The answer of one's own node to a question about a subject."""
    member = network[by]
    asked = {"code": code, "purpose": purpose} | more
    if types is not None:
        asked["types"] = list(types)
    return send(member, "POST", "/v1/uses", asked, **(headers or token(member)))


def bundle_of(answer: Any) -> Bundle:
    assert answer.status_code == 200, answer.text
    return parse_bundle(answer.content)


def given_by(bundle: Bundle, member: str) -> Given:
    return next(one for one in bundle.answers if one.answer.iss == member)


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


def held_against(network: Network, given: Given, receipt: bytes) -> Contradiction:
    """What a receipt says about an answer."""
    with verifier(network) as found:
        return contradict(found, given.answer, given.jws, receipt)


def receipt_of(member: Member, record: bytes) -> bytes:
    """The receipt that the firm holds: with all that may be shown."""
    made = member.node.receipts.receipt(record, disclose=Disclose(CENTRE))
    assert isinstance(made, bytes)
    return made


def follow(member: Member) -> None:
    """Take up what the chain says of records."""
    chain = member.node.follower.look()
    assert chain is not None
    member.node.follower.follow(chain, Event())


def do(
    network: Network, member: Member, action: Action, record: bytes, *, final: bool = True
) -> None:
    """An act of the owner on a record, taken up by its gateway."""
    with member.node.ctx.engine.connect() as connection:
        found = locate(connection, record)
        assert found is not None
        data = Entries(connection).get(found)
    assert data is not None
    log = network.chain.log_id(member.code)
    made = make_act(network.chain, action, log, parse_entry(data).commitment)
    act(network.chain, member.code, made)
    if final:
        network.chain.anvil.mine()
    follow(member)
