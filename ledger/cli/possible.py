"""What could never be carried out is not proposed: looked up on the chain before it is sent."""

from __future__ import annotations

from ledger.chain.contracts.structs import ACTIVE, RETIRED, SUSPENDED
from ledger.chain.governing.actions import Action, decode_action
from ledger.cli.acting import Hand
from ledger.cli.language import say
from ledger.cli.output import Refused
from ledger.cli.proposals import OPEN, active_provinces, motions

_STATUSES = {
    "suspend": (ACTIVE,),
    "reinstate": (SUSPENDED,),
    "retire": (ACTIVE, SUSPENDED),
    "set-roles": (ACTIVE, SUSPENDED),
    "open-log": (ACTIVE, SUSPENDED),
    "compromise-key": (ACTIVE, SUSPENDED, RETIRED),
    "compromise-all": (ACTIVE, SUSPENDED, RETIRED),
}
"""Status that a member needs for what is proposed about it."""
_NAMES = {ACTIVE: "ACTIVE", SUSPENDED: "SUSPENDED", RETIRED: "RETIRED"}


def demand_possible(hand: Hand, wanted: Action) -> None:
    """Raise Refused where the chain, as it is now, would not carry it out."""
    decoded = decode_action(wanted.kind, wanted.data)
    assert decoded is not None  # noqa: S101 - it was made by its name
    kind, values = decoded.name, decoded.values
    if kind in _STATUSES:
        _demand_status(hand, values["member"], _STATUSES[kind])
    if kind == "compromise-key" and hand.consortium.key(values["member"], values["keyId"]) is None:
        raise Refused(say(zh="该成员没有此密钥。", en="the member has no such key."))
    if kind == "set-chair" and values["member"] not in active_provinces(hand):
        who = values["member"]
        raise Refused(say(zh=f"{who} 不是有效省市。", en=f"{who} is no active province."))
    if kind == "recover-key" and hand.consortium.member(values["key"]["member"]) is None:
        raise _unknown(values["key"]["member"])
    if kind == "admit" and hand.consortium.member(values["founder"]["code"]) is not None:
        who = values["founder"]["code"]
        raise Refused(say(zh=f"{who} 已是成员。", en=f"{who} is a member already."))
    if kind == "set-threshold":
        _demand_threshold(values["threshold"], len(active_provinces(hand)))


def demand_new(hand: Hand, wanted: Action) -> None:
    """Raise Refused where the same is open for votes."""
    for motion in motions(hand):
        if motion.state in OPEN and motion.action == wanted:
            raise Refused(
                say(
                    zh=f"相同的提案 {motion.id} 尚可表决；确要再提，加 --again。",
                    en=f"the same is open for votes as {motion.id}; --again proposes it anew.",
                )
            )


def _demand_status(hand: Hand, code: str, wanted: tuple[int, ...]) -> None:
    found = hand.consortium.member(code)
    if found is None:
        raise _unknown(code)
    if found.status not in wanted:
        names, now = ", ".join(_NAMES[one] for one in wanted), _NAMES.get(found.status, "?")
        raise Refused(
            say(
                zh=f"{code} 的状态为 {now}，此提案须为 {names}，不可能执行。",
                en=f"{code} is {now}; this needs {names} and could not be carried out.",
            )
        )


def _demand_threshold(threshold: int, provinces: int) -> None:
    least = provinces // 2 + 1
    if not least <= threshold <= provinces:
        raise Refused(
            say(
                zh=f"有 {provinces} 个省市，门槛须在 {least} 至 {provinces} 之间。",
                en=f"with {provinces} provinces the threshold is from {least} to {provinces}.",
            )
        )


def _unknown(code: str) -> Refused:
    return Refused(say(zh=f"{code} 不是本网络的成员。", en=f"{code} is no member of this network."))
