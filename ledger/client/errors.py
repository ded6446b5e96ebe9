"""What a gateway did not do. A branch of the tree in `ledger.core.errors`:

LedgerError
└─ ClientError
   ├─ Refused                 the answer is no: asking for the same again will not help
   │  ├─ NotAllowed             by this token (401, 403)
   │  └─ NotFound               there is no such thing here, or not any more (404, 410)
   └─ NoAnswer                nothing is known; a `CouldNotCheck` too
      ├─ Unreachable            no connection: it was never sent, so nothing was done
      ├─ AnswerLost             it was sent and no whole answer came: it may have been done
      ├─ NotReady               not now (429, 503), or not within the time that was given to it
      └─ AnswerMalformed        what came is no answer of a gateway that we know
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import httpcore
import httpx

from ledger.core.errors import CouldNotCheck, LedgerError
from ledger.core.texts import Text

__all__ = [
    "FOREIGN",
    "AnswerLost",
    "AnswerMalformed",
    "ClientError",
    "NoAnswer",
    "NotAllowed",
    "NotFound",
    "NotReady",
    "Refused",
    "Unreachable",
    "translate",
]


class ClientError(LedgerError):
    """Root of this branch."""


class Refused(ClientError):
    """The gateway says no.

    status: of HTTP. code: stable. field: what is at fault, None: nothing in particular. remedy:
    what is wrong and what to do, in zh and en. document: all that the gateway says, for members
    such as `replacedBy` or `possibleFrom`.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        field: str | None,
        remedy: Text,
        document: Mapping[str, Any],
    ) -> None:
        super().__init__(f"{remedy.get('en', code)} [{code}]")
        self.status = status
        self.code = code
        self.field = field
        self.remedy = remedy
        self.document = document


class NotAllowed(Refused):
    """The token is missing, unknown, or not for this."""


class NotFound(Refused):
    """There is nothing of that name, or nothing any more."""


class NoAnswer(ClientError, CouldNotCheck):
    """Nothing is known of what was asked. retry_after: seconds after which asking again makes
    sense, by the gateway's own word; None: it did not say. reason: its code for why, None where it
    gives none. remedy: what it says besides, in zh and en; empty where it says nothing."""

    retry_after: float | None = None
    reason: str | None = None
    remedy: Text = MappingProxyType({})


class Unreachable(NoAnswer):
    """No connection to `url`: whatever was to be sent was not."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__("gateway-unreachable", f"{url}: {problem}", url=url)


class AnswerLost(NoAnswer):
    """Something was sent to `url`, and no whole answer came. What was asked for may have been done:
    look before asking again for what must not be done twice."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__("answer-lost", f"{url}: {problem}", url=url)


class NotReady(NoAnswer):
    """Not now. status: of HTTP, None where the gateway answered, and what was waited for is not
    there."""

    def __init__(
        self,
        url: str,
        problem: str,
        *,
        retry_after: float | None = None,
        reason: str | None = None,
        remedy: Text | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__("not-ready", f"{url}: {problem}", url=url, reason=reason)
        self.retry_after = retry_after
        self.reason = reason
        self.remedy = remedy or self.remedy
        self.status = status


class AnswerMalformed(NoAnswer):
    """What came from `url` is no answer of a gateway that we know."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__("answer-malformed", f"{url}: {problem}", url=url)


# Foreign exceptions stop here. First match wins, so the narrow ones stand first: only of these is
# it certain that nothing was sent.
FOREIGN: tuple[
    tuple[type[BaseException], type[Unreachable | AnswerLost | AnswerMalformed]], ...
] = (
    (httpx.ConnectError, Unreachable),
    (httpx.ConnectTimeout, Unreachable),
    (httpx.PoolTimeout, Unreachable),
    (httpx.ProxyError, Unreachable),
    (httpx.UnsupportedProtocol, Unreachable),
    (httpx.InvalidURL, Unreachable),
    (httpx.LocalProtocolError, Unreachable),  # a request that httpx itself does not send
    (httpx.DecodingError, AnswerMalformed),
    (httpx.TooManyRedirects, AnswerMalformed),
    (httpx.CookieConflict, AnswerMalformed),
    (httpx.HTTPError, AnswerLost),
    (httpx.StreamError, AnswerLost),
    (httpcore.ConnectError, Unreachable),
    (httpcore.ConnectTimeout, Unreachable),
    (httpcore.PoolTimeout, Unreachable),
    (httpcore.ConnectionNotAvailable, Unreachable),
    (httpcore.UnsupportedProtocol, Unreachable),
    (httpcore.ProxyError, Unreachable),
    (httpcore.LocalProtocolError, Unreachable),
    (httpcore.ProtocolError, AnswerLost),
    (httpcore.NetworkError, AnswerLost),
    (httpcore.TimeoutException, AnswerLost),
    (ssl.SSLError, AnswerLost),
    (UnicodeError, Unreachable),  # a host name that IDNA cannot spell
    (TimeoutError, AnswerLost),  # the whole exchange took too long
    (OSError, AnswerLost),
)


def translate(error: BaseException, url: str) -> NoAnswer | None:
    """Our error for a foreign one; None where the table has no line for it."""
    for foreign, ours in FOREIGN:
        if isinstance(error, foreign):
            said = str(error)
            return ours(url, f"{type(error).__name__}: {said}" if said else type(error).__name__)
    return None
