"""The plan of a network to be founded: a TOML file that all founders read before they sign.

name = "京津冀晋信用记录"
threshold = 3
max_head_age = 600
[finality]
rule = "latest"
[[member]]
code = "110000"
region = "110000"
roles = ["PROVINCE"]
endpoint = ""

A plan of a network that moves says besides what it was called (`formerly`), which keys and logs of
each member go on, and which items its catalogue has: `ledger.cli.plan_of_move`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.chain.contracts.structs import CatalogueItem
from ledger.chain.founding.founders import FounderKey, FounderLog
from ledger.chain.network import MAX_AGE, MAX_DEPTH, MAX_NAME, RULES, Finality
from ledger.cli.member_file import read_roles
from ledger.cli.plan_of_move import (
    MOVES,
    OF_MEMBER,
    quoted,
    read_formerly,
    read_items,
    read_keys,
    read_logs,
    read_refile_days,
)
from ledger.core.errors import ConfigError
from ledger.core.ids import CODE
from ledger.core.keys import Role

DEFAULT_NAME = "credit-ledger"
HEAD_AGE = 600
"""Seconds after which a head says too little of today, where the plan says nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMember:
    """region: "" for a member that is no province. endpoint: "" where its own file says it. keys:
    those that it has already; none: its own file says them. logs: those that it has already; none:
    it begins with a new one."""

    code: str
    region: str
    roles: Role
    endpoint: str = ""
    keys: tuple[FounderKey, ...] = ()
    logs: tuple[FounderLog, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """quorum: nodes that must agree; None: more than half of those that are named at founding.

    formerly: references of the network before it moved. refile_days: for so long after its founding
    a network that moved is filled anew. items: of the catalogue; None: those that ship.
    """

    name: str
    threshold: int
    max_head_age: int
    finality: Finality
    quorum: int | None
    members: tuple[PlannedMember, ...]
    formerly: tuple[str, ...] = ()
    refile_days: int = 0
    items: tuple[CatalogueItem, ...] | None = None

    @property
    def provinces(self) -> list[str]:
        """Codes of those that vote."""
        return [member.code for member in self.members if Role.PROVINCE in member.roles]


def majority(provinces: int) -> int:
    """The threshold that is proposed: the smallest that is allowed."""
    return provinces // 2 + 1


def write_plan(members: Sequence[PlannedMember]) -> bytes:
    """A plan with comments, to be edited and agreed on."""
    count = sum(Role.PROVINCE in member.roles for member in members)
    parts = [
        head_of_plan(
            name=DEFAULT_NAME,
            count=count,
            threshold=majority(count),
            head_age=HEAD_AGE,
            finality=Finality(rule="latest"),
        )
    ]
    parts += [
        member_text(code=one.code, region=one.region, roles=one.roles, endpoint=one.endpoint)
        for one in members
    ]
    return "".join(parts).encode()


def head_of_plan(
    *,
    name: str,
    count: int,
    threshold: int,
    head_age: int,
    finality: Finality,
    formerly: Sequence[str] = (),
    refile_days: int = 0,
) -> str:
    """All of a plan but members and items, with comments. count: of the provinces."""
    depth = f"depth = {finality.depth}\n" if finality.depth else ""
    moves = ""
    if formerly:
        references = ", ".join(f'"{one}"' for one in formerly)
        moves = _MOVED.format(references=references, days=refile_days)
    return _HEAD.format(
        name=quoted(name),
        count=count,
        threshold=threshold,
        head_age=head_age,
        moves=moves,
        rule=finality.rule,
        depth=depth,
    )


def member_text(*, code: str, region: str, roles: Role, endpoint: str) -> str:
    """A member in a plan."""
    names = ", ".join(f'"{role.name}"' for role in roles)
    return (
        f"\n[[member]]\ncode = {quoted(code)}\nregion = {quoted(region)}\n"
        f"roles = [{names}]\nendpoint = {quoted(endpoint)}\n"
    )


_HEAD = """\
# Plan of a network. All founders read it before `credit-ledger consortium found` runs.
name = {name}
# Yes votes that pass a proposal: more than half of the {count} provinces, at most all.
threshold = {threshold}
# Seconds after which the newest block says too little of today; more than the time between blocks.
max_head_age = {head_age}
# Nodes that must agree, of those named with --rpc. Without this line: more than half.
# quorum = 3
{moves}
[finality]
# When a block is final: "latest" (BFT engines: at once), "finalized" (the node's own tag), or
# "confirmations" with depth = N blocks.
rule = "{rule}"
{depth}"""
_MOVED = """\
# What the network was called before it moved; receipts that name one of these are to be renewed.
formerly = [{references}]
# For so many days after the founding members anchor again what they had anchored before.
refile_days = {days}
"""


def load_plan(path: Path) -> Plan:
    """Read a plan. Raises ConfigError naming the setting."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), str(error)) from error
    known = {"name", "threshold", "max_head_age", "quorum", "finality", "member", *MOVES}
    if unknown := sorted(values.keys() - known):
        raise ConfigError(unknown[0], f"is none of {', '.join(sorted(known))}")
    members = values.get("member")
    if not isinstance(members, list) or not members:
        raise ConfigError("member", "there is none")
    plan = Plan(
        name=_text(values, "name"),
        threshold=_number(values, "threshold", 64),
        max_head_age=_number(values, "max_head_age", MAX_AGE),
        finality=_finality(values.get("finality")),
        quorum=_number(values, "quorum", 16) if "quorum" in values else None,
        members=tuple(_member(member) for member in members),
        formerly=read_formerly(values),
        refile_days=read_refile_days(values),
        items=read_items(values),
    )
    _check(plan)
    return plan


def parse_member(text: str) -> PlannedMember:
    """`CODE:REGION:ROLES`, roles with commas; the region is empty for who is no province."""
    parts = text.split(":")
    if len(parts) != 3:  # noqa: PLR2004
        raise ConfigError(text, "is not CODE:REGION:ROLES")
    return _member({"code": parts[0], "region": parts[1], "roles": parts[2].upper().split(",")})


def _check(plan: Plan) -> None:
    """What the contract would refuse, said before anything is paid for."""
    codes = [member.code for member in plan.members]
    regions = [member.region for member in plan.members if Role.PROVINCE in member.roles]
    if len(set(codes)) < len(codes):
        raise ConfigError("member", "a code stands there twice")
    if "" in regions or len(set(regions)) < len(regions):
        raise ConfigError("region", "each province needs one of its own")
    count = len(plan.provinces)
    if not plan.threshold <= count < 2 * plan.threshold:
        raise ConfigError(
            "threshold", f"must be from {majority(count)} to {count} with {count} provinces"
        )


def _member(value: Any) -> PlannedMember:
    known = {"code", "region", "roles", "endpoint", *OF_MEMBER}
    if not isinstance(value, dict) or value.keys() - known:
        raise ConfigError("member", "needs code, region, roles and endpoint; nothing else is known")
    code, region = value.get("code"), value.get("region", "")
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise ConfigError("code", f"{code!r} is no code")
    if not isinstance(region, str) or (region and not CODE.fullmatch(region)):
        raise ConfigError("region", f"{region!r} is no code")
    endpoint = value.get("endpoint", "")
    if not isinstance(endpoint, str):
        raise ConfigError("endpoint", "is no text")
    roles = read_roles(value.get("roles"))
    if not roles:
        raise ConfigError("roles", f"{code} has none")
    return PlannedMember(
        code=code,
        region=region,
        roles=roles,
        endpoint=endpoint,
        keys=read_keys(code, value),
        logs=read_logs(code, value),
    )


def _finality(value: Any) -> Finality:
    if not isinstance(value, dict) or value.get("rule") not in RULES:
        raise ConfigError("finality", f"needs a rule of {', '.join(RULES)}")
    if value["rule"] != "confirmations":
        return Finality(rule=value["rule"])
    return Finality(rule="confirmations", depth=_number(value, "depth", MAX_DEPTH))


def _number(values: Mapping[str, Any], name: str, most: int) -> int:
    value = values.get(name)
    if type(value) is not int or not 0 < value <= most:
        raise ConfigError(name, f"is not a number from 1 to {most}")
    return value


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or not value.isprintable():
        raise ConfigError(name, f"is no text of 1 to {MAX_NAME} characters")
    return value
