"""JSON-RPC 2.0 to one node over HTTP, bounded in bytes, time and depth.

The bound on time is on the whole call, however slowly the node drips its answer.
"""

import contextlib
import itertools
from collections.abc import Sequence
from typing import Any, Protocol

import orjson

from ledger.chain.errors import Reverted, RpcError, RpcFailure, RpcNonsense, RpcRefused
from ledger.chain.http import MAX_BYTES, TIMEOUT, Http, place

Json = Any

# Deepest answer we ask for is a receipt: object, logs, log, topics. Room for revert data.
MAX_DEPTH = 12
_OK, _TOO_MANY, _SERVER_ERROR = 200, 429, 500


class Caller(Protocol):
    """Anything that answers JSON-RPC calls."""

    @property
    def name(self) -> str:
        """Stands for it in messages."""

    def call(self, method: str, params: Sequence[Json] = ()) -> Json:
        """The `result`; raises RpcFailure."""


class Rpc:
    """One node. Safe to share between threads."""

    def __init__(
        self,
        url: str,
        *,
        name: str | None = None,
        timeout: float = TIMEOUT,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """`name` stands for the node in messages, by default its host and port."""
        self.url = url
        self.name = name or place(url)
        self.timeout = timeout
        self._max_bytes = max_bytes
        self._ids = itertools.count(1)
        self._http = Http(
            verify=url.startswith("https"), headers={"content-type": "application/json"}
        )

    def call(self, method: str, params: Sequence[Json] = ()) -> Json:
        """The `result` of one call. Raises RpcFailure (and nothing else foreign)."""
        request = {
            "jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)
        }  # fmt: skip
        status, body = self._http.request(
            "POST",
            self.url,
            content=orjson.dumps(request),
            timeout=self.timeout,
            max_bytes=self._max_bytes,
        )
        return self._result(status, body, request["id"])

    def close(self) -> None:
        """Drops the connections."""
        self._http.close()

    def _result(self, status: int, body: bytes, request_id: object) -> Json:
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            raise RpcRefused(self.name, status)
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            if status != _OK:
                raise RpcRefused(self.name, status) from error
            raise RpcNonsense(self.name, "not JSON") from error
        if _depth(answer) > MAX_DEPTH:
            raise RpcNonsense(self.name, f"nested deeper than {MAX_DEPTH}")
        # Some nodes put a JSON-RPC error into HTTP status 400; it says more than the status.
        if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
            raise _node_error(self.name, answer["error"])
        if status != _OK:
            raise RpcRefused(self.name, status)
        if not isinstance(answer, dict) or answer.get("id") != request_id:
            raise RpcNonsense(self.name, "not the answer to this call")
        if "result" not in answer or answer.get("error") is not None:
            raise RpcNonsense(self.name, "neither result nor error")
        return answer["result"]


class Failover:
    """Several nodes of one chain behind `Caller`: the next is asked where one gives no answer.

    An error object is an answer. For what must be true and not only likely, use `quorum`.
    """

    def __init__(self, rpcs: Sequence[Caller]) -> None:
        if not rpcs:
            raise ValueError("no node to ask")
        self.name = "any node"
        self._rpcs = tuple(rpcs)
        self._first = 0

    def call(self, method: str, params: Sequence[Json] = ()) -> Json:
        """The first answer; the node that gave it is asked first next time."""
        start = self._first
        failures: list[RpcFailure] = []
        for step in range(len(self._rpcs)):
            turn = (start + step) % len(self._rpcs)
            try:
                result = self._rpcs[turn].call(method, params)
            except RpcError:
                self._first = turn
                raise
            except RpcFailure as failure:
                failures.append(failure)
            else:
                self._first = turn
                return result
        raise failures[0]


def _node_error(url: str, error: dict[str, Json]) -> RpcError:
    number = error.get("code")
    number = number if isinstance(number, int) else 0
    # It ends up on somebody's terminal.
    text = "".join(c if c.isprintable() else " " for c in str(error.get("message", ""))[:500])
    payload = _revert_payload(error.get("data"))
    # Geth and anvil: code 3. Others: -32000 or -32015 and the word, in message or data.
    if number == 3 or "revert" in text.lower() or (payload and number == -32015):  # noqa: PLR2004
        return Reverted(url, number=number, text=text, payload=payload)
    return RpcError(url, number=number, text=text, data=error.get("data"))


def _revert_payload(data: Json) -> bytes:
    """Revert data as geth ("0x…"), Nethermind ("Reverted 0x…") and Hardhat ({"data"}) give it."""
    if isinstance(data, dict):
        data = data.get("data") or data.get("result")
    if not isinstance(data, str):
        return b""
    text = data.removeprefix("Reverted ")
    if not text.startswith("0x"):
        return b""
    with contextlib.suppress(ValueError):
        return bytes.fromhex(text[2:])
    return b""


def _depth(value: Json) -> int:
    """How deep lists and objects are nested; without recursion, and no deeper than it must."""
    depth, layer = 0, [value]
    while depth <= MAX_DEPTH:
        layer = [item for item in layer if isinstance(item, dict | list)]
        if not layer:
            break
        depth += 1
        layer = [
            child for item in layer for child in (item.values() if isinstance(item, dict) else item)
        ]
    return depth
