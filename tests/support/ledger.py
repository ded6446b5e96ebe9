"""Logs of members on a real chain, without any gateway: entries, anchors, receipts, tiles.

log = MemberLog(network, "110000")
index = log.put(make_record(log))
log.anchor()
data = log.receipt(index)
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ledger.audit.tiles import Missing
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.blocks import Reader
from ledger.core import canonical, merkle, note, receipt
from ledger.core.canonical import b64u_encode, unhex0x
from ledger.core.commitment import Commitment, Header, commit
from ledger.core.entry import period, record_entry
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, LogId, sha256
from ledger.core.keys import Purpose
from ledger.core.presentation import bind, present
from ledger.core.receipt import Anchor
from ledger.core.tiles import encode_bundle, parse_path
from ledger.records.publicity import Decision, rules_id, until
from ledger.records.rules import newest
from ledger.records.schema import Schema, load
from tests.support.chain import TestNetwork

SUBJECT, OTHER = "91110000600037341L", "91110108551385082Q"
DECIDED = date(2026, 10, 12)
FIELDS: dict[str, Any] = {
    "CF_XDR_MC": "合成样例科技有限公司",
    "CF_XDR_LB": "法人及非法人组织",
    "CF_XDR_SHXYM": SUBJECT,
    "CF_FRDB": "样例人",
    "CF_WSH": "样市监罚〔2026〕1号",
    "CF_CFLB": ["罚款"],
    "CF_NR_FK": "0.2",
    "CF_JDRQ": DECIDED.isoformat(),
    "CF_GSJZQ": "2027-10-12",
}


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record as a gateway would keep it."""

    entry: bytes
    commitment: Commitment


def _until(schema: Schema, class_: str | None, decided: date, end: date | None) -> date | None:
    """As intake gives it for an authority without rules of its own."""
    decision = Decision(
        schema=schema, adverse=schema.adverse, class_=class_, decided=decided, kinds=(None,)
    )
    return until(newest(), decision, end)


def _hide(made: Commitment, other: Commitment) -> Commitment:
    """A commitment in which the disclosures of another one stand in place of decoys, at its end."""
    value = canonical.parse(made.payload, allow_null=True)
    for place, text in enumerate(other.disclosures.values(), start=1):
        value["_sd"][-place] = b64u_encode(sha256(text.encode()))
    payload = canonical.encode(value, allow_null=True)
    return Commitment(payload, sha256(payload), made.disclosures | other.disclosures)


def make_record(
    log: MemberLog,
    *,
    schema: Schema | None = None,
    decided: date = DECIDED,
    class_: str | None = "general",
    secret: bytes | None = None,
    iss: str | None = None,
    end: date | None = date(2027, 10, 12),
    says: dict[str, Any] | None = None,
    hidden: dict[str, Any] | None = None,
    timely: str = "unknown",
    **changes: Any,
) -> Record:
    """A penalty. changes: fields that differ, None for one that is not there. says: what the
    payload says though the fields do not. hidden: fields of a second record, whose digests stand at
    places that the first leaves empty; these are what is disclosed of them."""
    schema = schema or load("penalty")
    fields = {**FIELDS, "CF_JDRQ": decided.isoformat(), **changes}
    fields["CF_GSJZQ"] = None if end is None else end.isoformat()
    fields = {name: value for name, value in fields.items() if value is not None}
    header = Header(
        class_=class_,
        decided=decided,
        iss=iss or log.member,
        log=log.log_id,
        rules=rules_id(),
        schema=f"{schema.id}:{schema.sha256}",
        until=_until(schema, class_, decided, end),
    )
    header = replace(header, **(says or {}))
    secret = secret or hashlib.sha256(f"{log.member}{len(log.entries)}".encode()).digest()
    made = commit(schema.slots, fields, secret, header)
    if hidden:
        made = _hide(made, commit(schema.slots, hidden, bytes(32), header))
    entry = record_entry(
        commitment=made.digest,
        log=log.log_id,
        period=period(decided),
        schema=schema.id,
        timely=timely,
    )
    return Record(entry=entry, commitment=made)


@dataclass(frozen=True, kw_only=True)
class Anchored:
    """An anchor of ours, as the chain took it."""

    prev_size: int
    size: int
    block: int
    block_hash: str
    time: int
    tx: str


