"""All pages."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from gateway.web import (
    explorer_logs,
    explorer_pages,
    explorer_records,
    explorer_search,
    node_page,
    session_routes,
    static_files,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    node_page.router,
    explorer_search.router,
    explorer_pages.router,
    explorer_logs.router,
    explorer_records.router,
    session_routes.router,
    static_files.router,
)
"""Of each area one."""
