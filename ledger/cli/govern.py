"""`credit-ledger govern`: what the provinces decide by vote, and what a member says of itself."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import click

from ledger.chain.contracts.bindings import CASE_REGISTRY, CATALOGUE
from ledger.chain.contracts.structs import ACT, NO, YES
from ledger.chain.governing import requests
from ledger.chain.governing.actions import (
    Action,
    action,
    decode_action,
    kind_names,
    parameters,
    proposal_id,
)
from ledger.chain.governing.govern import PROPOSAL_LIFE
from ledger.chain.governing.tosign import VotedOn
from ledger.cli.acting import Hand, acting_options
from ledger.cli.action_values import typed
from ledger.cli.action_words import plain, sentence, words
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import Refused, note, print_json
from ledger.cli.possible import demand_new, demand_possible
from ledger.cli.proposals import OPEN, Motion, active_provinces, find_motion, motions
from ledger.cli.thresholds import threshold_before
from ledger.cli.times import shown_time
from ledger.cli.voted_contract import code_words, voted_code
from ledger.core.canonical import hex0x, instant
from ledger.core.errors import ConfigError, Malformed

_CHOICES = {YES: "yes", NO: "no"}


@click.group(
    help=say(
        zh="""各省市表决：列出、查看、提出、投票、执行。

        \b
        credit-ledger govern list --network network.json
        credit-ledger govern propose suspend member=demo-bank --config gateway.toml
        credit-ledger govern vote 1f2e3d4c yes --config gateway.toml
        credit-ledger govern execute 1f2e3d4c --config gateway.toml
        """,
        en="""What the provinces decide: list, show, propose, vote, execute.

        \b
        credit-ledger govern list --network network.json
        credit-ledger govern propose suspend member=demo-bank --config gateway.toml
        credit-ledger govern vote 1f2e3d4c yes --config gateway.toml
        credit-ledger govern execute 1f2e3d4c --config gateway.toml
        """,
    )
)
def govern() -> None:
    """Group; its help is above."""


@govern.command(
    "list", help=say(zh="列出可表决的提案。", en="List the proposals that may be voted on.")
)
@click.option("--all", "ended", is_flag=True, help=say(zh="也列出已结束的。", en="Ended ones too."))
@acting_options
@json_option
def list_motions(*, ended: bool, hand: Hand, as_json: bool) -> int:
    """The oldest first."""
    threshold = hand.consortium.threshold()
    found = [m for m in motions(hand) if ended or m.state in OPEN]
    if as_json:
        print_json({"proposals": [_summary(motion, threshold) for motion in found]})
        return 0
    for motion in found:
        until = shown_time(motion.event.expires_at)
        click.echo(
            f"{motion.id}  {motion.state:8} {_votes(motion, threshold)}  "
            f"{until}  {motion.event.member}  {sentence(motion.action)}"
        )
    return 0


@govern.command(help=say(zh="用文字说明一个提案及其投票。", en="Show a proposal and its votes."))
@click.argument("motion_id", metavar="ID")
@acting_options
@json_option
def show(*, motion_id: str, hand: Hand, as_json: bool) -> int:
    """What it would do, who proposed it, who voted how."""
    motion, threshold = find_motion(hand, motion_id), hand.consortium.threshold()
    ballots = _ballots(hand, motion)
    code = voted_code(hand, motion.action)
    if as_json:
        told = _summary(motion, threshold) | ({} if code is None else {"code": code})
        values = _values(motion.action)
        print_json(told | {"salt": hex0x(motion.event.salt), "values": values, "ballots": ballots})
        return 0
    click.echo(words(motion.action))
    pairs = [
        (say(zh="提案", en="proposal"), motion.id),
        (say(zh="种类", en="kind"), motion.kind),
        (say(zh="提出者", en="proposed by"), motion.event.member),
        (say(zh="状态", en="state"), motion.state),
        (say(zh="赞成", en="yes"), _votes(motion, threshold)),
        (say(zh="有效至", en="until"), shown_time(motion.event.expires_at)),
    ]
    if code is not None:
        pairs.append((say(zh="代码", en="code"), code_words(code)))
    for name, value in pairs:
        click.echo(f"{name:12} {value}")
    for ballot in ballots:
        click.echo(f"{ballot['member']:12} {ballot['choice'] or '-'}")
    return 0


def _usage(kind: str) -> str:
    """A kind with the parameters that it wants."""
    return " ".join([kind, *(f"{param.name}=…" for param in parameters(kind))])


@govern.command(
    help=say(
        zh="""提出一个提案。KIND 为下列之一，KEY 为其参数名：

        \b
        {kinds}

        结构参数为 JSON 或 @文件；consortium keys 生成的成员公开文件可直接用于 founder、keys 和
        key。门槛将不再适用时，先自动提出 set-threshold。

        \b
        credit-ledger govern propose set-threshold threshold=4 --config gateway.toml
        credit-ledger govern propose admit founder=@bank.json keys=@bank.json --config gateway.toml
        """,
        en="""Propose something. KIND is one of these, KEY a parameter of it:

        \b
        {kinds}

        Structs are JSON or @FILE; the public file of a member that `consortium keys` makes serves
        as founder, keys and key. Where the threshold would no longer fit, set-threshold is proposed
        first.

        \b
        credit-ledger govern propose set-threshold threshold=4 --config gateway.toml
        credit-ledger govern propose admit founder=@bank.json keys=@bank.json --config gateway.toml
        """,
    ).format(kinds="\n        ".join(map(_usage, kind_names())))
)
@click.argument("kind", type=click.Choice(kind_names()))
@click.argument("pairs", nargs=-1, metavar="KEY=VALUE…")
@click.option(
    "--again",
    is_flag=True,
    help=say(zh="相同的提案尚可表决也再提。", en="Also where the same is open for votes."),
)
@acting_options
@json_option
def propose(*, kind: str, pairs: tuple[str, ...], again: bool, hand: Hand, as_json: bool) -> int:
    """Print the id of the proposal; others vote on it by that."""
    values = typed(kind, pairs)
    wanted, first = _action(kind, values), None
    demand_possible(hand, wanted)
    if not again:
        demand_new(hand, wanted)
    threshold = threshold_before(hand, kind, values)
    if threshold is not None:
        if hand.offline is not None:
            raise Refused(
                say(
                    zh=f"请先表决 set-threshold threshold={threshold}。",
                    en=f"vote on set-threshold threshold={threshold} first.",
                )
            )
        first = _propose(hand, _action("set-threshold", {"threshold": threshold}))
        text = say(zh="须先通过并执行", en="to be passed and carried out first")
        note(f"{text}: {first} (set-threshold threshold={threshold})")
    made = _propose(hand, wanted)
    note(words(wanted))
    note(f"  proposalId: {made}")
    if as_json:
        print_json({"proposal": made, "first": first})
    else:
        click.echo(made)
    return 0


@govern.command(help=say(zh="对提案投票。", en="Vote on a proposal."))
@click.argument("motion_id", metavar="ID")
@click.argument("choice", type=click.Choice(list(_CHOICES.values())))
@acting_options
@json_option
def vote(*, motion_id: str, choice: str, hand: Hand, as_json: bool) -> int:
    """A province votes once."""
    motion = find_motion(hand, motion_id)
    note(words(motion.action))
    note(f"  proposalId: {motion.id}")
    if (code := voted_code(hand, motion.action)) is not None:
        note(f"  {code_words(code)}")
    event = motion.event
    sent = hand.write(
        requests.vote(
            member=hand.code,
            proposal=event.proposal_id,
            choice=YES if choice == "yes" else NO,
            deadline=min(hand.deadline(), event.expires_at),
        ),
        voted_on=VotedOn(proposer=event.member, action=motion.action, salt=event.salt),
    )
    if as_json:
        print_json({"proposal": motion.id, "choice": choice, "tx": sent and sent.tx})
    elif sent is not None:
        now, threshold = find_motion(hand, motion.id), hand.consortium.threshold()
        click.echo(f"{hand.code} {choice}; {now.state} {_votes(now, threshold)}")
    return 0


@govern.command(
    help=say(
        zh="执行已通过的提案；任何人可执行，无须签名。",
        en="Carry out a proposal that has passed; anybody may, no signature is needed.",
    )
)
@click.argument("motion_id", metavar="ID")
@acting_options
@json_option
def execute(*, motion_id: str, hand: Hand, as_json: bool) -> int:
    """What the Catalogue or the CaseRegistry carries out is sent there."""
    motion = find_motion(hand, motion_id)
    if hand.offline is not None:
        raise click.UsageError(say(zh="执行无须签名", en="carrying out needs no signature"))
    _demand_executable(motion)
    to, data = requests.carry_out(
        motion.event.member, motion.action, motion.event.salt, hand.domain
    )
    role = CASE_REGISTRY if motion.action.kind == ACT else CATALOGUE
    if to not in (None, hand.consortium.current(role)):
        raise ConfigError(role, f"{to} is not the {role} of this network")
    sent = hand.send("execute", data, to=to)
    if as_json:
        print_json({"proposal": motion.id, "tx": sent.tx})
    else:
        click.echo(f"{say(zh='已执行', en='carried out')}: {sentence(motion.action)}")
    return 0


@govern.command(help=say(zh="轮值省市、表决门槛和各省市。", en="The chair, threshold, provinces."))
@acting_options
@json_option
def chair(*, hand: Hand, as_json: bool) -> int:
    """Those that may vote now."""
    chosen, threshold = hand.consortium.chair(), hand.consortium.threshold()
    provinces = sorted(active_provinces(hand))
    if as_json:
        print_json({"chair": chosen, "threshold": threshold, "provinces": provinces})
        return 0
    click.echo(f"{say(zh='轮值', en='chair'):12} {chosen or '-'}")
    click.echo(f"{say(zh='门槛', en='threshold'):12} {threshold} / {len(provinces)}")
    click.echo(f"{say(zh='省市', en='provinces'):12} {' '.join(provinces)}")
    return 0


@govern.command(
    help=say(
        zh="""更改本成员节点的公开地址。

        \b
        示例：credit-ledger govern endpoint https://ledger.example.gov.cn --config gateway.toml
        """,
        en="""Change where the member's node is reached.

        \b
        Example: credit-ledger govern endpoint https://ledger.example.gov.cn --config gateway.toml
        """,
    )
)
@click.argument("url")
@acting_options
@json_option
def endpoint(*, url: str, hand: Hand, as_json: bool) -> int:
    """Signed by the member's GOVERN key; no vote is needed."""
    sent = hand.write(
        requests.set_endpoint(
            member=hand.code, endpoint=url, seq=hand.member().seq, deadline=hand.deadline()
        )
    )
    if as_json:
        print_json({"member": hand.code, "endpoint": url, "tx": sent and sent.tx})
    elif sent is not None:
        click.echo(f"{hand.code} {url}")
    return 0


