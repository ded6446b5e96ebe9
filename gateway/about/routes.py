"""What a gateway says of itself: `/v1/node`, health, readiness, metrics."""

from __future__ import annotations

from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from gateway.about.collector import NodeCollector
from gateway.about.figures import FRESH_SECONDS, NodeFigures
from gateway.about.operator import together
from gateway.anchoring.progress import anchored_sizes, newest_anchors, promised_sizes
from gateway.base.context import Context
from gateway.base.errors import NotReady
from gateway.chain.interfaces import MemberFacts, OwnKey
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.intake.services import Intake
from gateway.log.models import logs
from gateway.mirrors.store import all_mirrors
from ledger.core.canonical import hex0x, instant
from ledger.core.eip712 import address_of
from ledger.core.errors import Malformed
from ledger.core.keys import Alg, Purpose, to_jwk
from ledger.core.note import origin_of, vkey

router = APIRouter(tags=["node"])


def program_version() -> str:
    """Of the installed distribution."""
    try:
        return version("credit-record-ledger")
    except PackageNotFoundError:
        return "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What these routes answer from. endpoint: where this gateway is reached."""

    ctx: Context
    chain: ChainView
    signing: Signing
    intake: Intake
    collector: NodeCollector
    figures: NodeFigures
    endpoint: str


def _about(request: Request) -> About:
    about: About = request.app.state.about
    return about


Here = Annotated[About, Depends(_about)]


@router.get("/v1/node")
def get_node(about: Here) -> dict[str, Any]:
    """Who this is: its logs with their sizes, and its keys as registered on the chain."""
    facts, keys, node = about.chain.known, about.signing.keys, about.ctx.settings.node
    in_use = {signer.key_id.hex() for signer in keys.registered.values()}
    return {
        "code": node.code,
        "name": node.name,
        "version": program_version(),
        "network": about.ctx.network.reference,
        "logs": _logs(about, facts),
        "mirrors": _mirrors(about),
        "keys": [_key(key, in_use) for key in facts.keys] if facts else [],
    }


@router.get("/v1/node/figures")
def get_figures(about: Here, response: Response) -> dict[str, Any]:
    """How much was filed here in each of the last twelve months, by type of record; how much of
    it within seven working days; repairs, and the days from their filing to the chain on average
    (null for the month that runs, and where there were fewer than five)."""
    response.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS:.0f}"
    return dict(about.figures.as_dict())


def _logs(about: About, facts: MemberFacts | None) -> list[dict[str, Any]]:
    """Logs on the chain, and those we hold that it does not (yet) name."""
    with about.ctx.engine.connect() as connection:
        held = connection.execute(sa.select(logs.c.log_id, logs.c.published))
        sizes = {log_id: published or 0 for log_id, published in held}
        anchored = dict(anchored_sizes(connection))
        promised = dict(promised_sizes(connection))
        newest = newest_anchors(connection)
    named = [bytes.fromhex(log.log_id) for log in facts.logs] if facts else []
    return [
        {
            "log": log_id.hex(),
            "origin": origin_of(log_id),
            "vkey": vkey(origin_of(log_id), about.signing.keys.note.public_key),
            "url": f"{about.endpoint}/logs/{log_id.hex()}",
            "size": sizes.get(log_id, 0),
            "anchoredSize": anchored.get(log_id, 0),
            "promisedSize": promised.get(log_id, 0),
            "anchor": _anchor(newest.get(log_id)),
        }
        for log_id in [*named, *(log_id for log_id in sizes if log_id not in named)]
    ]


def _anchor(row: Any | None) -> dict[str, Any] | None:
    """The newest final anchor of a log; None before the first."""
    if row is None:
        return None
    return {
        "size": row.size,
        "block": row.block,
        "time": instant(row.block_time),
        "tx": hex0x(row.tx_hash),
    }


def _mirrors(about: About) -> list[dict[str, Any]]:
    """Logs of others that are kept here. `error`: why one goes no further, null where it does."""
    with about.ctx.engine.connect() as connection:
        return [
            {
                "log": one.log_id.hex(),
                "member": one.member,
                "url": f"{about.endpoint}/mirrors/{one.log_id.hex()}",
                "size": one.size,
                "anchoredSize": one.anchored,
                "error": one.error,
            }
            for one in all_mirrors(connection)
        ]


def _key(key: OwnKey, in_use: Set[str]) -> dict[str, Any]:
    """`jwk` is left out for an algorithm that we do not know (SM2 is reserved). `inUse`: this node
    signs with it now."""
    public_key = bytes.fromhex(key.public_key)
    known = key.purpose in tuple(Purpose)
    shown: dict[str, Any] = {
        "purpose": Purpose(key.purpose).name if known else str(key.purpose),
        "alg": key.alg,
        "keyId": key.key_id,
        "inUse": key.key_id in in_use,
    }
    if key.alg == Alg.SECP256K1:
        shown["address"] = address_of(public_key)
    with suppress(Malformed):
        shown["jwk"] = to_jwk(key.alg, public_key)
    return shown


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(about: Here) -> dict[str, bool | str]:
    """Records can be taken and promised now; else 503 with the reason.

    `chainError` and `anchorError` are there where the chain cannot be read, or anchors do not get
    there (`payer-empty`, `node-refuses` …): that stops no record before too many wait.
    `statusesError` where the nodes give acts that do not fold (`acts-unclear`). Records are
    still taken where a content key is missing (`content-key-missing`, with its id), but what is
    wrapped under it cannot be shown; none are where the newest one is retired
    (`content-key-retired`).
    """
    about.intake.ready()
    health = about.ctx.health
    if health.missing_content_keys:
        ids = ", ".join(health.missing_content_keys)
        raise NotReady("content-key-missing", retry_after=60, more={"zh": ids, "en": ids})
    if health.content_key_retired:
        raise NotReady("content-key-retired", retry_after=60)
    told = {
        "chainError": health.chain_error,
        "anchorError": health.anchor_error,
        "statusesError": health.statuses_error,
    }
    return {"ready": True} | {name: code for name, code in told.items() if code is not None}


metrics_router = APIRouter(tags=["node"])
"""Only in development, where no operator's port is set."""


@metrics_router.get("/metrics")
def get_metrics(about: Here) -> Response:
    """Prometheus text format. In production it is on the operator's port."""
    text = generate_latest(together(about.collector))
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
