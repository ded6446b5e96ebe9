"""Data products: registered, published, handed on, and what made them stale."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from ledger.client.errors import AnswerMalformed, NotReady
from ledger.client.flows import Flow, Sleep, ask, look
from ledger.client.inputs import Content, ProductKind
from ledger.client.product_results import (
    InputPage,
    Lineage,
    ManifestTaken,
    Product,
    ProductList,
    ProductRow,
    ProductStatus,
    VersionMade,
)
from ledger.client.reading import members
from ledger.client.terms import Terms
from ledger.client.wire import JSON, MAX_ANSWER, Request, demand, posted, queried, segment
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.manifest import MAX_MANIFEST, parse_manifest

POLL_SECONDS: Final = 1.0
"""Between two looks at what goes to the chain."""
_PATH: Final = "/v1/products"
_ACCEPTED: Final = 202


def register(
    kind: ProductKind, method: Content, product: str | None, title: str | None, terms: Terms
) -> Flow[str]:
    """Have a product registered; its id. The id is drawn here, so that twice is once."""
    value = {
        "kind": kind,
        "method": digest_of(method),
        "product": product or uuid4().hex + uuid4().hex,
        "title": title,
    }
    answer = yield from ask(posted(_PATH, value), terms)
    return members(demand(answer, (_ACCEPTED,)), "product").text("product")


def publish(
    product: str,
    content: Content,
    records: Sequence[str],
    method: Content | None,
    terms: Terms,
) -> Flow[VersionMade]:
    """Have the next version published. The same as the newest one is that one."""
    value: dict[str, Any] = {
        "content": digest_of(content),
        "records": list(records),
        "method": None if method is None else digest_of(method),
    }
    request = posted(f"{_path(product)}/versions", value, slow=True)
    answer = yield from ask(request, terms, terms.clock() + terms.slow_timeout)
    return VersionMade.of(members(demand(answer, (_ACCEPTED,)), "version"))


def retire(product: str, terms: Terms) -> Flow[None]:
    """Have a product retired for good. Twice is once."""
    request = Request(method="POST", path=f"{_path(product)}/retire")
    demand((yield from ask(request, terms)), (_ACCEPTED,))


def wait(product: str, within: float, terms: Terms) -> Flow[Product]:
    """A product of one's own once nothing about it is on its way to the chain."""
    end = terms.clock() + within
    while True:
        request = Request(method="GET", path=_path(product), max_bytes=MAX_ANSWER)
        answer = demand((yield from look(request, terms, end)))
        found = Product.of(members(answer, "product"))
        if not found.in_flight:
            return found
        if terms.clock() + POLL_SECONDS >= end:
            raise NotReady(answer.url, "the chain has not taken it yet", reason="in-flight")
        yield Sleep(POLL_SECONDS)


def show(product: str, member: str | None, after: int, terms: Terms) -> Flow[Product]:
    """A product as the chain has it. after: how many of its versions to leave out."""
    params = queried(member=member, after=after or None)
    request = Request(method="GET", path=_path(product), params=params, max_bytes=MAX_ANSWER)
    return Product.of(members(demand((yield from ask(request, terms))), "product"))


def listed(after: int, terms: Terms) -> Flow[ProductList]:
    """The products that are known at the gateway."""
    params = queried(after=after or None)
    request = Request(method="GET", path=_PATH, params=params, max_bytes=MAX_ANSWER)
    told = members(demand((yield from ask(request, terms))), "products")
    rows = tuple(ProductRow.of(one) for one in told.objects("items"))
    return ProductList(products=rows, next=told.integer_or_none("next"))


def status(
    product: str, member: str | None, version: int | None, terms: Terms
) -> Flow[ProductStatus]:
    """Whether a version is stale."""
    request = Request(
        method="GET",
        path=f"{_path(product)}/status",
        params=queried(member=member, version=version),
        slow=True,
        max_bytes=MAX_ANSWER,
    )
    return ProductStatus.of(members(demand((yield from ask(request, terms))), "status"))


def manifest(product: str, version: int, member: str | None, terms: Terms) -> Flow[bytes]:
    """The manifest of a version, for its users."""
    request = Request(
        method="GET",
        path=f"{_path(product)}/versions/{version}/manifest",
        params=queried(member=member),
        slow=True,
        max_bytes=MAX_MANIFEST,
    )
    answer = demand((yield from ask(request, terms)))
    try:
        parse_manifest(answer.body)
    except (EvidenceError, VersionUnknown) as error:
        raise AnswerMalformed(answer.url, str(error)) from error
    return answer.body


def inputs(
    product: str, version: int, terms: Terms, *, member: str | None, after: int, limit: int
) -> Flow[InputPage]:
    """What went into a version, page by page."""
    request = Request(
        method="GET",
        path=f"{_path(product)}/versions/{version}/inputs",
        params=queried(member=member, after=after or None, limit=limit),
        slow=True,
        max_bytes=MAX_ANSWER,
    )
    return InputPage.of(members(demand((yield from ask(request, terms))), "inputs"))


def prove(product: str, version: int, record: str, member: str | None, terms: Terms) -> Flow[bytes]:
    """One record of a version with its place in the tree, to be shown without the others."""
    request = Request(
        method="GET",
        path=f"{_path(product)}/versions/{version}/inputs/{segment(record)}",
        params=queried(member=member),
        slow=True,
    )
    return demand((yield from ask(request, terms))).body


def hand(product: str, version: int, member: str, terms: Terms) -> Flow[None]:
    """Note whom a version is handed to. Twice is once."""
    request = posted(f"{_path(product)}/versions/{version}/users", {"member": member})
    demand((yield from ask(request, terms)))


def take(data: bytes, member: str, terms: Terms) -> Flow[ManifestTaken]:
    """Have the manifest of another member's version kept. Twice is once."""
    request = Request(
        method="POST",
        path="/v1/product-manifests",
        params=queried(member=member),
        headers=JSON,
        content=data,
        slow=True,
    )
    return ManifestTaken.of(members(demand((yield from ask(request, terms))), "manifest"))


def lineage(record: str, terms: Terms) -> Flow[Lineage]:
    """Which versions a record went into, by its id."""
    request = Request(method="GET", path=f"/v1/lineage/{segment(record)}", max_bytes=MAX_ANSWER)
    return Lineage.of(members(demand((yield from ask(request, terms))), "lineage"))


def digest_of(content: Content) -> str:
    """The SHA-256 in hex of what is given, or what is given as that. Raises OSError."""
    if isinstance(content, str):
        return content
    return sha256(content.read_bytes() if isinstance(content, Path) else content).hexdigest()


def _path(product: str) -> str:
    return f"{_PATH}/{segment(product)}"
