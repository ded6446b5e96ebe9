"""JSON-RPC 2.0 to one node over HTTP, bounded in bytes, time and depth.

The bound on time is on the whole call, however slowly the node drips its answer.
"""

import contextlib
import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import orjson

from ledger.chain.errors import (
    Reverted,
    RpcError,
    RpcNonsense,
    RpcPruned,
    RpcRefused,
    RpcTimeout,
)
from ledger.chain.nodes.http import MAX_BYTES, TIMEOUT, Answer, Http, place

Json = Any

# Deepest answer we ask for is a receipt: object, logs, log, topics. Room for revert data.
MAX_DEPTH = 12
_OK, _TOO_MANY, _SERVER_ERROR = 200, 429, 500
# Seconds for which refusals are put up with where the caller says nothing else.
FAILOVER_SECONDS = 10.0
_PRUNED = re.compile(
    r"prun|missing trie node|history.*(unavailable|not available|expired)|old data not available"
    r"|state (is |was )?not available|state at block .* not|distance to target block exceeds",
    re.I,
)


class Caller(Protocol):
    """Anything that answers JSON-RPC calls."""

    @property
    def name(self) -> str:
        """What stands for it in messages."""

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
        on_timeout: Callable[[], None] = lambda: None,
    ) -> None:
        """`name` stands for the node in messages, by default its host and port. `on_timeout`: told
        of every call that had no answer within `timeout`, in the thread that made it."""
        self.url = url
        self.name = name or place(url)
        self.timeout = timeout
        self._max_bytes = max_bytes
        self._on_timeout = on_timeout
        self._ids = itertools.count(1)
        self._http = Http(
            verify=url.startswith("https"), headers={"content-type": "application/json"}
        )

    def call(self, method: str, params: Sequence[Json] = ()) -> Json:
        """The `result` of one call. Raises RpcFailure (and nothing else foreign)."""
        request = self._request(method, params)
        answer = self._post(request)
        return self._result(self._parse(answer), answer.status, request["id"])

    def batch(
        self, calls: Sequence[tuple[str, Sequence[Json]]]
    ) -> list[Json | RpcError | RpcPruned]:
        """The results of several calls in one request; an RpcError or RpcPruned in place of each
        that failed.

        Raises RpcFailure where the node gives no such list: not every node takes batches.
        """
        requests = [self._request(method, params) for method, params in calls]
        answer = self._post(requests)
        parsed = self._parse(answer)
        if not isinstance(parsed, list):
            self._result(parsed, answer.status, None)
            raise RpcNonsense(self.name, "no answers to a batch")
        by_id = {item["id"]: item for item in parsed if _has_id(item)}
        found: list[Json] = []
        for request in requests:
            try:
                found.append(self._result(by_id.get(request["id"]), answer.status, request["id"]))
            except (RpcError, RpcPruned) as error:
                found.append(error)
        return found

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def _request(self, method: str, params: Sequence[Json]) -> dict[str, Json]:
        return {
            "jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)
        }  # fmt: skip

    def _post(self, content: Json) -> Answer:
        try:
            return self._http.ask(
                "POST",
                self.url,
                content=orjson.dumps(content),
                timeout=self.timeout,
                max_bytes=self._max_bytes,
            )
        except RpcTimeout:
            self._on_timeout()
            raise

    def _parse(self, answer: Answer) -> Json:
        status = answer.status
        refused = RpcRefused(self.name, status, retry_after=answer.retry_after)
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            raise refused
        try:
            parsed = orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            if status != _OK:
                raise refused from error
            raise RpcNonsense(self.name, "not JSON", page=True) from error
        if _depth(parsed) > MAX_DEPTH:
            raise RpcNonsense(self.name, f"nested deeper than {MAX_DEPTH}")
        return parsed

    def _result(self, answer: Json, status: int, request_id: object) -> Json:
        # Some nodes put a JSON-RPC error into HTTP status 400; it says more than the status.
        if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
            raise _node_error(self.name, answer["error"])
        if status != _OK:
            raise RpcRefused(self.name, status)
        if not isinstance(answer, dict) or request_id is None or answer.get("id") != request_id:
            raise RpcNonsense(self.name, "not the answer to this call")
        if "result" not in answer or answer.get("error") is not None:
            raise RpcNonsense(self.name, "neither result nor error")
        return answer["result"]


def _has_id(item: Json) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), int)


def _node_error(url: str, error: dict[str, Json]) -> RpcError | RpcPruned:
    number = error.get("code")
    number = number if isinstance(number, int) else 0
    # It ends up on somebody's terminal.
    text = "".join(c if c.isprintable() else " " for c in str(error.get("message", ""))[:500])
    payload = _revert_payload(error.get("data"))
    # Geth and anvil: code 3. Others: -32000 or -32015 and the word, in message or data.
    if number == 3 or "revert" in text.lower() or (payload and number == -32015):  # noqa: PLR2004
        return Reverted(url, number=number, text=text, payload=payload)
    if _PRUNED.search(text):
        return RpcPruned(url, f"{number} {text}")
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
