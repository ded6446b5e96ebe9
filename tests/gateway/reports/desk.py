"""Asking a gateway for reports, as a clerk and as strangers do."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import orjson
from pypdf import PdfReader

from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.intake.interfaces import RowInput
from ledger.files.reports import ReportFile, parse_report
from tests.gateway.intake.material import bearer, new_token
from tests.support.asgi import Client
from tests.support.peers import Member, Network, row

BEIJING, HEBEI, BANK = "110000", "130000", "demo-bank"
TODAY = Clock().today().isoformat()


def centre(member: Member, *scopes: str, **who: Any) -> dict[str, str]:
    return bearer(new_token(member.node, *(scopes or ("read",)), **({"department": None} | who)))


def client(member: Member) -> Client:
    return Client(create_app(member.node))


def ask(member: Member, headers: dict[str, str], code: str, **body: Any) -> Any:
    """A request for a report."""
    asked = {"code": code, "from": "2024-01-01", "to": TODAY} | body
    return client(member).request(
        "POST", "/v1/reports", content=orjson.dumps(asked), headers=headers
    )


def made(member: Member, code: str, **body: Any) -> bytes:
    """The PDF of a report."""
    answer = ask(member, centre(member), code, **body)
    assert answer.status_code == 201, answer.text
    return bytes(answer.content)


def report(member: Member, code: str, **body: Any) -> ReportFile:
    return parse_report(made(member, code, **body))


def post(member: Member, path: str, **body: Any) -> Any:
    """As a stranger."""
    return client(member).request("POST", path, content=orjson.dumps(body))


def printed(pdf: bytes) -> str:
    """What is printed, as another reader has it; without blanks."""
    pages = PdfReader(BytesIO(pdf)).pages
    return re.sub(r"[\s\0]", "", "".join(page.extract_text() for page in pages))


def code_of(pdf: bytes) -> str:
    """The code for the counter."""
    found = re.search(r"核验码Codeforthecounter([0-9A-Z]{8})|核验码([0-9A-Z]{8})", printed(pdf))
    assert found is not None, printed(pdf)[:400]
    return str(found[1] or found[2])


def penalties(network: Network, code: str, *numbers: int, **fields: Any) -> list[bytes]:
    """Penalties of Beijing about a firm, anchored; their record ids."""
    of = {"CF_XDR_SHXYM": code, "CF_XDR_MC": f"样例{code}有限公司"} | fields
    rows = [row(n, **of) for n in numbers]
    return network[BEIJING].file(
        *(
            RowInput(row=at, type=one.type, class_=one.class_, fields=one.fields)
            for at, one in enumerate(rows, start=1)
        )
    )
