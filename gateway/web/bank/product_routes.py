"""`/bank/products…`: whether products are stale, and what a record went into."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path, Query
from starlette.responses import Response

from gateway.web.bank.common import HEX, base, status_of, wrong_of
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit
from ledger.core.errors import InputError

router = page_router()
Member = Annotated[str, Path(alias="member", pattern="^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")]
Id = Annotated[str, Path(alias="product", pattern="^[0-9a-f]{64}$")]
INPUTS = 100
"""Records of a page."""
_RECORD = {
    "zh": "须为 64 位十六进制的记录编号或叶值",
    "en": "must be a record id or a leaf, 64 hexadecimal digits",
}
_NOT_HERE = ("manifest-missing", "not-found", "not-ready")
"""Why it cannot be said of a version whether it is stale; the page tells it."""


@router.get("/bank/products")
async def products(
    visit: Signed, after: Annotated[int, Query(ge=0, le=2**53)] = 0, record: str = ""
) -> Response:
    """Products that are known here, with how the newest version of each stands. record: of which is
    told what it went into."""
    page = await visit.get("/v1/products", after=after)
    items = [one | {"status": await _status(visit, one)} for one in page["items"]]
    lineage, error = None, None
    if record := record.strip()[:100]:
        try:
            if not HEX.fullmatch(record):
                raise InputError("record", "body-form", _RECORD)
            lineage = await visit.get(f"/v1/lineage/{record}")
        except (InputError, Refused) as found:
            error = found
    values = base(visit, "products") | {
        "items": items,
        "next": page["next"],
        "record": record,
        "lineage": lineage,
        "acknowledged": await visit.get("/v1/statuses/acknowledgements"),
        "wrong": None if error is None else wrong_of(error),
    }
    return visit.page("bank/products.html", status=status_of(error), **values)


@router.get("/bank/products/{member}/{product}")
async def product(
    visit: Signed,
    member: Member,
    name: Id,
    version: Annotated[int | None, Query(ge=1, le=2**31)] = None,
    after: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> Response:
    """A product with its versions, and one of them with what went into it."""
    one = await visit.get(f"/v1/products/{name}", member=member)
    held = [each["version"] for each in one["versions"] if each["manifest"]]
    shown = version or (max(held) if held else None)
    standing, inputs = None, None
    if shown is not None:
        standing = await _status(visit, {"member": member, "product": name}, shown)
        path = f"/v1/products/{name}/versions/{shown}/inputs"
        if "stale" in standing:
            inputs = await visit.get(path, member=member, after=after, limit=INPUTS)
    values = base(visit, "products") | {
        "one": one,
        "shown": shown,
        "of": next((each for each in one["versions"] if each["version"] == shown), None),
        "standing": standing,
        "inputs": inputs,
        "after": after,
        "address": f"/bank/products/{quote(member)}/{name}",
    }
    return visit.page("bank/product.html", **values)


async def _status(visit: Visit, of: dict[str, Any], version: int | None = None) -> dict[str, Any]:
    """How a version stands, the newest whose manifest is here; or why it cannot be said."""
    path = f"/v1/products/{of['product']}/status"
    try:
        found: dict[str, Any] = await visit.get(path, member=of["member"], version=version)
    except Refused as error:
        if error.code not in _NOT_HERE:
            raise
        return {"code": error.code, "title": wrong_of(error)["title"]}
    return found
