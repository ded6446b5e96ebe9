"""Sending one message to one URL: no redirect is followed, and nothing is read of the answer but
its status. To which addresses it goes is for the client (`Http`) that is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from ledger.chain.errors import RpcFailure, RpcTimeout
from ledger.chain.nodes.http import Http
from ledger.core.errors import CouldNotCheck
from ledger.hooks.messages import Message, headers

CONNECT_SECONDS: Final = 5.0
"""Of a try, for connecting."""
MAX_URL: Final = 2048
"""Characters."""


class NotDelivered(CouldNotCheck):
    """An event did not come there.

    code: `http-NNN` `redirected` `gone` `too-slow` `unreachable` `name-unknown` `address-private`
    `target-refused`. retry_after: seconds after which the receiver wants to be asked again; None:
    not said.
    """

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        super().__init__(code, code)
        self.retry_after = retry_after


def is_fit(url: str, *, production: bool) -> bool:
    """Whether a URL may be sent to, before its name is looked up: https in production, of a host,
    without user or fragment, in printable ASCII."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    schemes = ("https",) if production else ("https", "http")
    plain = not (parts.username or parts.password or parts.fragment or "@" in parts.netloc)
    ascii_ = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    return parts.scheme in schemes and named and plain and ascii_ and len(url) <= MAX_URL


def post(
    http: Http,
    url: str,
    message: Message,
    *,
    at: int,
    keys: Sequence[str],
    agent: str,
    timeout: float,
) -> None:
    """Send it once. at: Unix seconds that it says. keys: as in `headers`. agent: who sends.
    timeout: seconds for the whole try. Raises NotDelivered unless the receiver took it, and what
    the client's look-up of names raises."""
    try:
        answer = http.status(
            "POST",
            url,
            content=message.body,
            headers=[("user-agent", agent), *headers(message, at, keys)],
            timeout=timeout,
            connect=CONNECT_SECONDS,
        )
    except RpcTimeout as error:
        raise NotDelivered("too-slow") from error
    except RpcFailure as error:
        raise NotDelivered("unreachable") from error
    _demand_taken(answer.status, answer.retry_after)


def _demand_taken(status: int, retry_after: float | None) -> None:
    """Of the receiver's word its status alone counts."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status == HTTPStatus.GONE:
        raise NotDelivered("gone")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise NotDelivered("redirected", retry_after)
    raise NotDelivered(f"http-{status}", retry_after)
