"""All pages."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from gateway.web import node_page, session_routes, static_files

ROUTERS: Final[tuple[APIRouter, ...]] = (
    node_page.router,
    session_routes.router,
    static_files.router,
)
"""Of each area one."""
