"""A ledger to be audited, made without gateways: one log of records and statements on a real chain,
cases with their acts and openings, and its pieces over HTTP. In a minute there is a million."""

from __future__ import annotations

import http.server
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson

from ledger.audit.opening_files import Asked, piece_name
from ledger.core import merkle, note
from ledger.core.case import Step
from ledger.core.docs import Doc
from ledger.core.entry import parse_entry, record_entry
from ledger.core.ids import Digest, RecordId, record_id
from ledger.core.keys import Purpose
from ledger.core.opening import Opening, Promised
from ledger.core.promise import MAX_LEAVES, MAX_PROMISE, Promise, digest
from ledger.core.statement import Statement, dummy
from ledger.core.status import Act, Action, Basis
from ledger.core.tiles import (
    WIDTH,
    Tile,
    append,
    consistency_path_at,
    encode_bundle,
    entries_path,
    tile_path,
)
from ledger.core.verdict.facts import date_of
from tests.support.anvil import start_anvil
from tests.support.cases import acknowledge, act, make_act
from tests.support.chain import PROVINCES, TestNetwork, deploy_network

OWNER, FILER = "120000", "110000"
AUTHORITY = "11120000000000001X"
ANCHORED = 10_000
"""Entries of one anchor."""
ACTS = 64
"""Of one transaction."""
ANSWERED = 1024
"""Leaves of one answer of `audit openings`."""
_PERIOD = "2025-01"
"""Long enough ago that repairs may be granted, so the records of it are late."""


@dataclass
class Tiles:
    """The tiles of the log, as `ledger.core.tiles` reads them."""

    held: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def tile(self, level: int, n: int, width: int) -> bytes:
        """Its first hashes."""
        return self.held[level, n][: width * 32]

    def put(self, tiles: Sequence[Tile]) -> None:
        """As they are now."""
        self.held.update({(one.level, one.n): one.data for one in tiles})


