"""People of one province before their pages, and what they send."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx
from starlette.types import ASGIApp

from gateway.node import Node
from tests.gateway.intake.material import OF_BEIJING, new_token
from tests.gateway.web.visitor import Visitor

PDF = b"%PDF-1.7\nsynthetic\n"


class People:
    """Signs people in. Each has a name of their own."""

    def __init__(self, node: Node, app: ASGIApp) -> None:
        self.node = node
        self.app = app
        self._number = 0

    def person(
        self,
        *scopes: str,
        name: str | None = None,
        lang: str = "en",
        department: str | None = "市监局",
        authorities: tuple[str, ...] = (OF_BEIJING,),
    ) -> Visitor:
        """Somebody of the authority that determined the records, unless told otherwise."""
        self._number += 1
        token = new_token(
            self.node,
            *scopes,
            name=name or f"person {self._number}",
            department=department,
            authorities=authorities,
        )
        return Visitor(self.app, lang).sign_in(token)

    def centre(self, *scopes: str, **more: Any) -> Visitor:
        """Somebody of the centre."""
        return self.person(*scopes, department=None, authorities=(), **more)


def send(
    visitor: Visitor, path: str, *docs: tuple[str, bytes], **fields: str | list[str]
) -> httpx.Response:
    """A form with documents."""
    parts: list[Any] = [("csrf", (None, visitor.csrf()))]
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            parts.append((name, (None, one)))
    parts += [("doc", one) for one in docs] or [("doc", ("", b""))]
    return visitor.request("POST", path, files=parts)


def went(answer: httpx.Response) -> str:
    """Where a form led."""
    assert answer.status_code == 303, re.sub(r"<[^>]+>|\s+", " ", answer.text)[-1500:]
    return answer.headers["location"]


def seen(visitor: Visitor, path: str, status: int = 200) -> str:
    """What a page says, without its marks."""
    answer = visitor.get(path)
    assert answer.status_code == status, (path, answer.status_code, text_of(answer)[-800:])
    return text_of(answer)


def text_of(answer: httpx.Response) -> str:
    """The same of an answer."""
    assert answer.headers["content-type"].startswith("text/html"), answer.text[:500]
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def field(answer: httpx.Response, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found, name
    return found[1]


def links(answer: httpx.Response) -> set[str]:
    """Where a page leads."""
    return {unescape(one) for one in re.findall(r'href="([^"]+)"', answer.text)}
