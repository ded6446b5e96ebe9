"""`credit-ledger gateway relog | backup | restore | doctor`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from gateway.base.settings import load
from gateway.cli_options import config_option, failures
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import Refused, note, print_json
from ledger.cli.progress import bars


@click.command(
    help=say(
        zh="""日志经投票关闭并开了后继之后，把搁浅的记录重新登记到后继日志（replaces）。可重复运行，中断后
        接着做；节点运行时也可以。

        \b
        credit-ledger gateway relog --config gateway.toml
        """,
        en="""After a vote closed a log and opened its successor, log the stranded records again in
        the successor (replaces). Running it again is harmless and goes on where it stopped; the
        gateway may run meanwhile.

        \b
        credit-ledger gateway relog --config gateway.toml
        """,
    )
)
@config_option
@json_option
def relog(config: Path, as_json: bool) -> None:
    """Exit code 1 where some records could not be logged again, but for those erased."""
    from gateway.base import logging_setup  # noqa: PLC0415 - keeps `--help` fast
    from gateway.node import open_node  # noqa: PLC0415
    from gateway.operations.relog import Relog  # noqa: PLC0415
    from gateway.operations.settle import settle_logs  # noqa: PLC0415

    with failures():
        logging_setup.configure()
        with closing(open_node(load(config))) as node:
            settle_logs(node.ctx, node.anchoring, node.logs)
            work = Relog(node.ctx, chain=node.chain, signing=node.signing, vault=node.vault)
            with bars() as progress:
                task = progress.add_task(say(zh="核对", en="entries"), total=work.count())
                told = work.run(lambda count: progress.advance(task, count))
    left = dict(told.left)
    if as_json:
        print_json({"relogged": told.done, "left": left})
    else:
        note(say(zh=f"重新登记了 {told.done} 条记录", en=f"logged {told.done} records again"))
    if kept := {code: count for code, count in left.items() if code != "erased"}:
        words = ", ".join(f"{code} {count}" for code, count in sorted(kept.items()))
        raise Refused(say(zh=f"未能重新登记：{words}", en=f"could not be logged again: {words}"))


COMMANDS = (relog,)
