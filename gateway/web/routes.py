"""All pages."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from gateway.web import (
    desk_files,
    desk_hand_in,
    desk_records,
    node_page,
    session_routes,
    static_files,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    node_page.router,
    session_routes.router,
    desk_hand_in.router,
    desk_files.router,
    desk_records.router,
    static_files.router,
)
"""Of each area one."""
