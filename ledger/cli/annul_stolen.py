"""`credit-ledger keys annul-stolen`: what a stolen key did to records is undone, by anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

import ledger.cli.member_keys  # noqa: F401 - the other commands of the group
from ledger.chain.case_calls import undo_calldata
from ledger.chain.contracts.bindings import CASE_REGISTRY
from ledger.chain.contracts.structs import Code
from ledger.chain.errors import TxRefused, TxReverted
from ledger.chain.stolen import Stolen, StolenKey, calls, find_stolen, stolen_keys
from ledger.cli.acting import Hand, acting_options
from ledger.cli.keys import keys
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import EXIT_NO, Refused, note, print_json
from ledger.cli.progress import bars
from ledger.core.ids import Address, RecordId

__all__ = ["annul_stolen", "keys"]

_LEAST_DIGITS = 8
_SHOWN = 8
"""Records that need a vote which are named; JSON has all of them."""
_TRIES = 3
"""Looks in a row that may find that nothing got through: somebody else undoes the same."""


@keys.command(
    "annul-stolen",
    help=say(
        zh="""撤除失窃密钥对记录所作的处置。先以 keys compromise（或表决）声明失窃时刻；
        此后任何人都可发送本命令，只需付费账户。

        KEYID 为密钥编号或其开头（至少八位），可多个；默认为 --member 或全网所有失窃的 CASE、DECIDE
        密钥。每次最多发送 64 项；中断后重新运行即从余下的继续。
        被撤除的记录标为有异议，由其成员处理。

        \b
        示例：credit-ledger keys annul-stolen 1f2e3d4c --network network.json --payer payer.json

        退出码：0 全部撤除 · 1 有的须经表决（其后另有处置），或被拒绝 · 4 无法读取链
        """,
        en="""Undo what stolen keys did to records. First say when the key was stolen (`keys
        compromise`, or a vote); then anybody may send this, with an account that pays.

        KEYID is the id of a key, or its first eight digits or more; several may be given. By
        default all stolen CASE and DECIDE keys of --member, or of everybody. At most 64 acts go
        with one call; after an interruption it goes on with what is left when it is run again. Each
        record is marked as disputed, which its owner settles.

        \b
        Example: credit-ledger keys annul-stolen 1f2e3d4c --network network.json --payer payer.json

        Exit codes: 0 all is undone · 1 some needs a vote, for other acts stand on it, or the chain
        refused · 4 the chain could not be read
        """,
    ),
)
@click.argument("key_ids", metavar="[KEYID]...", nargs=-1)
@click.option(
    "--list", "only_list", is_flag=True, help=say(zh="只列出，不发送。", en="Send nothing.")
)
@acting_options
@json_option
def annul_stolen(*, key_ids: tuple[str, ...], only_list: bool, hand: Hand, as_json: bool) -> int:
    """Each look begins with what the chain has then, so nothing is undone twice."""
    if hand.offline is not None:
        text = say(zh="无需签名，不能与 --offline 同用", en="nothing is signed: not with --offline")
        raise click.UsageError(text)
    chosen = _keys(hand, key_ids)
    found = _find(hand, chosen)
    records = [one.record for one in found.undo]
    if not only_list:
        records = _undo_all(hand, chosen, found)
    return _tell(records, found.buried, only_list=only_list, as_json=as_json)


def _undo_all(hand: Hand, chosen: list[StolenKey], found: Stolen) -> list[RecordId]:
    """Undo all of it, call by call; the records. Raises TxError, TxPending, CouldNotCheck."""
    done, tries = list[RecordId](), 0
    with bars() as shown:
        task = shown.add_task(say(zh="撤除", en="undoing"), total=len(found.undo))
        while found.undo:
            try:
                for some in calls(found.undo):
                    data = undo_calldata([(one.history, one.acted) for one in some])
                    hand.send("annulStolen", data, to=_registries(hand)[-1])
                    done += [one.record for one in some]
                    tries = 0
                    shown.update(task, completed=len(done))
                break
            except (TxRefused, TxReverted):  # one of them was undone, or acted on, by somebody else
                tries += 1
                if tries == _TRIES:
                    raise
            hand.fresh()
            found = _find(hand, chosen)
            shown.update(task, total=len(done) + len(found.undo))
    return done


def _find(hand: Hand, chosen: list[StolenKey]) -> Stolen:
    with bars() as shown:
        task = shown.add_task(say(zh="读取处置", en="reading acts"), total=None)
        return find_stolen(
            hand.view,
            _registries(hand),
            chosen,
            first=hand.network.deploy_block,
            seen=lambda done, total: shown.update(task, completed=done, total=total),
        )


def _registries(hand: Hand) -> list[Address]:
    """All that ever were the CaseRegistry, the oldest first. Raises Refused."""
    found = [one.account for one in hand.consortium.contract_history(CASE_REGISTRY)]
    if not found:
        raise Refused(say(zh="该网络没有 CaseRegistry", en="the network has no CaseRegistry"))
    return found


def _keys(hand: Hand, wanted: tuple[str, ...]) -> list[StolenKey]:
    """The stolen keys that are meant. Raises Refused where one that is named is none."""
    members = [Code(hand.named)] if hand.named else hand.consortium.member_codes()
    stolen = [key for code in members for key in stolen_keys(code, hand.consortium.keys(code))]
    chosen: dict[bytes, StolenKey] = {}
    for text in wanted:
        start = text.lower().removeprefix("0x")
        match = [key for key in stolen if key.key_id.hex().startswith(start)]
        if len(start) < _LEAST_DIGITS or not match:
            raise Refused(
                say(
                    zh=f"没有失窃的 CASE 或 DECIDE 密钥 {text}；请先用 keys compromise 声明，"
                    f"至少给出 {_LEAST_DIGITS} 位。",
                    en=f"no CASE or DECIDE key {text} is held to be stolen: say so first with `keys"
                    f" compromise`; give {_LEAST_DIGITS} digits at least.",
                )
            )
        chosen |= {key.key_id: key for key in match}
    return list(chosen.values()) if wanted else stolen


def _tell(
    records: Sequence[RecordId], buried: Sequence[RecordId], *, only_list: bool, as_json: bool
) -> int:
    count = len(records)
    if as_json:
        told: dict[str, Any] = {
            "undone": 0 if only_list else count,
            "left": count if only_list else 0,
            "records": [record.hex() for record in records],
            "needVote": [record.hex() for record in buried],
        }
        print_json(told)
    else:
        for record in records:
            click.echo(record.hex())
        done = say(zh=f"已撤除 {count} 项", en=f"{count} undone")
        note(say(zh=f"可撤除 {count} 项", en=f"{count} can be undone") if only_list else done)
    if not buried:
        return 0
    shown = ", ".join(record.hex() for record in buried[:_SHOWN])
    note(
        say(
            zh=f"{len(buried)} 条记录其后另有处置或处置过多，须经表决"
            f"（govern propose act，ANNUL）：{shown}",
            en=f"{len(buried)} records with later acts, or too many, need a vote"
            f" (`govern propose act`, ANNUL): {shown}",
        )
    )
    return EXIT_NO
