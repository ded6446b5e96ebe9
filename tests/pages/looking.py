"""Somebody before a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from scripts.vendor import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 120_000
"""Milliseconds for a step: a busy machine is slow."""
NARROW, WIDE = 360, 1200


@dataclass
class Looks:
    """Opens pages and remembers what they did. pictures: where pictures of them go."""

    browser: Browser
    pictures: Path | None
    name: str
    _contexts: list[BrowserContext] = field(default_factory=list)
    _wrong: list[str] = field(default_factory=list)

    def at(
        self,
        url: str,
        *,
        token: str | None = None,
        lang: str = "en",
        width: int = WIDE,
        scripts: bool = True,
        **options: Any,
    ) -> Page:
        """A page of the node at `url`, signed in where a token is given. options: of a context of
        Playwright."""
        context = self.browser.new_context(
            base_url=url,
            locale={"en": "en-GB", "zh": "zh-CN"}[lang],
            viewport={"width": width, "height": 800},
            java_script_enabled=scripts,
            **options,
        )
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        context.on("request", lambda request: self._asked(url, request))
        context.on("console", self._said)
        context.on("weberror", lambda error: self._wrong.append(f"script: {error.error}"))
        page = context.new_page()
        if token is not None:
            page.goto("/login")
            page.fill("#token", token)
            page.locator("form.narrow button").click()
            page.wait_for_url(lambda there: "/login" not in there)
        return page

    def picture(self, page: Page, name: str) -> None:
        """A picture of the whole page, where pictures are wanted."""
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=self.pictures / f"{name}.png", full_page=True)

    def accessible(self, page: Page) -> None:
        """No rule of axe is broken. Through the protocol, which no policy of a page stops."""
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("async () => (await axe.run(document)).violations")
        told = [
            f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
            for one in found
        ]
        assert not told, "\n".join(told)

    def fits(self, page: Page) -> None:
        """Nothing stands out to the right."""
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{page.url} is {wide} pixels too wide"

    def end(self) -> None:
        """Close all, and fail where a page did what none may."""
        for context in self._contexts:
            context.close()
        assert not self._wrong, "\n".join(self._wrong)

    def _asked(self, url: str, request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            self._wrong.append(f"asked of another host: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        """The browser tells of broken policies as errors; of answers that are refusals too, which
        tests look at themselves."""
        if message.type == "error" and "Failed to load resource" not in message.text:
            self._wrong.append(f"console: {message.text}")
