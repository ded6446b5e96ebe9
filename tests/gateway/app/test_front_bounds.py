"""What the front proxy that ships lets through is no less than what the gateway takes."""

from __future__ import annotations

import re
from typing import Final

import pytest
from starlette.types import Receive, Scope, Send

from gateway.base.settings import HttpSettings
from gateway.http import limits
from gateway.http.limits import Limits
from tests.support.nginx import SITE

MIB: Final = 1 << 20
PATHS: Final = sorted(
    {
        *(limits.TABLES | limits.UPLOADS | limits.IN_MEMORY.keys()) - {"/v1/verify"},
        *("/v1/authorisations", "/bank/authorisations/new", "/v1/cases", "/desk/cases/new"),
        *(f"/{of}/cases/{'0' * 64}/supply" for of in ("v1", "desk")),
        *(f"/v1/records/{'0' * 64}/decide", "/v1/products/A/versions"),
        *("/login", "/firm", "/bank/ask"),
    }
)
"""`/v1/verify` is for programs of the machine itself."""


def let_through(path: str) -> int:
    """Bytes that the proxy takes for a path: of its exact place, else of the first pattern that
    fits, else of all."""
    text = SITE.read_text("utf-8").partition("client_max_body_size 1m;")[2]
    places = re.findall(r"\n +location (=|~)? ?(\S+) \{(.*?)\n    \}", text, re.DOTALL)
    fits = [body for kind, name, body in places if kind == "=" and name == path]
    fits += [body for kind, name, body in places if kind == "~" and re.search(name, path)]
    found = re.search(r"client_max_body_size (\d+)m", fits[0]) if fits else None
    return int(found[1]) * MIB if found else MIB


@pytest.mark.parametrize("path", PATHS)
def test_no_less_than_the_gateway(path: str) -> None:
    async def nobody(_scope: Scope, _receive: Receive, _send: Send) -> None:
        return None

    scope = {"path": path, "headers": [], "type": "http"}
    assert let_through(path) >= Limits(nobody, settings=HttpSettings())._limit(scope)
