"""The page of a form that was sent in vain, shown once more with what was typed in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.http.inside import Inside
from gateway.web.carrying import Carried
from gateway.web.sessions import Session

AGAIN: Final = "credit-ledger.again"
"""Key in the scope of a request for such a page, where nothing from outside gets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What such a page is made with. session: of who looks."""

    session: Session
    carried: Carried


def filled(scope: Scope) -> Filled | None:
    """What the page that is asked for is to be filled with; None: it is one like any other."""
    found = scope.get(AGAIN)
    return found if isinstance(found, Filled) else None


class Again(Response):
    """That page, by GET, within the answer to the form."""

    def __init__(self, inside: Inside, session: Session, carried: Carried) -> None:
        super().__init__()
        self._inside = inside
        self._filled = Filled(session=session, carried=carried)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `Response`."""
        await self._inside.show(
            self._filled.carried.page,
            token=self._filled.session.caller.id,
            outside=(scope, receive, send),
            more={AGAIN: self._filled},
        )
