"""A browser without a screen: keeps cookies, follows no link by itself."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from typing import Any

import httpx
from starlette.types import ASGIApp

from tests.support.asgi import Client


class Visitor:
    """One. lang: what it accepts."""

    def __init__(self, app: ASGIApp, lang: str = "en") -> None:
        self._client = Client(app)
        self.cookies: dict[str, str] = {}
        self.lang = lang

    def get(self, path: str, **options: Any) -> httpx.Response:
        """A page."""
        return self.request("GET", path, **options)

    def post(self, path: str, form: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        """A form that is sent, with the token of the session that a page would give it."""
        data = {"csrf": self.csrf()} | (form or {}) if self.cookies.get("session") else form
        return self.request("POST", path, data=data, **options)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Whatever."""
        headers = {"Accept-Language": self.lang} | options.pop("headers", {})
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self._client.request(method, path, headers=headers, **options)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    def csrf(self) -> str:
        """What stands in the forms of its session."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/").text)
        assert found, "nobody is signed in"
        return found[1]

    def sign_in(self, token: str) -> Visitor:
        """As the holder of a token."""
        assert self.post("/login", {"token": token, "next": "/"}).status_code == 303
        return self
