"""Talking to a gateway: bounded, patient where it asks for patience, and with its token.

Nothing a gateway says is believed here; what it hands out is verified by `verify`.
"""

from __future__ import annotations

import os
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import orjson

from ledger.cli.language import language, say
from ledger.cli.output import Refused, Unknown

MAX_ANSWER = 256 << 20  # bytes; the answer to the longest file stays far below
# Seconds to connect, and between two pieces of an answer: a node that stores 4 096 rows is silent
# for a while.
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
SLOW = httpx.Timeout(600.0, connect=10.0)
# "Later" (429, 503) is taken for an answer so often, then for unreachable.
_PATIENCE = 60.0
_LONGEST_PAUSE = 10.0
_LATER = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
_DEFAULT_DIR = ".credit-ledger"


class Answer:
    """Status, headers and whole body."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """The body as JSON; Unknown where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            message = say(zh="节点的回答不是 JSON。", en="The node's answer is not JSON.")
            raise Unknown(message) from error

    def problem(self) -> str:
        """What a problem document says, in the language of whoever reads."""
        try:
            told = orjson.loads(self.body)
            text = told.get("text") or {}
            said = text.get(language()) or told.get("detail") or told.get("title")
            return f"{said} [{told.get('code', self.status)}]"
        except (orjson.JSONDecodeError, AttributeError):
            return f"HTTP {self.status}"


class Who(NamedTuple):
    """The member that runs a node, by its own word."""

    code: str
    name: str
    url: str

    def __str__(self) -> str:
        return " ".join(filter(None, (self.name, self.code, self.url)))


def reads_certificates(url: str) -> bool:
    """Whether a client of this URL alone needs them, which take longer than all else about it. A
    node leads nobody elsewhere: redirects are not followed."""
    return not url.lower().startswith("http:")


class Node:
    """One gateway by its URL."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/")
        self.token = token or token_of(self.url)
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            self._client = httpx.Client(
                base_url=self.url,
                headers=headers,
                timeout=TIMEOUT,
                trust_env=False,
                verify=reads_certificates(self.url),
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise Unknown(f"{url}: {error}") from error

    def close(self) -> None:
        """Drop the connections."""
        self._client.close()

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def who(self) -> Who:
        """Who it says that it is; a node that says nothing has its address alone."""
        answer = self.get("/v1/node")
        told = answer.json() if answer.status == httpx.codes.OK else {}
        told = told if isinstance(told, dict) else {}
        return Who(code=str(told.get("code", "")), name=str(told.get("name", "")), url=self.url)

    def unready(self) -> str | None:
        """Why it can take or anchor no records now, by its own word; None where it can."""
        answer = self._once("GET", "/readyz")
        return answer.problem() if answer.status == httpx.codes.SERVICE_UNAVAILABLE else None

    def get(self, path: str, **params: str) -> Answer:
        """Whatever the node answers; Unknown where it does not."""
        return self._ask("GET", path, params=params)

    def get_slowly(self, path: str, **params: str) -> Answer:
        """The same of what a node may take minutes to make, as it asks others for it."""
        return self._ask("GET", path, params=params, timeout=SLOW)

    def post(self, path: str, **content: Any) -> Answer:
        """The same with content. Asking again is harmless: a record sent twice is a duplicate."""
        return self._ask("POST", path, **content)

    def post_slowly(self, path: str, **content: Any) -> Answer:
        """As `get_slowly`."""
        return self._ask("POST", path, timeout=SLOW, **content)

    def _ask(self, method: str, path: str, **content: Any) -> Answer:
        end = time.monotonic() + _PATIENCE
        while True:
            answer = self._once(method, path, **content)
            pause = retry_after(answer)
            if answer.status not in _LATER or time.monotonic() + pause > end:
                break
            time.sleep(pause)
        if answer.status in _LATER:
            raise Unknown(f"{self.url}: {answer.problem()}")
        return answer

    def _once(self, method: str, path: str, **content: Any) -> Answer:
        try:
            with self._client.stream(method, path, **content) as response:
                parts: list[bytes] = []
                room = MAX_ANSWER
                for part in response.iter_bytes():
                    room -= len(part)
                    if room < 0:
                        raise Unknown(f"{self.url}: more than {MAX_ANSWER} bytes")
                    parts.append(part)
                return Answer(response.status_code, response.headers, b"".join(parts))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            text = say(zh="无法连接节点", en="the node cannot be reached")
            raise Unknown(f"{self.url}: {text} ({error})") from error


def retry_after(answer: Answer) -> float:
    """Seconds that the node asks us to wait."""
    text = answer.headers.get("retry-after", "1")
    return min(_LONGEST_PAUSE, float(text)) if text.isascii() and text.isdigit() else 1.0


def expect(answer: Answer, *statuses: int) -> Answer:
    """The answer if its status is one of these; Refused with what the node says otherwise."""
    if answer.status == httpx.codes.UNAUTHORIZED:
        hint = say(
            zh="请用 --token 或 CREDIT_LEDGER_TOKEN 提供令牌",
            en="give a token with --token or CREDIT_LEDGER_TOKEN",
        )
        raise Refused(f"{answer.problem()}: {hint}")
    if answer.status not in statuses:
        raise Refused(answer.problem())
    return answer


def token_of(url: str) -> str | None:
    """The token kept by `network up`, where `url` is an endpoint of the network in
    CREDIT_LEDGER_DIR (default ./.credit-ledger). CREDIT_LEDGER_TOKEN comes first."""
    if token := os.environ.get("CREDIT_LEDGER_TOKEN"):
        return token.strip()
    folder = Path(os.environ.get("CREDIT_LEDGER_DIR") or _DEFAULT_DIR)
    for settings in sorted(folder.glob("members/*/gateway.toml")):
        token_file = settings.parent / "token"
        if token_file.is_file() and _place(url) == _listens_at(settings):
            return token_file.read_text("utf-8").strip()
    return None


def _listens_at(settings: Path) -> tuple[str, int] | None:
    try:
        http = tomllib.loads(settings.read_text("utf-8")).get("http", {})
        return _loopback(str(http.get("host", "127.0.0.1"))), int(http["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _place(url: str) -> tuple[str, int] | None:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return _loopback(parts.host), port


def _loopback(host: str) -> str:
    return "127.0.0.1" if host == "localhost" else host
