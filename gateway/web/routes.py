"""All pages."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from gateway.web import node_page, report_page, session_routes, static_files, verify_routes

ROUTERS: Final[tuple[APIRouter, ...]] = (
    node_page.router,
    session_routes.router,
    verify_routes.router,
    report_page.router,
    static_files.router,
)
"""Of each area one."""
