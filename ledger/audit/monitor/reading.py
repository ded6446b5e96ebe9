"""Reading what members serve, once a round: bounded in bytes and in time, and never tried again
within it. The next round is the next try."""

from __future__ import annotations

from typing import Final

from ledger.audit.tiles import Missing, Unreachable
from ledger.chain.errors import RpcFailure
from ledger.chain.nodes.http import Http

__all__ = ["LOOK_SECONDS", "TIMEOUT", "Once"]

TIMEOUT: Final = 10.0
"""Seconds for one piece."""
LOOK_SECONDS: Final = 60.0
"""For everything that is read of one log, copy or gateway in a round."""
_OK, _TOO_MANY, _SERVER_ERROR = 200, 429, 500


class Once:
    """A `Fetch` that asks once."""

    def __init__(self, http: Http, url: str) -> None:
        self._http = http
        self.url = url

    def __call__(self, path: str, max_bytes: int) -> bytes:
        """The body; raises Missing where it is not served, Unreachable where nobody can tell."""
        try:
            status, body = self._http.request(
                "GET", f"{self.url}/{path}", timeout=TIMEOUT, max_bytes=max_bytes
            )
        except RpcFailure as error:
            raise Unreachable(path) from error
        if status == _OK:
            return body
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            raise Unreachable(path)
        raise Missing(path)