def _action(kind: str, values: Mapping[str, Any]) -> Action:
    try:
        return action(kind, values)
    except Malformed as error:
        raise click.BadParameter(str(error), param_hint="KEY=VALUE") from error


def _propose(hand: Hand, wanted: Action) -> str:
    salt = secrets.token_bytes(32)
    request = requests.propose(
        member=hand.code,
        action=wanted,
        salt=salt,
        expires_at=hand.time() + PROPOSAL_LIFE,
        deadline=hand.deadline(),
    )
    hand.write(request)
    return proposal_id(*hand.domain, hand.code, wanted, salt).hex()


def _demand_executable(motion: Motion) -> None:
    """Refuse what has ended, in words."""
    if motion.state == "executed":
        raise Refused(say(zh="该提案已执行。", en="this proposal was carried out already."))
    if motion.state == "expired":
        raise Refused(say(zh="该提案已过期。", en="this proposal has run out."))


def _summary(motion: Motion, threshold: int) -> dict[str, Any]:
    return {
        "id": motion.id,
        "kind": motion.kind,
        "words": words(motion.action),
        "proposer": motion.event.member,
        "state": motion.state,
        "yes": motion.yes,
        "threshold": threshold if motion.state in OPEN else None,
        "expiresAt": instant(motion.event.expires_at),
    }


def _votes(motion: Motion, threshold: int) -> str:
    """Of one that has ended the count alone: the threshold may have been another."""
    return f"{motion.yes}/{threshold}" if motion.state in OPEN else str(motion.yes)


def _values(wanted: Action) -> Any:
    """None where it is of a kind of later times, or cannot be read."""
    try:
        found = decode_action(wanted.kind, wanted.data)
    except Malformed:
        return None
    return None if found is None else plain(found.values)


def _ballots(hand: Hand, motion: Motion) -> list[dict[str, Any]]:
    shown = []
    for code in sorted(hand.consortium.provinces()):
        cast = hand.consortium.ballot(motion.event.proposal_id, code)
        when = instant(cast.cast_at) if cast.choice else None
        shown.append({"member": code, "choice": _CHOICES.get(cast.choice), "castAt": when})
    return shown
