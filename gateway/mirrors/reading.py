"""Reading what others are and have: their logs and keys from the chain, their tiles over HTTP."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.audit.tiles import Missing, NotCalled, Unreachable, is_plain_url, log_url, mirror_url
from ledger.chain.contracts.bindings import LOG_ANCHOR, Consortium
from ledger.chain.contracts.events import Anchored, decode_events, topic
from ledger.chain.contracts.structs import ACTIVE, OPEN, Key
from ledger.chain.errors import RpcFailure, RpcNotPublic
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import View
from ledger.core.ids import Address
from ledger.core.keys import Alg, Purpose, Role

PIECE_SECONDS = 10.0
"""For one tile or bundle."""
_OK, _NOT_FOUND = 200, 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another ACTIVE province. endpoint: "" where it names none that is a plain URL. logs: id and
    the last size that counts, None while it is open. notes: Ed25519 keys of its checkpoints."""

    code: str
    endpoint: str
    logs: tuple[tuple[bytes, int | None], ...]
    notes: tuple[bytes, ...]
    witnesses: tuple[Key, ...]

    def url(self, log_id: bytes) -> str:
        """Where it serves a log of its own."""
        return log_url(self.endpoint, log_id)

    def mirror_url(self, log_id: bytes) -> str:
        """Where it serves a log of another."""
        return mirror_url(self.endpoint, log_id)


def read_peers(view: View, network: NetworkFile, own: str) -> list[Peer]:
    """All other ACTIVE provinces. Raises CouldNotCheck."""
    consortium = Consortium(network.consortium, view.call, view.calls)
    found = []
    for member in consortium.members():
        if member.code == own or member.status != ACTIVE or not member.roles & Role.PROVINCE:
            continue
        keys = [key for key in consortium.keys(member.code) if key.alg == Alg.ED25519]
        found.append(
            Peer(
                code=member.code,
                endpoint=member.endpoint if is_plain_url(member.endpoint) else "",
                logs=tuple(
                    (log.log_id, None if log.status == OPEN else log.trusted_size)
                    for log in consortium.logs(member.code)
                ),
                notes=tuple(key.public_key for key in keys if key.purpose == Purpose.NOTE),
                witnesses=tuple(key for key in keys if key.purpose == Purpose.WITNESS),
            )
        )
    return found


def anchor_contracts(view: View, network: NetworkFile) -> list[Address]:
    """Every contract that ever took anchors. Raises CouldNotCheck."""
    history = Consortium(network.consortium, view.call, view.calls).contract_history(LOG_ANCHOR)
    return [Address(entry.account) for entry in history]


def newest_anchor(
    view: View,
    contracts: Sequence[Address],
    log_id: bytes,
    *,
    first: int,
    last: int,
    closed: int | None,
) -> tuple[int, bytes] | None:
    """Size and root of the largest anchor in blocks `first` … `last`; None: there is none there.
    closed: beyond it none counts. Raises CouldNotCheck."""
    found: list[tuple[int, bytes]] = []
    for address in contracts:
        events = view.logs(address, (topic(Anchored), log_id), first=first)
        found += [
            (event.size, event.root)
            for event in decode_events("LogAnchor", events)
            if isinstance(event, Anchored)
            and event.entry.block <= last
            and (closed is None or event.size <= closed)
        ]
    return max(found, default=None)


class PeerFetch:
    """`ledger.audit.tiles.Fetch` with one end for all that is fetched: a server that stalls keeps
    nobody longer. Nothing is asked for twice; the next turn does that."""

    def __init__(self, http: Http, url: str, end: float) -> None:
        """`end`: by `time.monotonic()`."""
        self._http = http
        self._url = url
        self._end = end

    def __call__(self, path: str, max_bytes: int) -> bytes:
        """See `Fetch`. Raises Missing, Unreachable, NotCalled."""
        left = min(PIECE_SECONDS, self._end - time.monotonic())
        if left <= 0:
            raise Unreachable(path)
        try:
            status, body = self._http.request(
                "GET", f"{self._url}/{path}", timeout=left, max_bytes=max_bytes
            )
        except RpcNotPublic:
            raise NotCalled(path) from None
        except RpcFailure:
            raise Unreachable(path) from None
        if status == _OK:
            return body
        raise Missing(path) if status == _NOT_FOUND else Unreachable(path)
