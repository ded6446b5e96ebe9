"""What an archive proves of the anchor of a record, beyond its event.

The event stands in a block of which nodes said that it is below the header. Whoever makes an
archive could make such a block with another event in it. But the call of an anchor is signed by a
key of the owner of the log, and the key stands in the state: so which sizes it joins and which key
it was are proven, and a later anchor with a clean key cannot be passed off as the first. The time
is not: it is at most the deadline of the signature. Where the key is held to be stolen since before
that, the time decides, and then the block has to be known as well as the header.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from ledger.audit.signatures import Signed, signed_call
from ledger.chain.contracts.events import Anchored, decode_events
from ledger.chain.network import NetworkFile
from ledger.core.canonical import hex0x
from ledger.core.errors import CouldNotCheck, ProofMismatch
from ledger.core.ids import Digest, LogId
from ledger.core.verdict.facts import AnchorFact
from ledger.core.verdict.verdict import Verdict
from ledger.evidence.archived import Archived
from ledger.evidence.told import ToldBlock, ToldTransaction


def demand_anchors(
    source: Archived, network: NetworkFile, verdicts: Iterable[Verdict]
) -> Iterator[Digest]:
    """Check the anchor of each receipt; hashes of the blocks whose time decides, which have to be
    known. Raises ProofMismatch where it is not what was signed, CouldNotCheck where that is not
    seen."""
    for verdict in verdicts:
        facts, receipt = verdict.facts, verdict.receipt
        if facts is None or receipt is None or facts.anchor is None:
            continue
        deadline = _deadline(source, network, receipt.log, facts.anchor)
        key = facts.keys.get(facts.anchor.key_id)
        since = None if key is None else key.stolen_since(verdict.question.end_of_as_of)
        if since is None or not facts.anchor.block.time < since <= deadline:
            continue
        block, _ = _place(source, facts.anchor)
        yield block.header.hash


def demand_known(timed: Iterable[Digest], known: Container[Digest]) -> None:
    """Raise CouldNotCheck where a time decides that is not proven. timed: as `demand_anchors` gave
    it; known: hashes of blocks that are known to be of the chain."""
    for one in timed:
        if one not in known:
            raise CouldNotCheck("anchor-time-open", hex0x(one))


def _deadline(source: Archived, network: NetworkFile, log: LogId, anchor: AnchorFact) -> int:
    """Until when the call of an anchor could be taken, by who signed it."""
    _, transaction = _place(source, anchor)
    entries = [
        event
        for event in decode_events("LogAnchor", transaction.logs)
        if isinstance(event, Anchored) and (event.log_id, event.size) == (log, anchor.size)
    ]
    for event in entries:
        signed = Signed(
            tx=anchor.tx,
            contract="LogAnchor",
            address=event.entry.address,
            function="anchor",
            struct="Checkpoint",
            expected={
                "logId": log,
                "prevSize": anchor.prev_size,
                "size": anchor.size,
                "root": anchor.root,
            },
            key_id=anchor.key_id,
        )
        said = signed_call(signed, network.chain_id, transaction.calldata)
        if said is not None:
            return _demand_time(anchor, int(said["deadline"]))
    raise CouldNotCheck("anchor-not-signed", anchor.tx)


def _demand_time(anchor: AnchorFact, deadline: int) -> int:
    """The contract takes nothing later."""
    if anchor.block.time > deadline:
        raise ProofMismatch(
            "time of an anchor",
            expected=f"until {deadline}",
            actual=anchor.block.time,
            code="proof-differs",
        )
    return deadline


def _place(source: Archived, anchor: AnchorFact) -> tuple[ToldBlock, ToldTransaction]:
    """Where its event stands: events come from nowhere else."""
    return source.transaction(anchor.block.number, anchor.tx)
