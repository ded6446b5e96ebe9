"""The HTTP application of one gateway, put together."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.about import routes as about
from gateway.about.routes import About
from gateway.authorisations import routes as authorisations
from gateway.base.errors import NotReady
from gateway.base.metrics import TIMEOUTS
from gateway.casefiles import routes as case_files
from gateway.cases import papers
from gateway.cases import routes as cases
from gateway.cases.papers import Papers
from gateway.catalogue import routes as catalogue
from gateway.checks import routes as checks
from gateway.erasures import routes as erasures
from gateway.files import look_routes as file_looks
from gateway.files import routes as files
from gateway.files.looking import Looking
from gateway.history import routes as history
from gateway.history.routes import HistoryParts
from gateway.http import docs
from gateway.http.inside import Inside
from gateway.http.limits import Limits
from gateway.http.observe import Observed
from gateway.http.problems import Problem, problem_of
from gateway.http.rates import RateLimiter
from gateway.intake import routes as intake
from gateway.intake.routes import Reception
from gateway.lists import routes as lists
from gateway.lists.routes import ListParts
from gateway.log import routes as log
from gateway.log.serving import PublishedTiles, TileReader
from gateway.making import receipt_of
from gateway.mirrors import routes as mirrors
from gateway.node import Node
from gateway.outcomes import routes as outcomes
from gateway.peers import routes as peers
from gateway.peers.routes import Door
from gateway.products import routes as products
from gateway.quality import routes as quality
from gateway.queries import routes as queries
from gateway.receipts import batch as receipt_batches
from gateway.receipts import routes as receipts
from gateway.receipts.batch import Batches
from gateway.reports import routes as reports
from gateway.statuses import routes as statuses
from gateway.subjects import routes as subjects
from gateway.tokens import routes as tokens
from gateway.tokens.issuing import Issuing
from gateway.tokens.services import Guard
from gateway.verifying import routes as verifying
from gateway.verifying.desk import Desk
from gateway.verifying.routes import Bench
from gateway.watching import record_routes as watched_records
from gateway.watching import routes as watching
from gateway.watching import subject_routes as watched_subjects
from gateway.watching.singles import Singles
from gateway.web.audit.newest import Newest
from gateway.web.audit.page import AuditParts
from gateway.web.bank.runs import Runs
from gateway.web.routes import ROUTERS, is_page
from gateway.web.routing import in_words, wants_page, wrong_page
from gateway.web.sessions import Sessions
from gateway.web.visits import Pages, Refused
from gateway.webhooks import routes as webhooks
from gateway.worklists import routes as worklists
from ledger.core.errors import LedgerError
from ledger.core.keys import Role

DESCRIPTION = (
    "Gateway of one member of the credit record exchange ledger: takes records in, promises and"
    " anchors them, hands out receipts that verify without it."
)

_TELEMETRY = ("tracing", "metrics", "logs", "operation_spans", "auto_configure")
NO_TELEMETRY: dict[str, Any] = {"telemetry": dict.fromkeys(_TELEMETRY, False)}
"""Newer versions of FastAPI can send bodies and the messages of exceptions wherever somebody's
environment tells them to; older ones ignore the setting."""

_log = structlog.get_logger(__name__)


def create_app(node: Node, *, port: int | None = None) -> FastAPI:
    """All routes over one node. Starts no thread: `gateway.cli` starts and stops the node.

    port: the one that is listened on, where the settings leave it open.
    """
    app = FastAPI(
        title="credit-ledger gateway",
        version=about.program_version(),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        **NO_TELEMETRY,
    )
    settings = node.ctx.settings
    _give(app, node, settings.endpoint(port))
    routes = (
        *(intake, files, file_looks, receipts, receipt_batches, subjects, log, mirrors, catalogue),
        *(quality, worklists, cases, papers, case_files, erasures, lists, history),
        *(authorisations, queries, checks, products, outcomes, reports, peers, statuses),
        *(watching, verifying, watched_subjects, watched_records, webhooks, tokens, about, docs),
    )
    for router in (part.router for part in routes):
        app.include_router(router)
    for router in ROUTERS:
        app.include_router(router)
    if settings.env == "development" and settings.http.operator_port is None:
        app.include_router(about.metrics_router)
    for kind in (LedgerError, HTTPException, sa.exc.OperationalError, sa.exc.TimeoutError):
        app.add_exception_handler(kind, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(PublishedTiles, reader=TileReader(node.ctx.engine, node.logs.files))
    app.add_middleware(Limits, settings=settings.http, answering=in_words)
    app.add_middleware(Observed, answering=in_words)
    app.state.pages = _pages(app, node, settings.endpoint(port))
    app.state.bank_runs = Runs()
    return app


def _pages(app: FastAPI, node: Node, endpoint: str) -> Pages:
    """What the pages share. endpoint: URL of this gateway."""
    settings = node.ctx.settings
    sessions = Sessions(
        node.ctx.engine,
        node.holders,
        node.ctx.clock,
        idle=60 * settings.web.idle_minutes,
        life=3600 * settings.web.hours,
    )

    def roles() -> Role:
        facts = node.chain.known
        return Role(0) if facts is None else Role(facts.roles)

    return Pages(
        inside=Inside(app),
        sessions=sessions,
        prefix=urlsplit(endpoint).path,
        secure=settings.env == "production",
        code=settings.node.code,
        name=settings.node.name,
        roles=roles,
        is_page=is_page,
    )


def _give(app: FastAPI, node: Node, endpoint: str) -> None:
    """Give the routes of each domain its parts. endpoint: URL of this gateway."""
    ctx = node.ctx
    app.state.ctx = ctx
    app.state.accesses = node.accesses
    rate = ctx.settings.http.requests_per_second
    app.state.guard = Guard(node.holders, node.accesses, rate)
    app.state.issuing = Issuing(ctx, node.accesses, node.case_parts.cases.who)
    app.state.reception = Reception(ctx.engine, node.intake)
    app.state.file_store = node.file_store
    app.state.files = node.files
    app.state.file_looks = Looking(ctx, node.file_store)
    app.state.receipts = node.receipts
    app.state.receipt_batches = Batches(node.receipts)
    app.state.subject_check = node.subjects
    app.state.quality = node.quality
    app.state.mirrors = node.mirrors
    app.state.worklists = node.worklists
    app.state.door = Door(
        admission=node.peers.admission,
        signing=node.signing,
        exchange=node.peers.exchange,
        messages=node.peers.messages,
        rate=RateLimiter(ctx.settings.exchange.requests_per_second),
        clock=ctx.clock,
        prefix=urlsplit(endpoint).path,
    )
    app.state.statuses = node.statuses
    app.state.watching = node.watching
    app.state.singles = Singles(ctx)
    app.state.bench = Bench(node.verifying)
    app.state.verify_desk = Desk(
        node.verifying, now=ctx.clock.of_chain, receipt_of=partial(receipt_of, node.receipts)
    )
    app.state.subject_parts = node.webhooks.subject_parts
    app.state.webhooks = node.webhooks.desk
    app.state.case_parts = node.case_parts
    app.state.case_files = node.case_files.files
    app.state.authorisations = node.authorisations
    app.state.histories = HistoryParts(histories=node.giving.histories, clock=ctx.clock)
    app.state.lists = ListParts(lists=node.giving.lists, clock=ctx.clock)
    app.state.papers = Papers(ctx, node.case_parts.cases, node.case_parts.views)
    app.state.queries = node.finance.queries.routes
    app.state.products = node.products.routes
    app.state.outcomes = node.finance.outcomes.routes
    app.state.checks = node.finance.checks
    app.state.reports = node.finance.reports
    app.state.erasures = node.erasures
    app.state.audit = AuditParts(Newest(ctx.settings.web.audit_report))
    app.state.explorer = node.explorer
    app.state.about = About(
        ctx=ctx,
        chain=node.chain,
        signing=node.signing,
        intake=node.intake,
        collector=node.collector,
        figures=node.figures,
        endpoint=endpoint,
    )


async def _problem(request: Request, error: Exception) -> Response:
    if isinstance(error, Refused) or wants_page(request):
        return await wrong_page(request, error)
    problem = problem_of(error)
    if isinstance(error, sa.exc.TimeoutError):
        TIMEOUTS.labels("pool").inc()
    if isinstance(error, NotReady):
        _log.warning("http.not-ready", reason=error.code)
    elif problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("http.failed", code=problem.code, exc_info=error)
    return problem.response()


async def _invalid(request: Request, error: Exception) -> Response:
    """Name the parameters at fault, never their values."""
    if not isinstance(error, RequestValidationError):
        raise error
    if wants_page(request):
        return await wrong_page(request, error)
    wrong = [{"where": list(item["loc"]), "problem": item["type"]} for item in error.errors()]
    return Problem("schema-invalid", extra={"invalid": wrong}).response()
