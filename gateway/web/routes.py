"""All pages."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from gateway.web import firm_page, node_page, session_routes, static_files
from gateway.web.bank import (
    ask_routes,
    check_routes,
    hook_routes,
    paper_routes,
    product_routes,
    use_routes,
    watch_routes,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    node_page.router,
    session_routes.router,
    static_files.router,
    ask_routes.router,
    use_routes.router,
    paper_routes.router,
    watch_routes.router,
    hook_routes.router,
    check_routes.router,
    product_routes.router,
    firm_page.router,
)
"""Of each area one."""
