"""`/`: the node in words, live, and where to go from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gateway.base.context import Context
from gateway.web.node.words import anchor_words, chain_words, mirror_words, statuses_words
from gateway.web.routing import page_router
from gateway.web.visits import Anybody, Refused, Visit
from ledger.core.texts import Text
from ledger.records.store import Library

router = page_router()

TYPES: Final = 6
"""Types of records that have a bar of their own; the others are added up."""


@router.get("/")
async def node(visit: Anybody) -> Response:
    """What this node is, how far its logs are, who is behind, and where to go from here."""
    told = await visit.get("/v1/node")
    figures = await visit.get("/v1/node/figures")
    ctx: Context = visit.request.app.state.ctx
    return visit.page(
        "node/index.html",
        told=told,
        now=ctx.clock.now(),
        problems=await _problems(visit),
        behind=await _behind(visit, told),
        figures=figures,
        records=_records(visit, figures),
    )


async def _problems(visit: Visit) -> list[Text]:
    """What is wrong with this node, with what to do; nothing where all is well."""
    try:
        ready = await visit.get("/readyz")
    except Refused as error:
        return [error.problem["text"]]
    found = [
        (ready.get("chainError"), chain_words),
        (ready.get("anchorError"), anchor_words),
        (ready.get("statusesError"), statuses_words),
    ]
    return [words(code) for code, words in found if code is not None]


async def _behind(visit: Visit, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """By member: how far the copy of its log is, what keeps it from going on, and how many acts on
    records it has not carried out."""
    rows = {
        one["member"]: {"member": one["member"], "acts": one["behind"], "logs": []}
        for one in await visit.get("/v1/statuses/acknowledgements")
    }
    for one in told["mirrors"]:
        row = rows.setdefault(one["member"], {"member": one["member"], "acts": None, "logs": []})
        lacks = max(0, one["anchoredSize"] - one["size"])
        row["logs"].append(
            {
                "log": one["log"],
                "size": one["size"],
                "lacks": lacks,
                "wrong": None if one["error"] is None else mirror_words(one["error"]),
            }
        )
    return [rows[code] for code in sorted(rows)]


def _records(visit: Visit, figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Series of the chart of records: the most frequent types, then the sum of the others.
    title: None for these."""
    ctx: Context = visit.request.app.state.ctx
    titles = _titles(ctx.schemas.current())
    lines = dict(figures["records"])
    rest = [lines.pop("other")] if "other" in lines else []
    named = list(lines.items())
    rest += [counts for _, counts in named[TYPES:]]
    series = [
        {"title": titles.get(kind, {"zh": kind, "en": kind}), "values": counts}
        for kind, counts in named[:TYPES]
    ]
    if rest:
        sums = [sum(month) for month in zip(*rest, strict=True)]
        series.append({"title": None, "values": sums})
    return series


def _titles(library: Library) -> dict[str, Text]:
    """What types of records are called, by name; of several versions the newest says it."""
    schemas = sorted(library.all_schemas(), key=lambda schema: schema.version)
    return {schema.name: schema.title for schema in schemas}
