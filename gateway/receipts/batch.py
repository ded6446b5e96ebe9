"""`POST /v1/receipts`: bare receipts of many entries at once, for anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

import orjson
import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.http.limits import NDJSON, RECEIPTS, address_of, demand_budget
from gateway.http.places import Places
from gateway.http.problems import Problem, problem_of
from gateway.receipts.interfaces import RETRY_AFTER, Pending, Stranded
from gateway.receipts.routes import FRESH, PROMISED, problem_of_stranded
from gateway.receipts.services import Receipts
from ledger.core.canonical import unhex32
from ledger.core.errors import EvidenceError, InputError, Malformed

MAX_LEAVES: Final = 1000
"""Of one request: about 3 MB of receipts, and a quarter of a second to make them."""
AT_ONCE, OF_ONE, WAITING = 16, 2, 2
"""Answers that are made or sent at once, those of one address, and how many of it may wait."""
THREADS: Final = 2
"""Made at once: they compete for one interpreter, more would only wait longer."""

_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["leaves"],
                    "additionalProperties": False,
                    "properties": {
                        "leaves": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MAX_LEAVES,
                            "items": {"type": "string"},
                        }
                    },
                }
            }
        },
    },
    "responses": {
        "200": {
            "description": "A line for each leaf, in their order: the body that `GET"
            " /v1/receipts/{leaf}` answers, a receipt, `{state}` or a problem",
            "content": {NDJSON: {"schema": {"type": "string"}}},
        }
    },
}

_log = structlog.get_logger(__name__)

router = APIRouter(tags=["receipts"])


@dataclass(frozen=True, slots=True)
class Batches:
    """What the route shares within one application: the receipts, places, threads of its own."""

    receipts: Receipts
    places: Places = field(
        default_factory=lambda: Places(at_once=AT_ONCE, each=OF_ONE, waiting=WAITING)
    )
    limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(THREADS))


def _batches(request: Request) -> Batches:
    batches: Batches = request.app.state.receipt_batches
    return batches


@router.post(RECEIPTS, openapi_extra=_OPENAPI)
async def bare_receipts(
    request: Request, batches: Annotated[Batches, Depends(_batches)]
) -> Response:
    """Receipts of up to 1,000 entries without any content: `{leaves:[…]}`, leaves or record ids. A
    line for each, in their order: the body that `GET /v1/receipts/{leaf}` answers for it, which is
    a receipt, byte for byte, or why there is none. It counts as so many requests."""
    names = read_leaves(await request.body())
    demand_budget(request.scope, len(names))
    return _Batch(batches, names, address_of(request.scope))


class _Batch(Response):
    """Holds a place until its answer is sent."""

    def __init__(self, batches: Batches, names: Sequence[str], address: str) -> None:
        super().__init__()
        self._batches = batches
        self._names = names
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._batches.places.hold(self._address):
            work = partial(answer, self._batches.receipts, self._names)
            made = await to_thread.run_sync(work, limiter=self._batches.limiter)
            await made(scope, receive, send)


def read_leaves(body: bytes) -> Sequence[str]:
    """The names that are asked for. Raises Problem where it is no JSON, InputError."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem("schema-invalid") from error
    if not isinstance(value, dict) or value.keys() != {"leaves"}:
        raise _wrong(None, "正文须为 {leaves}", "the body must be {leaves}")
    leaves = value["leaves"]
    good = isinstance(leaves, list) and 1 <= len(leaves) <= MAX_LEAVES
    if not good or not all(isinstance(one, str) for one in leaves):
        raise _wrong("leaves", f"1 到 {MAX_LEAVES} 个文本", f"1 to {MAX_LEAVES} texts")
    return list(leaves)


def answer(receipts: Receipts, names: Sequence[str]) -> Response:
    """A line for each name."""
    digests = {name: _digest(name) for name in names}
    found = receipts.bare({digest for digest in digests.values() if digest is not None})
    lines = {
        name: _line(None if digest is None else found.get(digest))
        for name, digest in digests.items()
    }
    later = any(isinstance(one, Pending) for one in found.values())
    headers = FRESH | ({"Retry-After": str(RETRY_AFTER)} if later else {})
    body = b"".join(lines[name] for name in names)
    return Response(body, HTTPStatus.OK, headers, media_type=NDJSON)


def _line(found: bytes | Pending | Stranded | EvidenceError | None) -> bytes:
    """The body of the answer for it alone, as a line."""
    match found:
        case bytes():
            return found  # a receipt ends its line itself
        case Pending():
            return PROMISED + b"\n"
        case Stranded():
            problem = problem_of_stranded(found)
        case None:
            problem = Problem("not-found")
        case _:
            _log.error("http.failed", code=found.code, exc_info=found)
            problem = problem_of(found)
    return orjson.dumps(problem.as_dict()) + b"\n"


def _digest(text: str) -> bytes | None:
    try:
        return unhex32(text)
    except Malformed:
        return None


def _wrong(field: str | None, zh: str, en: str) -> InputError:
    return InputError(field, "body-form", {"zh": zh, "en": en})
