"""What lies at the address of a contract that is voted in: whoever votes compares it with what
ships."""

from __future__ import annotations

from ledger.chain.contracts.contract_abi import load
from ledger.chain.contracts.structs import REGISTER_CONTRACT
from ledger.chain.founding.succession import ROLES
from ledger.chain.governing.actions import Action, decode_action
from ledger.cli.acting import Hand
from ledger.cli.language import say
from ledger.core.errors import Malformed


def voted_code(hand: Hand, action: Action) -> str | None:
    """`shipped`: what ships with this software for that role; `other`, `none`: nothing lies there.
    None where the action registers no contract, or cannot be read."""
    if action.kind != REGISTER_CONTRACT:
        return None
    try:
        decoded = decode_action(action.kind, action.data)
    except Malformed:
        return None
    if decoded is None:
        return None
    role, code = str(decoded.values["role"]), hand.view.code(decoded.values["account"])
    if not code:
        return "none"
    known = ROLES.get(role)
    return "shipped" if known and load(known).is_deployed_as(code) else "other"


def code_words(code: str) -> str:
    """The same for people."""
    return {
        "shipped": say(zh="与本软件所附一致", en="what ships with this software"),
        "other": say(
            zh="与本软件所附不同，请先核对其源代码",
            en="not what ships with this software: look at its source first",
        ),
        "none": say(zh="该地址没有合约", en="nothing lies at the address"),
    }[code]