@dataclass
class Filled:
    """A log that is filled. records: how many stand before the statements."""

    network: TestNetwork
    folder: Path
    records: int
    cases: int
    entries: list[bytes] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    _tiles: Tiles = field(default_factory=Tiles)
    _anchored: int = 0
    _salts: int = 0

    @property
    def log(self) -> Any:
        """Its id."""
        return self.network.log_id(OWNER)

    def fill(self) -> None:
        """All of it."""
        self._records()
        self._cases()
        self._serve_files()
        self._openings()
        acknowledge(self.network, *PROVINCES)
        self.network.anvil.mine(2)

    # ---- entries

    def _records(self) -> None:
        for number in range(self.records):
            self.entries.append(
                record_entry(
                    commitment=_commitment(number),
                    log=self.log,
                    period=_PERIOD,
                    schema="penalty@1",
                    timely="no",
                )
            )
            if len(self.entries) - self._anchored >= ANCHORED:
                self._anchor()
        self._anchor()

    def _anchor(self) -> None:
        """What is there, in a transaction of its own."""
        before, size = self._anchored, len(self.entries)
        if size == before:
            return
        leaves = [merkle.leaf_hash(entry) for entry in self.entries[before:]]
        grown = append(self._tiles, before, leaves)
        self._tiles.put(grown.tiles)
        data = self.network.anchor_calldata(
            OWNER,
            prev_size=before,
            size=size,
            root=grown.root,
            proof=consistency_path_at(self._tiles, before, size),
        )
        key = f"{OWNER}/{size}"
        self.network.sender.send(key, self.network.deployment.log_anchor, data)
        self.network.sender.wait(key)
        self.network.sender.done(key)
        self._anchored, self._root = size, grown.root

    # ---- cases: three repairs, then an objection, and so on

    def _cases(self) -> None:
        """In rounds, so that acts of one key go in few transactions."""
        at = self.network.anvil.head_time() - 60
        for first in range(0, self.cases, ACTS):
            numbers = range(first, min(self.cases, first + ACTS))
            objected = [number for number in numbers if number % 4 == 3]  # noqa: PLR2004
            repaired = [number for number in numbers if number % 4 != 3]  # noqa: PLR2004
            filed = [self._objected(number, at) for number in objected]
            self._act([self._made(*one[:2], one[2][0], 0) for one in filed])
            granted = [self._repaired(number, at) for number in repaired]
            granted += [(number, Action.SETTLE, said[1]) for number, _, said in filed]
            self._act(
                [
                    self._made(number, action, made, int(action == Action.SETTLE))
                    for number, action, made in granted
                ]
            )
        while len(self.statements) % 16:
            self.statements.append(dummy(at=at, iss=OWNER, log=self.log, salt=self._salt()))
        self.entries += [one.entry() for one in self.statements]
        self._anchor()

    def _record(self, number: int) -> RecordId:
        return record_id(self.log, Digest(_commitment(number)))

    def _objected(self, number: int, at: int) -> tuple[int, Action, list[Statement]]:
        """An objection that is dismissed."""
        filed = self._step("file-objection", self._record(number), at, note="有误")
        asked = self._step("national-result", filed, at + 1)
        return number, Action.DISPUTE, [filed, self._step("dismiss", asked, at + 2)]

    def _repaired(self, number: int, at: int) -> tuple[int, Action, Statement]:
        """A repair that is granted."""
        filed = self._step("file-repair", self._record(number), at, received=date_of(at))
        accepted = self._step("accept", filed, at + 1)
        values = {"basis": 1, "class_": "general", "docs": (self._doc(),)}
        return number, Action.REPAIR, self._step("grant", accepted, at + 2, **values)

    def _made(self, number: int, action: Action, made: Statement, version: int) -> Act:
        return make_act(
            self.network,
            action,
            self.log,
            _commitment(number),
            doc=made.doc(),
            basis=made.step().basis or Basis.COURT,
            expected_version=version,
        )

    def _step(self, name: str, of: bytes | Statement, at: int, **changes: Any) -> Statement:
        values: dict[str, Any] = {"act": name, "authority": AUTHORITY, "channel": "desk"}
        values |= {"role": f"unit-1:{name}", "day": date_of(at)}
        if isinstance(of, Statement):
            before = of.step()
            values |= {"case": before.case, "record": before.record}
            values |= {"step": before.step + 1, "prev": of.commitment}
        else:
            values |= {"case": self._salt(), "record": RecordId(Digest(of))}
        members = Step(**values | changes).members()
        made = Statement(
            at=at, iss=OWNER, log=self.log, salt=self._salt(), sort="case", members=members
        )
        self.statements.append(made)
        return made

    def _act(self, acts: Sequence[Act]) -> None:
        if acts:
            act(self.network, OWNER, *acts)

    def _salt(self) -> bytes:
        self._salts += 1
        return sha256(b"salt %d" % self._salts).digest()

    def _doc(self) -> Doc:
        return Doc(name="决定书.pdf", salt=self._salt(), sha256=self._salt(), size=7)

    # ---- what is served, and handed over

    def _serve_files(self) -> None:
        """Every piece as a file, and the checkpoint."""
        base, size = self.folder / "logs" / self.log.hex(), len(self.entries)
        pieces = {
            tile_path(level, n, len(data) // 32): data
            for (level, n), data in self._tiles.held.items()
        }
        for n in range(-(-size // WIDTH)):
            part = self.entries[n * WIDTH : (n + 1) * WIDTH]
            pieces[entries_path(n, len(part))] = encode_bundle(part)
        body = note.checkpoint_body(note.origin_of(self.log), size, self._root)
        key = self.network.keys[OWNER, Purpose.NOTE]
        pieces["checkpoint"] = note.encode_checkpoint(body, key.public_key, key.sign(body)).encode()
        for path, data in pieces.items():
            file = base / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        (self.folder / "network.json").write_bytes(self.network.file.encode())

    def _openings(self) -> None:
        """Answers of the owner, for every leaf."""
        first, size = self.records, len(self.entries)
        opened: dict[int, list[Any]] = {}
        for start in range(0, len(self.statements), MAX_LEAVES):
            part = self.statements[start : start + MAX_LEAVES]
            for at, made in enumerate(self._promised(part), first + start):
                opened.setdefault(at // ANSWERED, []).append(orjson.loads(made.encode()))
        for n in range(-(-size // ANSWERED)):
            asked = Asked(self.log, n * ANSWERED, min(size, (n + 1) * ANSWERED))
            path = self.folder / "openings" / piece_name(asked)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(orjson.dumps({"next": None, "openings": opened.get(n, [])}))

    def _promised(self, part: Sequence[Statement]) -> Iterator[Opening]:
        """Openings by one promise over them."""
        network, at = self.network, min(one.at for one in part)
        leaves = [merkle.leaf_hash(one.entry()) for one in part]
        terms: dict[str, Any] = {"leaves_root": merkle.root(leaves), "count": len(leaves)}
        terms |= {"issued_at": at, "due": at + MAX_PROMISE}
        signed = digest(
            chain_id=network.file.chain_id,
            log_anchor=network.deployment.log_anchor,
            member=OWNER,
            log=self.log,
            **terms,
        )
        key = network.keys[OWNER, Purpose.ANCHOR]
        promise = Promise(log=self.log, signature=key.sign_digest(signed), **terms)
        for index, made in enumerate(part):
            path = tuple(merkle.inclusion_path(leaves, index))
            proof = Promised(index=index, path=path, promise=promise)
            yield Opening(statement=made, entry=parse_entry(made.entry()), proof=proof)


def _commitment(number: int) -> bytes:
    return sha256(b"record %d" % number).digest()


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder over kept connections, silently."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written apart: each file would wait 40 ms

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def _serve(folder: str, port: Any) -> None:
    """Run in a process of its own."""
    handler = partial(_Handler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    port.send(server.server_port)
    server.serve_forever()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """URL at which the files of a folder are."""
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(os.fspath(folder), theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{mine.recv()}"
    finally:
        process.terminate()
        process.join()


@contextmanager
def filled(folder: Path, entries: int, cases: int) -> Iterator[Filled]:
    """A ledger of about so many entries, of which three are statements of each case."""
    with start_anvil() as anvil:
        network = deploy_network(anvil)
        made = Filled(network, folder, records=entries - 3 * cases, cases=cases)
        made.fill()
        yield made
