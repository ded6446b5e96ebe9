"""Every anchor judged by what stood at its block, and its signature checked again."""

from __future__ import annotations

from ledger.audit.findings import Findings
from ledger.audit.signatures import Signed, check
from ledger.audit.state import Anchor, Key, Log, State, within
from ledger.audit.times import BlockTimes
from ledger.chain.nodes.quorum import View
from ledger.core.ids import bytes32_ascii
from ledger.core.keys import Purpose


def judge_anchors(
    state: State, log: Log, times: BlockTimes, findings: Findings, size: int = 0
) -> None:
    """Findings about the anchors of one log: order, keys, suspension, closing. size: from which
    they go on."""

    def add(code: str, anchor: Anchor, **evidence: str | int) -> None:
        _add(findings, log, code, anchor, **evidence)

    for anchor in log.anchors:
        if anchor.prev_size != size or anchor.size <= anchor.prev_size:
            add("anchor-discontinuous", anchor, expected=size, prevSize=anchor.prev_size)
        size = anchor.size
        member = state.members.get(log.member)
        if member is not None and any(within(span, anchor.place) for span in member.away):
            add("anchor-while-suspended", anchor)
        if log.closed is not None and anchor.place > log.closed[0]:
            add("anchor-after-close", anchor)
        elif log.closed is not None and anchor.size > log.closed[1]:
            add("anchor-beyond-trusted", anchor, trustedSize=log.closed[1])
    for key_id in dict.fromkeys(anchor.key_id for anchor in log.anchors):
        signed = [anchor for anchor in log.anchors if anchor.key_id == key_id]
        invalid, disputed = _judge_key(state.keys.get((log.member, key_id)), signed, times)
        for anchor in invalid:
            add("anchor-key-not-valid", anchor, keyId=key_id.hex())
        for anchor in disputed:
            add("anchor-key-disputed", anchor, keyId=key_id.hex())


def check_signatures(view: View, chain_id: int, log: Log, findings: Findings) -> None:
    """Findings about the signatures of the anchors of one log. Raises CouldNotCheck."""
    signed = (
        Signed(
            tx=anchor.tx,
            contract="LogAnchor",
            address=anchor.contract,
            function="anchor",
            struct="Checkpoint",
            expected={
                "member": bytes32_ascii(log.member),
                "logId": log.log_id,
                "prevSize": anchor.prev_size,
                "size": anchor.size,
                "root": anchor.root,
            },
            key_id=anchor.key_id,
        )
        for anchor in log.anchors
    )
    for anchor, (_, seen) in zip(log.anchors, check(view, chain_id, signed), strict=True):
        if seen == "no-transaction":
            where = f"log/{log.log_id.hex()}/anchor/{anchor.size}"
            findings.unchecked("transaction-missing", where, tx=anchor.tx)
        elif seen != "valid":
            _add(findings, log, f"anchor-signature-{seen}", anchor, keyId=anchor.key_id.hex())


def _add(findings: Findings, log: Log, code: str, anchor: Anchor, **evidence: str | int) -> None:
    where = f"log/{log.log_id.hex()}/anchor/{anchor.size}"
    findings.add(code, log=log.log_id, member=log.member, where=where, tx=anchor.tx, **evidence)


def _judge_key(
    key: Key | None, signed: list[Anchor], times: BlockTimes
) -> tuple[list[Anchor], list[Anchor]]:
    """Of the anchors that name a key, those outside its window, and those after it was stolen."""
    if key is None or key.purpose != Purpose.ANCHOR:
        return signed, []
    low = times.from_on(signed, key.not_before)
    high = max(low, times.from_on(signed, key.not_after + 1))
    stolen = high
    if key.compromised_since:
        stolen = max(low, times.from_on(signed, key.compromised_since))
    return [*signed[:low], *signed[high:]], signed[stolen:high]
