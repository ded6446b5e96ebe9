"""All pages."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from gateway.web import (
    audit_page,
    desk_files,
    desk_hand_in,
    desk_records,
    explorer_logs,
    explorer_pages,
    explorer_records,
    explorer_search,
    firm_page,
    node_page,
    report_page,
    session_routes,
    static_files,
    verify_routes,
)
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

ROUTERS: Final[tuple[APIRouter, ...]] = (
    node_page.router,
    explorer_search.router,
    explorer_pages.router,
    explorer_logs.router,
    explorer_records.router,
    session_routes.router,
    desk_hand_in.router,
    desk_files.router,
    desk_records.router,
    verify_routes.router,
    report_page.router,
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
    firm_page.router,
    audit_page.router,
)
"""Of each area one."""
