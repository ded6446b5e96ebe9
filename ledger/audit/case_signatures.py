"""Signatures of acts and acknowledgements, checked again from the transactions that brought
them."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.audit.cases import Acknowledging, Cases, action_name
from ledger.audit.done import Done
from ledger.audit.findings import Findings
from ledger.audit.signatures import Signed, check
from ledger.chain.contracts.structs import code_word
from ledger.chain.nodes.quorum import View
from ledger.core.status import act_values


def check_case_signatures(view: View, chain_id: int, cases: Cases, findings: Findings) -> None:
    """Findings about them. Votes are checked with their proposals. Raises CouldNotCheck."""
    answers = check(view, chain_id, map(_act, _signed(cases)))
    for done, (one, seen) in zip(_signed(cases), answers, strict=True):
        if seen == "no-transaction":
            findings.unchecked("transaction-missing", done.where, tx=one.tx)
        elif seen != "valid":
            findings.add(
                f"act-signature-{seen}",
                log=done.acted.act.log,
                member=done.member,
                where=done.where,
                tx=one.tx,
                action=action_name(done.acted.act.action),
                keyId=one.key_id.hex(),
            )
    answers = check(view, chain_id, map(_acknowledgement, cases.acknowledgements))
    for made, (one, seen) in zip(cases.acknowledgements, answers, strict=True):
        if seen == "no-transaction":
            findings.unchecked("transaction-missing", made.where, tx=one.tx)
        elif seen != "valid":
            findings.add(
                f"ack-signature-{seen}",
                member=made.member,
                where=made.where,
                tx=one.tx,
                keyId=one.key_id.hex(),
            )


def _signed(cases: Cases) -> Iterator[Done]:
    return (done for done in cases.acts.in_order() if done.member)


def _act(done: Done) -> Signed:
    """It stands in a list of acts, which is signed as one."""
    return Signed(
        tx=done.tx,
        contract="CaseRegistry",
        address=done.contract,
        function="act",
        struct="Acts",
        expected={"member": code_word(done.member)},
        among={"acts": act_values(done.acted.act)},
        key_id=done.acted.signed_by,
    )


def _acknowledgement(made: Acknowledging) -> Signed:
    return Signed(
        tx=made.tx,
        contract="CaseRegistry",
        address=made.contract,
        function="acknowledge",
        struct="Ack",
        expected={
            "member": code_word(made.member),
            "count": made.count,
            "head": made.head,
        },
        key_id=made.key_id,
    )