@dataclass
class MemberLog:
    """The log of one member. `served` changes what `fetch` gives, by path."""

    network: TestNetwork
    member: str
    entries: list[bytes] = field(default_factory=list)
    anchors: list[Anchored] = field(default_factory=list)
    records: dict[int, Record] = field(default_factory=dict)
    served: dict[str, bytes | None] = field(default_factory=dict)

    @property
    def log_id(self) -> LogId:
        return self.network.log_id(self.member)

    def key(self, purpose: Purpose) -> LocalSigner:
        return self.network.keys[self.member, purpose]

    def put(self, record: Record) -> int:
        """Appends; the index."""
        self.records[len(self.entries)] = record
        self.entries.append(record.entry)
        return len(self.entries) - 1

    def put_raw(self, *entries: bytes) -> None:
        """Appends whatever it is."""
        self.entries += entries

    def leaves(self, size: int | None = None) -> list[Digest]:
        return [merkle.leaf_hash(entry) for entry in self.entries[:size]]

    def root(self, size: int | None = None) -> Digest:
        leaves = self.leaves(size)
        return merkle.root(leaves) if leaves else merkle.EMPTY_ROOT

    def anchor(self, signer: LocalSigner | None = None) -> Anchored:
        """Anchors what is there, in a transaction of its own."""
        prev, size = self.anchors[-1].size if self.anchors else 0, len(self.entries)
        data = self.network.anchor_calldata(
            self.member,
            prev_size=prev,
            size=size,
            root=self.root(),
            proof=merkle.consistency_path(self.leaves(), prev),
            signer=signer,
        )
        key = f"{self.member}/{size}"
        self.network.sender.send(key, self.network.deployment.log_anchor, data)
        mined = self.network.sender.wait(key)
        self.network.sender.done(key)
        block = Reader(self.network.anvil.rpc).block(mined.block)
        assert block is not None
        made = Anchored(
            prev_size=prev,
            size=size,
            block=mined.block,
            block_hash=mined.block_hash,
            time=block.time,
            tx=mined.tx,
        )
        self.anchors.append(made)
        return made

    def checkpoint(self, size: int | None = None, signer: LocalSigner | None = None) -> str:
        """A signed checkpoint of the first `size` entries."""
        size = len(self.entries) if size is None else size
        body = note.checkpoint_body(note.origin_of(self.log_id), size, self.root(size))
        key = signer or self.key(Purpose.NOTE)
        return note.encode_checkpoint(body, key.public_key, key.sign(body))

    def present(
        self,
        index: int,
        *,
        show: Sequence[str] | None = None,
        signer: LocalSigner | None = None,
        iat: int | None = None,
    ) -> str:
        """The fields of a record, all or those named, signed."""
        made = self.records[index].commitment
        key = signer or self.key(Purpose.PRESENT)
        return present(
            made.payload,
            [text for name, text in made.disclosures.items() if show is None or name in show],
            sign=key.sign,
            kid=key.key_id,
            alg=key.alg,
            iat=self.network.anvil.head_time() if iat is None else iat,
        )

    def receipt(
        self,
        index: int,
        *,
        anchored: Anchored | None = None,
        bare: bool = False,
        checkpoint: str | None = None,
        bound_to: tuple[str, str] | None = None,
        **presentation: Any,
    ) -> bytes:
        """The receipt by the first covering anchor, or by another one. bound_to: audience and nonce
        of a binding."""
        by = anchored or next(a for a in self.anchors if a.prev_size <= index < a.size)
        shown = None if bare else self.present(index, **presentation)
        return receipt.build(
            anchor=Anchor(
                block=by.block,
                block_hash=Digest(unhex0x(by.block_hash, 32)),
                time=by.time,
                tx=Digest(unhex0x(by.tx, 32)),
            ),
            checkpoint=checkpoint or self.checkpoint(by.size),
            entry=self.entries[index],
            index=index,
            network=self.network.file.reference,
            path=merkle.inclusion_path(self.leaves(by.size), index),
            presentation=shown,
            binding=self._bind(shown, *bound_to) if shown and bound_to else None,
        )

    def _bind(self, shown: str, audience: str, nonce: str) -> str:
        key = self.key(Purpose.PRESENT)
        return bind(
            shown,
            audience=audience,
            nonce=nonce,
            authorisation=None,
            sign=key.sign,
            kid=key.key_id,
            alg=key.alg,
            iat=self.network.anvil.head_time(),
        )

    def cosigned(self, size: int, *members: str, signer: LocalSigner | None = None) -> str:
        """The checkpoint of the first `size` entries, cosigned by these members now."""
        head = note.parse_checkpoint(self.checkpoint(size))
        lines = []
        for member in members:
            key = signer or self.network.keys[member, Purpose.WITNESS]
            line = note.cosign(
                head,
                member=member,
                time=self.network.anvil.head_time(),
                public_key=key.public_key,
                sign=key.sign,
            )
            lines.append(line)
        return replace(head, witnesses=tuple(lines)).text

    def fetch(self, path: str, max_bytes: int) -> bytes:
        """What the member serves at a path below its log's URL."""
        if path in self.served:
            data = self.served[path]
        else:
            data = self._tile(path)
        if data is None:
            raise Missing(path)
        return data

    def _tile(self, path: str) -> bytes | None:
        if path == "checkpoint":
            return self.checkpoint().encode()
        try:
            level, n, width = parse_path(path)
        except Malformed:
            return None
        if level is None:
            part = self.entries[256 * n : 256 * n + width]
            return encode_bundle(part) if len(part) == width else None
        span = 256**level
        leaves = self.leaves()
        firsts = range(256 * n * span, (256 * n + width) * span, span)
        if firsts[-1] + span > len(leaves):
            return None
        return b"".join(merkle.root(leaves[first : first + span]) for first in firsts)


@contextmanager
def serve(*logs: MemberLog, gone: Callable[[str], bool] = lambda path: False) -> Iterator[str]:
    """The logs over HTTP; the URL of whoever serves them. gone: paths answered by 404."""
    by_id = {log.log_id.hex(): log for log in logs}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _, _, name, rest = (*self.path.split("/", 3), "", "")[:4]
            try:
                if gone(rest) or name not in by_id:
                    raise Missing(rest)
                status, body = 200, by_id[name].fetch(rest, 1 << 30)
            except Missing:
                status, body = 404, b""
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
