"""Which gateway, and who asks it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import httpx

from ledger.client.errors import AnswerMalformed
from ledger.client.wire import Request
from ledger.core.errors import ConfigError

MAX_TOKEN: Final = 512
"""Characters; those of gateways have 47."""
_LAST_PORT: Final = 65535
_SCHEMES: Final = ("http", "https")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One gateway by its URL, with whatever is a token there.

    token_file: read anew for each request, so that a token is replaced by replacing the file. tls:
    whom to believe about certificates, None: whom the system does. allow_http: whether a token may
    go over a connection that others can read; to this machine itself it always may.
    """

    url: str
    token: str | None = None
    token_file: Path | None = None
    tls: ssl.SSLContext | None = None
    allow_http: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot work, or is not safe. Raises ConfigError."""
        parts = _parts(self.url)
        if parts.scheme not in _SCHEMES or not parts.host or (parts.port or 0) > _LAST_PORT:
            raise ConfigError("url", "is no http or https URL with a host")
        if parts.userinfo or parts.query or parts.fragment:
            raise ConfigError("url", "has a user, a query or a fragment, give a token by itself")
        if self.token is not None and self.token_file is not None:
            raise ConfigError("token", "is given beside token_file")
        if self.token is not None:
            _check(self.token, "token")
        has_token = self.token is not None or self.token_file is not None
        if has_token and parts.scheme == "http" and not (self.allow_http or _is_local(parts.host)):
            raise ConfigError("url", "token would be readable on the way, use https or allow_http")

    @property
    def base(self) -> str:
        """The URL without a slash at its end; it may have a path."""
        return self.url.rstrip("/")

    @property
    def name(self) -> str:
        """Scheme, host and port, for messages."""
        parts = _parts(self.url)
        return f"{parts.scheme}://{parts.netloc.decode('ascii', 'replace')}"

    def other(self, url: str) -> Site:
        """Another gateway that this one names, to which no token goes. Raises AnswerMalformed."""
        try:
            return Site(url=url, tls=self.tls)
        except ConfigError as error:
            problem = "what it names as another gateway is no URL of one"
            raise AnswerMalformed(self.name, problem) from error

    def bearer(self) -> str | None:
        """The token as it is now; None: there is none. Raises ConfigError."""
        if self.token_file is None:
            return self.token
        try:
            with self.token_file.open("rb") as file:
                data = file.read(MAX_TOKEN + 3)  # a line end may follow
            token = data.decode("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(str(self.token_file), "cannot be read") from error
        _check(token, str(self.token_file))
        return token

    def headers(self, request: Request) -> list[tuple[str, str]]:
        """All header fields of a request."""
        token = self.bearer()
        given = [] if token is None else [("authorization", f"Bearer {token}")]
        # Nothing small unfolds to something large.
        return [("accept-encoding", "identity"), *given, *request.headers]


def _parts(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise ConfigError("url", "is no URL") from error


def _check(token: str, setting: str) -> None:
    if not 0 < len(token) <= MAX_TOKEN or not (token.isascii() and token.isprintable()):
        raise ConfigError(setting, "is no token")
    if " " in token:
        raise ConfigError(setting, "is no token")


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
