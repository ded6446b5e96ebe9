"""All pages."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.routing import Match

from gateway.web import session_routes, static_files
from gateway.web.audit import page as audit
from gateway.web.bank import (
    ask_routes,
    check_routes,
    hook_routes,
    paper_routes,
    product_routes,
    use_routes,
    watch_routes,
)
from gateway.web.cases import (
    act_pages,
    case_pages,
    file_pages,
    list_pages,
    release_pages,
    report_pages,
    token_pages,
    worklist_pages,
)
from gateway.web.desk import files, hand_in, records
from gateway.web.explorer import logs, pages, search
from gateway.web.explorer import records as explored
from gateway.web.firm import page as firm
from gateway.web.firm import report
from gateway.web.node import page as node
from gateway.web.verify import routes as verify

ROUTERS: Final[tuple[APIRouter, ...]] = (
    node.router,
    search.router,
    pages.router,
    logs.router,
    explored.router,
    session_routes.router,
    hand_in.router,
    files.router,
    records.router,
    verify.router,
    report.router,
    static_files.router,
    list_pages.router,
    file_pages.router,
    case_pages.router,
    act_pages.router,
    release_pages.router,
    worklist_pages.router,
    report_pages.router,
    token_pages.router,
    ask_routes.router,
    use_routes.router,
    paper_routes.router,
    watch_routes.router,
    hook_routes.router,
    check_routes.router,
    product_routes.router,
    firm.router,
    audit.router,
)
"""Of each area one."""


def is_page(path: str) -> bool:
    """Whether a page is looked at there."""
    asked = {"type": "http", "method": "GET", "path": path}
    return any(one.matches(asked)[0] is Match.FULL for router in ROUTERS for one in router.routes)
