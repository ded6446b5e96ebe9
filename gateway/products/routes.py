"""`/v1/products` and `/v1/lineage`: for somebody at this node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.base.policy import Caller, NotAllowed, Purpose
from gateway.http.places import Places
from gateway.http.problems import Problem
from gateway.products.bodies import MAX_SMALL, read_product, read_user, read_version
from gateway.products.errors import ProductRefused
from gateway.products.looking import MAX_INPUTS_PAGE, Looking, Name
from gateway.products.services import Products
from gateway.products.taking import Taking
from gateway.tokens.services import require
from ledger.core.canonical import hex32, unhex32
from ledger.core.errors import Malformed
from ledger.core.ids import ProductId
from ledger.core.manifest import MAX_VERSION
from ledger.core.texts import Text

FRESH: Final = {"Cache-Control": "no-store"}
NOT_FOUND: Final = "not-found"
_MOST: Final = 2**53

router = APIRouter(tags=["products"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductParts:
    """What the routes need. places: manifests at once; each is some megabytes in memory."""

    own: str
    products: Products
    looking: Looking
    taking: Taking
    places: Places = field(
        default_factory=lambda: Places(at_once=4, each=2, waiting=16, patience=60.0)
    )


def _parts(request: Request) -> ProductParts:
    parts: ProductParts = request.app.state.products
    return parts


Here = Annotated[ProductParts, Depends(_parts)]
Maker = Annotated[Caller, Depends(require(Purpose.PRODUCT))]
Reader = Annotated[Caller, Depends(require(Purpose.SEE_PRODUCT))]
Id = Annotated[str, Path(alias="product", pattern="^[0-9a-f]{64}$")]
Member = Annotated[str | None, Query(alias="member", pattern="^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")]
Version = Annotated[int, Path(alias="version", ge=1, le=MAX_VERSION)]
OfVersion = Annotated[int | None, Query(alias="version", ge=1, le=MAX_VERSION)]
After = Annotated[int, Query(ge=0, le=_MOST)]


@router.post("/v1/products", status_code=202)
async def register(request: Request, parts: Here, caller: Maker) -> dict[str, Any]:
    """Register a product of this member: `{kind, method, product?, title?}`."""
    new = read_product(_small(await request.body()))
    with _told():
        product_id = await run_in_threadpool(parts.products.register, caller, new)
    return {"member": parts.own, "product": hex32(product_id)}


@router.get("/v1/products")
def products(
    *, parts: Here, caller: Reader, response: Response, after: After = 0
) -> Mapping[str, Any]:
    """Products that are known here, those of others too whose manifests were taken."""
    response.headers.update(FRESH)
    return parts.looking.page(caller, after)


@router.get("/v1/products/{product}")
def show(
    *,
    name: Id,
    parts: Here,
    caller: Reader,
    response: Response,
    member: Member = None,
    after: After = 0,
) -> Mapping[str, Any]:
    """A product as the chain has it. member: whose; default: this one. after: how many of its
    versions to leave out."""
    response.headers.update(FRESH)
    with _told():
        return parts.looking.show(caller, _name(parts, name, member), after)


@router.post("/v1/products/{product}/versions", status_code=202)
async def publish(name: Id, request: Request, parts: Here, caller: Maker) -> dict[str, Any]:
    """Publish the next version: `{content, records, method?}`; records by id, or by leaf where they
    are ours."""
    async with parts.places.hold(str(caller.id)):
        body = await request.body()
        new = await run_in_threadpool(read_version, body)
        with _told():
            made = await run_in_threadpool(parts.products.publish, caller, _id(name), new)
    return {
        "member": parts.own,
        "product": name,
        "version": made.version,
        "inputs": made.inputs,
        "inputsRoot": hex32(made.inputs_root),
        "new": made.new,
    }


@router.post("/v1/products/{product}/retire", status_code=202)
def retire(name: Id, parts: Here, caller: Maker) -> dict[str, Any]:
    """Retire a product for good."""
    with _told():
        parts.products.retire(caller, _id(name))
    return {"member": parts.own, "product": name}


@router.get("/v1/products/{product}/status")
async def status(
    *,
    name: Id,
    parts: Here,
    caller: Reader,
    response: Response,
    member: Member = None,
    version: OfVersion = None,
) -> Mapping[str, Any]:
    """Whether a version is stale, and why. version: default: the newest whose manifest is here."""
    response.headers.update(FRESH)
    of = _name(parts, name, member, version)
    async with parts.places.hold(str(caller.id)):
        with _told():
            return await run_in_threadpool(parts.looking.status, caller, of)


@router.get("/v1/products/{product}/versions/{version}/manifest")
async def manifest(
    *, name: Id, version: Version, parts: Here, caller: Reader, member: Member = None
) -> Response:
    """The manifest of a version, for its users: canonical JSON."""
    of = _name(parts, name, member, version)
    async with parts.places.hold(str(caller.id)):
        with _told():
            data = await run_in_threadpool(parts.looking.manifest, caller, of)
    return Response(data, media_type="application/json", headers=FRESH)


@router.get("/v1/products/{product}/versions/{version}/inputs")
async def inputs(
    *,
    name: Id,
    version: Version,
    parts: Here,
    caller: Reader,
    response: Response,
    member: Member = None,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_INPUTS_PAGE)] = 200,
) -> Mapping[str, Any]:
    """What went into a version, each with how it stands."""
    response.headers.update(FRESH)
    of = _name(parts, name, member, version)
    async with parts.places.hold(str(caller.id)):
        with _told():
            return await run_in_threadpool(parts.looking.inputs, caller, of, after, limit)


@router.get("/v1/products/{product}/versions/{version}/inputs/{record}")
async def one_input(
    *,
    name: Id,
    version: Version,
    parts: Here,
    caller: Reader,
    record: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    member: Member = None,
) -> Response:
    """One record of a version with its place in the tree, to be shown without the others."""
    of = _name(parts, name, member, version)
    async with parts.places.hold(str(caller.id)):
        with _told():
            data = await run_in_threadpool(
                parts.looking.input_file, caller, of, bytes.fromhex(record)
            )
    return Response(data, media_type="application/json", headers=FRESH)


@router.post("/v1/products/{product}/versions/{version}/users")
async def hand(
    name: Id, version: Version, request: Request, parts: Here, caller: Maker
) -> dict[str, Any]:
    """Note whom a version is handed to: `{member}`, which notices of it name from now on."""
    user = read_user(_small(await request.body()))
    with _told():
        await run_in_threadpool(parts.products.hand, caller, _id(name), version, user)
    return {"member": parts.own, "product": name, "version": version, "user": user}


@router.post("/v1/product-manifests")
async def take(
    request: Request,
    parts: Here,
    caller: Maker,
    member: Annotated[str, Query(pattern="^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")],
) -> dict[str, Any]:
    """Keep the manifest of a version of another member's product, where it is that of the chain.
    member: whose product it is."""
    async with parts.places.hold(str(caller.id)):
        body = await request.body()
        with _told():
            taken = await run_in_threadpool(parts.taking.take, caller, member, body)
    return {
        "member": member,
        "product": hex32(taken.product_id),
        "version": taken.version,
        "inputs": taken.inputs,
        "new": taken.new,
    }


@router.get("/v1/lineage/{record}")
def lineage(
    parts: Here,
    caller: Reader,
    response: Response,
    record: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
) -> Mapping[str, Any]:
    """Which versions of which products a record went into, and who uses them."""
    response.headers.update(FRESH)
    with _told():
        return parts.looking.lineage(caller, bytes.fromhex(record))


_NOT_HERE: Final[Text] = {
    "zh": "没有这个产品或版本：编号与发布者见 product list；其他成员的产品须用 --member（接口为"
    " member=）指明发布者",
    "en": "There is no such product or version: `product list` has ids and makers; of a product of"
    " another member name it with `--member` (`member=`)",
}


@contextmanager
def _told() -> Iterator[None]:
    """Answer what is refused; what is not the caller's as what there is not."""
    try:
        yield
    except ProductRefused as error:
        detail = error.detail or (_NOT_HERE if error.code == NOT_FOUND else None)
        raise Problem(error.code, detail, extra=error.extra) from error
    except NotAllowed as error:
        if error.code != NOT_FOUND:
            raise
        raise Problem(NOT_FOUND, _NOT_HERE) from error


def _small(body: bytes) -> bytes:
    if len(body) > MAX_SMALL:
        raise Problem("too-large")
    return body


def _id(text: str) -> ProductId:
    try:
        return ProductId(unhex32(text))
    except Malformed as error:
        raise Problem("not-found") from error


def _name(parts: ProductParts, text: str, member: str | None, version: int | None = None) -> Name:
    return Name(member=member or parts.own, product_id=_id(text), version=version)
