"""`credit-ledger gateway relog | backup | restore | doctor`, and the list with `rewrap`, `give-up`,
`rebuild`, `erasures` and `partitions`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.base.settings import Settings, load
from gateway.commands.options import config_option, failures
from gateway.operations.erasures_cli import erasures
from gateway.operations.give_up_cli import give_up
from gateway.operations.partitions_cli import partitions
from gateway.operations.rebuild_cli import rebuild
from gateway.operations.rewrap_cli import rewrap
from ledger.cli.language import pick, say
from ledger.cli.options import json_option
from ledger.cli.output import Refused, harmless, note, print_json
from ledger.cli.progress import bars
from ledger.cli.times import shown_time
from ledger.core.canonical import instant

if TYPE_CHECKING:
    from sqlalchemy import Engine


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
    """Exit code 1 where some records or statements could not be logged again, but for those
    erased."""
    from gateway.base import logging_setup  # noqa: PLC0415 - keeps `--help` fast
    from gateway.node import open_node  # noqa: PLC0415
    from gateway.operations.relog import Relog  # noqa: PLC0415
    from gateway.operations.relog_statements import StatementRelog  # noqa: PLC0415
    from gateway.operations.settle import settle_logs  # noqa: PLC0415

    with failures():
        logging_setup.configure()
        with closing(open_node(load(config), beside=True)) as node:
            settle_logs(node.ctx, node.anchoring, node.logs)
            work = Relog(node.ctx, chain=node.chain, signing=node.signing, vault=node.vault)
            with bars() as progress:
                task = progress.add_task(say(zh="核对", en="entries"), total=work.count())
                told = work.run(lambda count: progress.advance(task, count))
            parts = (node.ctx, node.statement_maker, node.daily_batch, node.vault)
            said = StatementRelog(*parts).run()
            settle_logs(node.ctx, node.anchoring, node.logs)
    left = dict(told.left + said.left)
    if as_json:
        print_json({"relogged": told.done, "statements": said.done, "left": left})
    else:
        note(
            say(
                zh=f"重新登记了 {told.done} 条记录，{said.done} 份声明",
                en=f"logged {told.done} records and {said.done} statements again",
            )
        )
    if kept := {code: count for code, count in left.items() if code != "erased"}:
        words = ", ".join(f"{code} {count}" for code, count in sorted(kept.items()))
        raise Refused(say(zh=f"未能重新登记：{words}", en=f"could not be logged again: {words}"))


@click.command(
    help=say(
        zh="""备份数据库：节点运行时即可，SQLite 与 PostgreSQL 相同。记录与文件的密钥在单独的
        keys.db 中：只保留最新的一份，已删除的内容便不会随旧备份恢复。
        密钥文件与设置不在其中，请另行保存。

        \b
        credit-ledger gateway backup -o backup-2026-11-29 --config gateway.toml
        """,
        en="""Back up the database while the gateway runs, the same for SQLite and PostgreSQL. The
        keys of records and files lie in keys.db: keep the newest one alone, so that no old backup
        brings back what was erased. Key files and settings are no part of it; keep them elsewhere.

        \b
        credit-ledger gateway backup -o backup-2026-11-29 --config gateway.toml
        """,
    )
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(zh="新的目录。", en="A new folder."),
)
@config_option
def backup(config: Path, out: Path) -> None:
    """The folder is complete once it holds manifest.json."""
    from gateway.base.clock import Clock  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.db import open_engine  # noqa: PLC0415
    from gateway.operations import backup as work  # noqa: PLC0415

    with failures():
        settings = load(config)
        engine = open_engine(settings.database_url)
        try:
            with bars() as progress:
                task = progress.add_task(say(zh="备份", en="rows"), total=work.count(engine))
                work.backup(
                    engine,
                    out,
                    member=settings.node.code,
                    clock=Clock.of(settings.now),
                    progress=lambda rows: progress.advance(task, rows),
                )
        finally:
            engine.dispose()
    note(say(zh=f"已备份到 {out}", en=f"backed up to {out}"))


@click.command(
    help=say(
        zh="""从备份恢复到空的数据库。启动前请停止节点。密钥取自最新的备份（--keys），已删除的记录不会恢复。

        \b
        credit-ledger gateway restore backup-2026-11-28 --keys backup-2026-11-29 \\
          --config gateway.toml
        """,
        en="""Restore a backup into an empty database, while no gateway runs on it. Take the keys of
        the newest backup there is (--keys): what was erased since stays erased.

        \b
        credit-ledger gateway restore backup-2026-11-28 --keys backup-2026-11-29 \\
          --config gateway.toml
        """,
    )
)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--keys",
    "keys_from",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(zh="密钥取自这份较新的备份。", en="A later backup, whose keys are taken."),
)
@config_option
@json_option
def restore(config: Path, folder: Path, keys_from: Path | None, as_json: bool) -> None:
    """Refuse a database that is not empty, and files that are not what the manifest says. Exit
    code 1 where records came without a key that nobody erased; they are restored all the same."""
    from gateway.base.db import open_engine  # noqa: PLC0415 - keeps `--help` fast
    from gateway.operations import backup as work  # noqa: PLC0415

    with failures():
        settings = load(config)
        engine = open_engine(settings.database_url)
        try:
            with bars() as progress:
                task = progress.add_task(say(zh="恢复", en="rows"), total=None)
                told = work.restore(
                    engine,
                    folder,
                    member=settings.node.code,
                    keys_from=keys_from,
                    progress=lambda rows: progress.advance(task, rows),
                )
            closed = _not_at_hand(settings, engine)
        finally:
            engine.dispose()
    made = instant(told.made)
    if as_json:
        keys = asdict(told.keys) | {"contentKeysMissing": closed}
        print_json({"made": made, "rows": told.rows} | keys)
    else:
        erased, forgotten = told.keys.erased, told.keys.forgotten
        when = shown_time(made)
        note(
            say(
                zh=f"已恢复 {when} 的备份：{told.rows} 行，{erased} 条记录的内容已删除，"
                f"{forgotten} 个文件已过期或须重新报送。请运行 gateway doctor 核对与链是否一致。",
                en=f"restored the backup of {when}: {told.rows} rows; {erased} records are erased,"
                f" {forgotten} files were forgotten or must be sent again. Run `gateway doctor` to"
                " see whether the chain agrees.",
            )
        )
        if beyond := told.keys.beyond:
            note(
                say(
                    zh=f"keys.db 另知 {beyond} 条未恢复的记录（含已删除者）：请保留这份 keys.db，"
                    "此数据库以后的备份中没有它们。",
                    en=f"these keys know of {beyond} more records, erased ones among them, that did"
                    " not come back: keep this keys.db, later backups of this database lack them.",
                )
            )
    _demand_whole(closed, told.keys.lost)


def _demand_whole(closed: Sequence[str], lost: int) -> None:
    """Refuse what came back without all its keys; it is restored all the same."""
    if closed:
        ids = ", ".join(closed)
        raise Refused(
            say(
                zh=f"内容密钥 {ids} 不在密钥目录中，所封存的内容无法打开。请放回其文件"
                "（content.json、content-2.json …）；确已丢失的，运行 gateway give-up。",
                en=f"content keys {ids} are not in the key folder; what they seal cannot be opened."
                " Put their files (content.json, content-2.json …) back; `gateway give-up` ends it"
                " where they are lost for good.",
            )
        )
    if lost:
        raise Refused(
            say(
                zh=f"{lost} 条记录没有密钥，也没有被删除：它们晚于这份 keys.db。如有该备份自己的 "
                "keys.db，放回其目录，恢复到新的数据库。",
                en=f"{lost} records have no key and were not erased: these keys never had them."
                " Where the keys.db of that backup itself is still there, put it back into its"
                " folder and restore into a new database.",
            )
        )


def _not_at_hand(settings: Settings, engine: Engine) -> list[str]:
    """Ids of the content keys that open what was restored and have no file here."""
    from gateway.base.db import begin_read  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.keyring import KeyFolder  # noqa: PLC0415
    from gateway.sealing.services import missing  # noqa: PLC0415

    held = frozenset(key.id for key in KeyFolder.of(settings).content.all())
    with begin_read(engine) as connection:
        return [key_id.hex() for key_id in missing(connection, held)]


@click.command(
    help=say(
        zh="""检查设置、密钥、数据库、日志、链、付费账户与日历，逐项说明问题与办法。不改动任何内容。

        \b
        credit-ledger gateway doctor --config gateway.toml
        """,
        en="""Look over settings, keys, database, logs, chain, payer and calendar, and name each
        problem with its remedy. Changes nothing.

        \b
        credit-ledger gateway doctor --config gateway.toml
        """,
    )
)
@config_option
@json_option
def doctor(config: Path, as_json: bool) -> None:
    """Exit code 1 where there is a problem; a warning is none yet."""
    from gateway.operations.doctor import Level, examine  # noqa: PLC0415 - keeps `--help` fast

    with failures():
        found = examine(load(config))
    if as_json:
        print_json({"findings": [one.as_dict() for one in found]})
    else:
        marks = {Level.OK: "✓", Level.WARNING: "!", Level.PROBLEM: "✗"}
        for one in found:
            click.echo(harmless(f"{marks[one.level]} {pick(one.text)}"))
            if one.remedy is not None:
                click.echo(harmless(f"  → {pick(one.remedy)}"))
    problems = sum(one.level is Level.PROBLEM for one in found)
    if problems:
        raise Refused(say(zh=f"{problems} 个问题", en=f"problems: {problems}"))


COMMANDS = (relog, rewrap, give_up, backup, restore, rebuild, erasures, partitions, doctor)
