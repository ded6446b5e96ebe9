"""All pages."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from gateway.web import node_page, report_page, session_routes, static_files
from gateway.web.verify import routes as verify

ROUTERS: Final[tuple[APIRouter, ...]] = (
    node_page.router,
    session_routes.router,
    verify.router,
    report_page.router,
    static_files.router,
)
"""Of each area one."""
