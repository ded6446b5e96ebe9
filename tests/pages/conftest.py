"""A real browser in front of real gateways.

`look` opens a page as one person does: with a session or without, in a language, at a width, with
scripts or without. At the end nothing was asked of another host, no policy was broken, and no
script failed. Pictures go where `--pictures DIR` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from scripts.browser import OPTIONS, environment, unpacked
from tests.pages.looking import Looks


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a file. Playwright keeps a loop running in this thread, where no other
    test could run one of its own: it ends with the file."""
    program = unpacked()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=str(program), args=list(OPTIONS), env=dict(environment(program))
        )
        yield found
        found.close()


@pytest.fixture
def look(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Looks]:
    """Opens pages; what they did besides is looked at when the test ends."""
    pictures = request.config.getoption("--pictures")
    looks = Looks(browser, None if pictures is None else Path(pictures), request.node.name)
    yield looks
    looks.end()
