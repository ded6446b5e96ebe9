"""`GET /v1/cases/{case}/receipt.pdf`: the receipt of a filing, for who filed it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.policy import Caller, Purpose
from gateway.cases import store
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held
from gateway.cases.paper import Paper, draw
from gateway.cases.paper_words import TITLES
from gateway.cases.services import Cases
from gateway.cases.views import Views
from gateway.http.problems import Problem
from gateway.tokens.services import require
from ledger.core.canonical import unhex32
from ledger.core.errors import Malformed

PDF = "application/pdf"

router = APIRouter(tags=["cases"])


class Papers:
    """Fills in the paper."""

    def __init__(self, ctx: Context, cases: Cases, views: Views) -> None:
        self._ctx = ctx
        self._cases = cases
        self._views = views

    def paper(self, caller: Caller, case: bytes) -> Paper:
        """Of a case that was filed. Raises CaseRefused, NotAllowed."""
        with begin_read(self._ctx.engine) as connection:
            row, held = self._views.seen(connection, caller, case)
            if row.kind not in TITLES:  # the owner's own decision: nobody filed it
                raise CaseRefused("not-found")
            first = store.steps_of(connection, case)[0]
            step = self._cases.stepper.said(first, connection)
        node = self._ctx.settings.node
        return Paper(
            case=row.id,
            commitment=first.commitment,
            record=row.record,
            kind=row.kind,
            state=row.state,
            document=self._document(caller, held, row),
            received=step.received or first.day,
            deadline=self._views.stage(row).as_dict()["deadline"],
            unit=_unit(held) or step.authority,
            member=node.name or node.code,
            opened=row.opened,
        )

    def _document(self, caller: Caller, held: Held | None, row: store.Row) -> str | None:
        """The number of the document, where the caller may be told what the record says; of another
        member's record it is not known here."""
        if held is None or held.content is None or held.schema is None:
            return None
        if not self._cases.may_read(caller, held, row):
            return None
        found = held.content.fields.get(held.schema.document)
        return found if isinstance(found, str) else None


def _unit(held: Held | None) -> str | None:
    """The authority, by name where the record tells it: public bodies are no secret."""
    if held is None or held.content is None or held.schema is None:
        return None
    if held.schema.authority.name is None:
        return None
    found = held.content.fields.get(held.schema.authority.name)
    return found if isinstance(found, str) else None


def _papers(request: Request) -> Papers:
    found: Papers = request.app.state.papers
    return found


Here = Annotated[Papers, Depends(_papers)]
Reader = Annotated[Caller, Depends(require(Purpose.SEE_CASE))]
Name = Annotated[str, Path(alias="case")]


@router.get(
    "/v1/cases/{case}/receipt.pdf",
    response_class=Response,
    responses={200: {"description": "One page", "content": {PDF: {}}}},
)
def receipt_pdf(name: Name, papers: Here, caller: Reader) -> Response:
    """The paper that whoever filed a case takes home: number, days, what comes next, and a QR code
    by which any counter finds it again."""
    try:
        data = draw(papers.paper(caller, unhex32(name)))
    except Malformed as error:
        raise Problem("not-found") from error
    except CaseRefused as error:
        raise Problem(error.code, error.detail, extra=error.extra) from error
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name[:16]}.pdf"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type=PDF, headers=headers)
