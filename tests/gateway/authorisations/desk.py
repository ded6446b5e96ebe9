"""What the tests of the authorisations share: a custodian, a grantee, a province that is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.authorisations.interfaces import Wanted
from gateway.authorisations.wiring import AuthorisationParts
from gateway.base.db import begin_write
from gateway.base.policy import Caller
from gateway.peers.errors import Refused
from gateway.peers.interfaces import Granted
from gateway.statements import days
from gateway.statements.models import statement_batches
from ledger.core.opening import Opening, parse_opening
from tests.gateway.abroad.desk import deliver
from tests.gateway.cases.desk import PDF, pdf
from tests.gateway.intake.material import bearer, new_token
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.peers import Member, Network

BEIJING, TIANJIN, BUREAU, BANK = "110000", "120000", "demo-bureau", "demo-bank"
CUSTODIANS = (BEIJING, BUREAU)
SUBJECT = "91110000600037341L"
"""Of the penalties of the examples."""
OTHER = "91110108551385082Q"
_numbers = count(1)

CLERK = replace(CENTRE, id=1, name="clerk", scopes=frozenset({"consent"}))


def parts(member: Member) -> AuthorisationParts:
    return member.node.authorisations


def day(member: Member, ahead: int = 0) -> str:
    """So many days from today, China's."""
    return (member.node.ctx.clock.today() + timedelta(days=ahead)).isoformat()


def wanted(member: Member, **changes: Any) -> Wanted:
    """For the bank to ask Beijing and Tianjin about penalties, before a loan. Documents differ, so
    each is another."""
    today = member.node.ctx.clock.today()
    values: dict[str, Any] = {
        "subject": SUBJECT,
        "grantee": BANK,
        "types": ("penalty",),
        "regions": (BEIJING, TIANJIN),
        "purpose": "pre-loan",
        "start": today,
        "until": today + timedelta(days=30),
        "docs": (pdf("授权书.pdf", PDF + str(next(_numbers)).encode()),),
    }
    return Wanted(**(values | changes))


def grant(member: Member, caller: Caller = CLERK, **changes: Any) -> bytes:
    """The commitment of a new one."""
    return parts(member).grants.grant(caller, wanted(member, **changes))


def opening(member: Member, commitment: bytes) -> Opening:
    """As its custodian hands it out now."""
    return member.node.statements.opening(commitment)


def granted(network: Network, custodian: str = BUREAU, **changes: Any) -> Opening:
    """A new one, in the hands of its grantee."""
    commitment = grant(network[custodian], **changes)
    grantee = changes.get("grantee", BANK)
    deliver(network[custodian], grantee)
    found = parts(network[grantee]).held.opening(commitment)
    assert found is not None
    return found


def log_statements(member: Member) -> None:
    """The daily batch, as if it were night, and its anchor."""
    due = days.last_batch(member.node.ctx.clock.seconds())
    with begin_write(member.node.ctx.engine) as connection:
        connection.execute(sa.delete(statement_batches))
        before = {"day": (due - timedelta(days=1)).isoformat(), "at": 0, "count": 0}
        connection.execute(sa.insert(statement_batches).values(**before))
    assert member.node.daily_batch.step() is not None
    member.settle()
    member.anvil.mine()


def judge(
    network: Network,
    shown: Opening | Mapping[str, Any],
    *,
    asker: str = BANK,
    at: str = TIANJIN,
    **changes: Any,
) -> Granted:
    """What the member that is asked makes of it."""
    value = shown.to_json() if isinstance(shown, Opening) else shown
    asked: dict[str, Any] = {"subject": SUBJECT, "types": ("penalty",), "purpose": "pre-loan"}
    asked |= {"on": network[at].node.ctx.clock.today()} | changes
    return parts(network[at]).papers.judge(value, asker=asker, **asked)


def refusal(network: Network, shown: Opening | Mapping[str, Any], **changes: Any) -> str:
    """Why it is refused."""
    with pytest.raises(Refused) as caught:
        judge(network, shown, **changes)
    return caught.value.code


def revoke(member: Member, commitment: bytes) -> None:
    """Asked for, and finally on the chain."""
    parts(member).revoking.revoke(CLERK, commitment)
    send_all(member)


def send_all(member: Member) -> None:
    """Step and mine until no revocation is on its way."""
    sending = parts(member).sending
    for _ in range(40):
        sending.step()
        if not sending.waiting():
            return
        member.anvil.mine()
    raise AssertionError("still waiting")


def state(member: Member, commitment: bytes) -> str | None:
    """As it is shown."""
    shown: str | None = parts(member).views.show(CLERK, commitment)["state"]
    return shown


class Desk:
    """Who asks a gateway over HTTP."""

    def __init__(
        self, member: Member, *scopes: str, name: str = "desk", department: str | None = None
    ) -> None:
        token = new_token(member.node, *(scopes or ("consent",)), department=department, name=name)
        self.client = Client(create_app(member.node))
        self.headers = bearer(token)

    def post(
        self, path: str, value: object, *docs: tuple[str, bytes], **headers: str
    ) -> httpx.Response:
        """A form with the JSON as `authorisation`."""
        files: list[Any] = [("authorisation", (None, orjson.dumps(value)))]
        files += [("doc", one) for one in docs]
        return self.client.request("POST", path, files=files, headers=self.headers | headers)

    def send(self, path: str, body: bytes = b"", **headers: str) -> httpx.Response:
        """JSON alone."""
        sent = self.headers | {"Content-Type": "application/json"} | headers
        return self.client.request("POST", path, content=body, headers=sent)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path, headers=self.headers)


def said(member: Member, **changes: Any) -> dict[str, Any]:
    """What is posted."""
    value = {
        "subject": SUBJECT,
        "grantee": BANK,
        "types": ["penalty"],
        "regions": [TIANJIN, BEIJING],
        "purpose": "pre-loan",
        "from": day(member),
        "until": day(member, 30),
    }
    return value | changes


def doc() -> tuple[str, bytes]:
    """Another one each time."""
    return "授权书.pdf", PDF + str(next(_numbers)).encode()


def rebuilt(found: Opening, **members: Any) -> Mapping[str, Any]:
    """The object of an opening with its statement changed, which no longer fits the rest."""
    value: dict[str, Any] = json.loads(found.encode())
    value["statement"] |= members
    return value


def parsed(data: bytes) -> Opening:
    return parse_opening(data)


def lines(found: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What lines of the access log say."""
    return [(line.purpose, line.answer, line.use, line.authorisation) for line in found]
