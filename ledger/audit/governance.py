"""Contracts by their roles, votes behind what was carried out, and keys that a vote planted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.audit.consortium import Codes
from ledger.audit.findings import Findings
from ledger.audit.signatures import Signed, check
from ledger.audit.state import CarriedOut, Proposal, State, recovered
from ledger.audit.tiles import is_plain_url
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import View
from ledger.core.canonical import hex32
from ledger.core.ids import Address, bytes32_ascii, keccak256

CONSORTIUM = "Consortium"


def judge_contracts(
    state: State, network: NetworkFile, codes: Codes, findings: Findings
) -> list[dict[str, Any]]:
    """The contracts as the report shows them, and findings about them."""
    first = (network.deploy_block, 0)
    held = {CONSORTIUM: [(first, network.consortium)], **dict(sorted(state.contracts.items()))}
    shown = []
    for role, accounts in held.items():
        for number, (place, account) in enumerate(accounts):
            where = f"contract/{role}/{account}"
            if number:
                findings.add(
                    "contract-replaced",
                    member="",
                    where=where,
                    predecessor=accounts[number - 1][1],
                    block=place[0],
                )
            shown.append(_contract(role, account, place[0], codes, findings))
    return shown


def _contract(
    role: str, account: Address, block: int, codes: Codes, findings: Findings
) -> dict[str, Any]:
    code, ours = codes.at(account), codes.ours(role, account)
    where, digest = f"contract/{role}/{account}", hex32(keccak256(code))
    if ours is None:
        findings.add("contract-not-known", member="", where=where, codeHash=digest)
    elif not ours:
        findings.add("contract-not-ours", member="", where=where, codeHash=digest)
    return {
        "role": role,
        "address": account,
        "block": block,
        "codeHash": digest,
        "shipped": {True: "yes", False: "no", None: "unknown"}[ours],
    }


def judge_keys(state: State, findings: Findings) -> None:
    """Keys that a vote planted."""
    for key in state.keys.values():
        if recovered(state, key):
            findings.add(
                "key-recovered",
                member=key.member,
                where=f"member/{key.member}/key/{key.key_id.hex()}",
                tx=key.tx,
                purpose=key.purpose,
                notBefore=key.not_before,
            )


def judge_endpoints(state: State, findings: Findings) -> None:
    """An endpoint is a URL, not a place to leave text for ever."""
    for member in state.members.values():
        if member.endpoint and not is_plain_url(member.endpoint):
            where = f"member/{member.code}/endpoint"
            findings.add("endpoint-not-a-url", member=member.code, where=where)


def check_votes(
    view: View, network: NetworkFile, state: State, findings: Findings
) -> list[dict[str, Any]]:
    """Votes that were carried out, as the report shows them, and findings about their signatures.

    Raises CouldNotCheck.
    """
    executed = sorted(
        (
            (proposal.executed, proposal)
            for proposal in state.proposals.values()
            if proposal.executed is not None
        ),
        key=lambda one: (one[0], one[1].proposal_id),
    )
    signed = [one for _, proposal in executed for one in _signed(network.consortium, proposal)]
    places = [place for _, proposal in executed for place in _places(proposal)]
    answers = check(view, network.chain_id, signed)
    for (where, member), (one, seen) in zip(places, answers, strict=True):
        if seen == "no-transaction":
            findings.unchecked("transaction-missing", where, tx=one.tx)
        elif seen != "valid":
            findings.add(
                f"vote-signature-{seen}",
                member=member,
                where=where,
                tx=one.tx,
                keyId=one.key_id.hex(),
            )
    return [_vote(proposal, carried_out) for carried_out, proposal in executed]


def _places(proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Of each signature: where it stands, and whose it is."""
    where = f"proposal/{proposal.proposal_id.hex()}"
    yield where, proposal.proposer
    for ballot in proposal.ballots:
        yield f"{where}/vote/{ballot.member}", ballot.member


def _signed(consortium: Address, proposal: Proposal) -> Iterator[Signed]:
    yield Signed(
        tx=proposal.tx,
        contract="Consortium",
        address=consortium,
        function="propose",
        struct="Propose",
        expected={
            "member": bytes32_ascii(proposal.proposer),
            "kind": proposal.kind,
            "dataHash": proposal.data_hash,
            "salt": proposal.salt,
        },
        key_id=proposal.key_id,
    )
    for ballot in proposal.ballots:
        yield Signed(
            tx=ballot.tx,
            contract="Consortium",
            address=consortium,
            function="vote",
            struct="Vote",
            expected={
                "member": bytes32_ascii(ballot.member),
                "proposalId": proposal.proposal_id,
                "choice": ballot.choice,
            },
            key_id=ballot.key_id,
        )


def _vote(proposal: Proposal, carried_out: CarriedOut) -> dict[str, Any]:
    """A proposal that was carried out, with all votes that were cast on it."""
    place, tx, threshold = carried_out
    return {
        "proposal": hex32(proposal.proposal_id),
        "proposer": proposal.proposer,
        "kind": proposal.kind,
        "dataHash": hex32(proposal.data_hash),
        "threshold": threshold,
        "block": place[0],
        "tx": tx,
        "votes": [
            {
                "member": ballot.member,
                "choice": ballot.choice,
                "keyId": hex32(ballot.key_id),
                "block": ballot.place[0],
            }
            for ballot in proposal.ballots
        ],
    }
