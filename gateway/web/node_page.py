"""`/`: the node in words."""

from __future__ import annotations

from starlette.responses import Response

from gateway.web.visits import Anybody, page_router

router = page_router()


@router.get("/")
async def node(visit: Anybody) -> Response:
    """What this node is, how far its logs are, and where to go from here."""
    return visit.page("node.html", told=await visit.get("/v1/node"))
