"""`credit-ledger gateway rebuild`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.base.settings import load
from gateway.commands.options import config_option, failures
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import Refused, note, print_json
from ledger.cli.progress import bars

if TYPE_CHECKING:
    from gateway.node import Node
    from gateway.operations.rebuild import Rebuilt


@click.command(
    "rebuild",
    help=say(
        zh="""数据库丢失且没有足够新的备份时，从其他省份留存的副本重建本成员的日志：逐块与链上的存证核对，再放回原处，
        此后日志照常增长，已存证条目的回执可再次出具。封存的内容不在副本中，未备份的不能找回。请先停止节点。
        可重复运行，中断后接着做。

        \b
        credit-ledger gateway rebuild --config gateway.toml
        """,
        en="""Where the database is lost and no backup is new enough: rebuild this member's logs
        from the copies that the other provinces keep. Each piece is proven by its anchor before it
        is put back; the logs then grow on, and receipts of what was anchored are handed out again.
        Sealed content is in no copy and stays lost where no backup has it. Stop the gateway before.
        Repeated it goes on where it stopped.

        \b
        credit-ledger gateway rebuild --config gateway.toml
        """,
    ),
)
@config_option
@json_option
def rebuild(config: Path, as_json: bool) -> None:
    """Exit code 1 where a log could not be rebuilt to its newest final anchor."""
    from gateway.base import logging_setup  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.lease import renewed  # noqa: PLC0415
    from gateway.node import open_node  # noqa: PLC0415

    with failures():
        logging_setup.configure()
        with closing(open_node(load(config))) as node:
            if not node.lease.take_alone():
                raise Refused(
                    say(
                        zh="有节点正在使用此数据库，请先停止",
                        en="a gateway runs on this database: stop it first",
                    )
                )
            with renewed(node.lease):
                told = _rebuilt(node)
            node.lease.release()
    _tell(told, as_json=as_json)


def _rebuilt(node: Node) -> Sequence[Rebuilt]:
    from gateway.anchoring.errors import LogFault  # noqa: PLC0415 - keeps `--help` fast
    from gateway.operations.rebuild import Rebuild  # noqa: PLC0415

    with suppress(LogFault):  # it is behind the chain: that is why
        node.anchoring.look()
    node.logs.open([bytes.fromhex(log.log_id) for log in node.chain.facts.logs])
    with bars() as progress:
        task = progress.add_task(say(zh="条目", en="entries"), total=None)
        return Rebuild(
            ctx=node.ctx,
            reader=node.reader,
            signing=node.signing,
            logs=node.logs,
            http=node.mirrors.http,
            progress=lambda count: progress.advance(task, count),
        ).run(node.chain.facts)


def _tell(told: Sequence[Rebuilt], *, as_json: bool) -> None:
    if as_json:
        print_json({"logs": [asdict(one) for one in told]})
    else:
        for one in told:
            name, by = one.log[:16], ", ".join(one.sources) or "-"
            note(
                say(
                    zh=f"日志 {name}：原有 {one.before} 条，现有 {one.size} 条，"
                    f"链上已存证 {one.wanted} 条；取自 {by}；{one.promised} 条的内容不在本库",
                    en=f"log {name}: {one.before} entries before, {one.size} now, {one.wanted}"
                    f" finally anchored; from {by}; of {one.promised} the content is not here",
                )
            )
    if failed := [f"{one.log[:16]} {one.code}" for one in told if one.code is not None]:
        words = ", ".join(failed)
        raise Refused(say(zh=f"未能重建：{words}", en=f"not rebuilt: {words}"))
