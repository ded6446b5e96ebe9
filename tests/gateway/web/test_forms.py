"""Forms with files: what stands in them touches no disk, and one holder sends few at once."""

from __future__ import annotations

import tempfile

import pytest
from starlette.types import ASGIApp

from gateway.node import Node
from tests.gateway.intake.material import new_token
from tests.gateway.web.visitor import Visitor

LARGE = 3 << 20
"""More than parsers keep in memory that spool to disk."""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/bank/authorisations/new", "doc"),
        ("/bank/checks", "file"),
        ("/bank/feedback", "file"),
        ("/desk/cases/find", "what"),
    ],
)
def test_no_byte_touches_a_disk(
    node: Node, app: ASGIApp, monkeypatch: pytest.MonkeyPatch, path: str, name: str
) -> None:
    """A document that a firm has signed is sealed before it is written anywhere."""
    rolled: list[str] = []
    monkeypatch.setattr(
        tempfile.SpooledTemporaryFile, "rollover", lambda _: rolled.append("on the disk")
    )
    token = new_token(node, "read", "consent", "submit", department=None)
    visitor = Visitor(app).sign_in(token)
    files = {name: ("signed.pdf", b"%PDF-" + bytes(LARGE), "application/pdf")}
    answer = visitor.post(path, {"purpose": "pre-loan", "matter": "loan"}, files=files)
    assert answer.status_code in (200, 422), answer.text
    assert rolled == []
