"""Which areas are in the menu of whom."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.types import ASGIApp

from gateway.base.policy import Scope
from gateway.node import Node
from gateway.web.areas import PUBLIC, Area, areas_of
from ledger.core.keys import Role
from tests.gateway.intake.material import new_token
from tests.gateway.web.visitor import Visitor
from tests.support.callers import CENTRE


@pytest.mark.parametrize(
    ("roles", "scope", "areas"),
    [
        (Role.PROVINCE, "submit", [Area.DESK]),
        (Role.PROVINCE, "read", [Area.DESK, Area.BANK]),
        (Role.PROVINCE, "consent", [Area.BANK]),
        (Role.PROVINCE, "release", [Area.DESK]),
        (Role.INSTITUTION, "read", [Area.BANK]),
        (Role.INSTITUTION, "submit", []),
        (Role.BUREAU, "consent", [Area.BANK]),
        (Role.AUDITOR, "read", []),
    ],
)
def test_by_role_and_scope(roles: Role, scope: Scope, areas: list[Area]) -> None:
    """The counter of a province keeps authorisations, and asks for purposes of government."""
    caller = replace(CENTRE, scopes=frozenset({scope}))
    shown = areas_of(caller, roles)
    assert [one for one in shown if one in (Area.DESK, Area.BANK)] == areas
    assert not {Area.DESK, Area.BANK} & set(areas_of(None, roles))
    assert set(PUBLIC) <= set(shown)


@pytest.mark.parametrize(
    ("scopes", "path"),
    [
        (("read", "release"), "/desk/release"),
        (("read", "decide"), "/desk/cases"),
        (("read",), "/desk/records"),
        (("consent",), "/bank"),
        (("product",), "/bank"),
    ],
)
def test_where_work_begins(app: ASGIApp, node: Node, scopes: tuple[Scope, ...], path: str) -> None:
    """The desk opens at what waits for whoever comes; nobody is led to what the token refuses."""
    visitor = Visitor(app).sign_in(new_token(node, *scopes, department=None))
    assert visitor.get("/desk").headers["location"] == path
