"""Records that were drawn, asked of their members by the exchange route `record` (design-2 13):
each discloses the code of its subject."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import orjson

from ledger.audit.asking import Line, NotAnswered
from ledger.core import canonical
from ledger.core import receipt as receipts
from ledger.core.canonical import hex32
from ledger.core.draw import Draw, Drawn
from ledger.core.errors import EvidenceError, VersionUnknown

__all__ = ["NOT_ASKED", "ROUTE", "UNANSWERED", "disclosed"]

ROUTE: Final = "/v1/exchange/record"
NOT_ASKED: Final = "not-asked"
"""In place of a reason: nobody has asked the member yet."""
UNANSWERED: Final = frozenset({NOT_ASKED, "no-endpoint", "unreachable", "too-slow", "busy"})
"""Reasons that say nothing against a member: it may answer another time."""


def disclosed(line: Line, member: str, endpoint: str, draw: Draw, drawn: Drawn) -> bytes:
    """The receipt by which a member discloses a record, without its binding, which was to us alone.
    Raises NotAnswered, CouldNotCheck."""
    question = {
        "drawn": {"count": draw.count, "day": draw.day.isoformat()},
        "recordId": hex32(drawn.record),
    }
    body = line.ask(member, endpoint.rstrip("/") + ROUTE, canonical.encode(question))
    try:
        found = receipts.parse(orjson.loads(body)["receipt"].encode())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAnswered("answer-malformed", "no receipt") from error
    except (EvidenceError, VersionUnknown) as error:
        raise NotAnswered("answer-malformed", str(error)) from error
    return replace(found, binding=None).encode()
