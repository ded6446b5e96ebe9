"""Talking to a gateway: bounded, patient where it asks for patience, and with its token.

Nothing a gateway says is believed here; what it hands out is verified by `verify`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from ledger.cli.language import language, say
from ledger.cli.output import Refused, Unknown
from ledger.cli.problems import told
from ledger.client import wire
from ledger.client.errors import AnswerMalformed, NoAnswer
from ledger.client.flows import ask
from ledger.client.site import Site
from ledger.client.terms import Terms
from ledger.client.transport import Transport
from ledger.core.errors import ConfigError

TIMEOUT = 600.0  # seconds for one exchange: a large answer, on a slow line
SILENCE = (
    60.0  # between two pieces of an answer: a node that stores 4 096 rows is silent for a while
)
# "Later" (429, 503) is taken for an answer so often, then for unreachable.
_PATIENCE = 60.0
_LONGEST_PAUSE = 10.0
_DEFAULT_DIR = ".credit-ledger"


class Answer:
    """Status, headers and whole body."""

    def __init__(self, found: wire.Answer) -> None:
        self.found = found
        self.status = found.status
        self.headers = found.headers
        self.body = found.body

    def json(self) -> Any:
        """The body as JSON; Unknown where it is none."""
        try:
            return self.found.json()
        except AnswerMalformed as error:
            message = say(zh="节点的回答不是 JSON。", en="The node's answer is not JSON.")
            raise Unknown(message) from error

    def problem(self) -> str:
        """What a problem document says, in the language of whoever reads."""
        told = self.found.problem()
        text = told.get("text")
        said = text.get(language()) if isinstance(text, dict) else None
        said = said or told.get("detail") or told.get("title")
        # Where the body has not the right form, the text says how that of the field must be.
        at = told.get("field") if told.get("rule") == "body-form" else None
        place = f"{at}: " if isinstance(at, str) else ""
        return f"{place}{said} [{told.get('code', self.status)}]" if told else f"HTTP {self.status}"


class Who(NamedTuple):
    """The member that runs a node, by its own word."""

    code: str
    name: str
    url: str

    def __str__(self) -> str:
        return " ".join(filter(None, (self.name, self.code, self.url)))


class Node:
    """One gateway by its URL."""

    def __init__(self, url: str, token: str | None, *, foreign: bool = False) -> None:
        """token: None: that which is kept for it. foreign: it is somebody else's node, which is
        shown none."""
        self.url = url.rstrip("/")
        self.token = None if foreign else token or token_of(self.url)
        terms = Terms(
            silence=SILENCE,
            timeout=TIMEOUT,
            deadline=TIMEOUT,
            tries=1,
            patience=_PATIENCE,
            first_pause=0.0,
            longest_pause=_LONGEST_PAUSE,
        )
        try:
            # Whoever types a command knows over which line it goes.
            site = Site(url=self.url, token=self.token, allow_http=True)
            self.transport = Transport(site, terms)
        except ConfigError as error:
            raise Unknown(f"{url}: {told(error)}") from error
        self.terms = terms

    def close(self) -> None:
        """Drop the connections."""
        self.transport.close()

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def who(self) -> Who:
        """Who it says that it is; a node that says nothing has its address alone."""
        answer = self.get("/v1/node")
        said = answer.json() if answer.status == httpx.codes.OK else {}
        said = said if isinstance(said, dict) else {}
        return Who(code=str(said.get("code", "")), name=str(said.get("name", "")), url=self.url)

    def unready(self) -> str | None:
        """Why it can take or anchor no records now, by its own word; None where it can."""
        with self._told():
            asked = wire.Request(method="GET", path="/readyz")
            answer = Answer(self.transport.send(asked, SILENCE))
        return answer.problem() if answer.status == httpx.codes.SERVICE_UNAVAILABLE else None

    def get(self, path: str, **params: str) -> Answer:
        """Whatever the node answers; Unknown where it does not."""
        return self.ask(_request("GET", path, params=params))

    def get_slowly(self, path: str, **params: str) -> Answer:
        """The same of what a node may take minutes to make, as it asks others for it."""
        return self.ask(_request("GET", path, params=params, slow=True))

    def post(self, path: str, **content: Any) -> Answer:
        """The same with content. Asking again is harmless: a record sent twice is a duplicate."""
        return self.ask(_request("POST", path, **content))

    def post_slowly(self, path: str, **content: Any) -> Answer:
        """As `get_slowly`."""
        return self.ask(_request("POST", path, slow=True, **content))

    def ask(self, request: wire.Request) -> Answer:
        """The answer to a request, whatever it is; Unknown where there is none."""
        with self._told():
            return Answer(self.transport.drive(ask(request, self.terms)))

    def delete(self, path: str) -> Answer:
        """The answer to taking something away; harmless to ask again."""
        return self.ask(_request("DELETE", path))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Unknown in place of what went wrong on the way."""
        try:
            yield
        except NoAnswer as error:
            raise unknown_of(self.url, error) from error


def _request(
    method: str,
    path: str,
    *,
    params: Mapping[str, str] | None = None,
    slow: bool = False,
    **content: Any,
) -> wire.Request:
    """A request with content as httpx takes it: `json`, `content`, `data`, `files`, `headers`."""
    made = httpx.Request(method, "http://unused", **content)
    kind = made.headers.get("content-type")
    given = {name.lower(): value for name, value in content.get("headers", {}).items()}
    headers = given if kind is None else given | {"content-type": kind}
    return wire.Request(
        method=method,
        path=path,
        params=tuple((params or {}).items()),
        headers=tuple(headers.items()),
        content=made.read() if content else None,
        repeat=wire.Repeat.REFUSED,
        slow=slow,
        max_bytes=wire.MAX_ANSWER,
    )


def unknown_of(url: str, error: NoAnswer) -> Unknown:
    """What a node says of why it gives no answer, or that it cannot be reached."""
    if error.remedy:
        said = error.remedy.get(language()) or error.remedy.get("en")
        return Unknown(f"{url}: {said} [{error.reason or error.code}]")
    text = say(zh="无法连接节点", en="the node cannot be reached")
    return Unknown(f"{url}: {text} ({error.message})")


def retry_after(answer: Answer) -> float:
    """Seconds that the node asks us to wait."""
    wanted = answer.found.retry_after
    return 1.0 if wanted is None else min(_LONGEST_PAUSE, wanted)


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
