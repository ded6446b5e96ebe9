"""`credit-ledger gateway erasures`: what was erased on order, and destroying it in backups too."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.base.settings import load
from gateway.commands.options import config_option, failures
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import note, print_json, print_rows
from ledger.cli.times import shown_time
from ledger.core.canonical import instant


@click.group(
    help=say(
        zh="依令删除的记录，以及在备份中销毁其密钥。",
        en="Records erased on order, and destroying their keys in backups too.",
    )
)
def erasures() -> None:
    """The group; its help is above."""


@erasures.command(
    "list", help=say(zh="列出已删除的记录。", en="List what was erased, the oldest first.")
)
@config_option
@json_option
def list_(config: Path, as_json: bool) -> None:
    """A line for each: record, when it was destroyed, when nothing was left in the database's
    files, the content keys under which a backup may hold its own."""
    from gateway.base.db import open_engine  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.revision import demand_current  # noqa: PLC0415
    from gateway.erasures.services import listed  # noqa: PLC0415

    with failures():
        engine = open_engine(load(config).database_url)
        try:
            demand_current(engine)
            with engine.connect() as connection:
                found = listed(connection)
        finally:
            engine.dispose()
    rows = [
        {
            **one,
            "destroyedAt": instant(one["destroyedAt"]),
            "sweptAt": None if one["sweptAt"] is None else instant(one["sweptAt"]),
        }
        for one in found
    ]
    if as_json:
        print_json({"erasures": rows})
        return
    head = (
        say(zh="记录", en="Record"),
        say(zh="销毁于", en="Destroyed"),
        say(zh="清除于", en="Swept"),
        say(zh="内容密钥", en="Content keys"),
    )
    lines = [
        (
            row["record"],
            shown_time(row["destroyedAt"]),
            row["sweptAt"] and shown_time(row["sweptAt"]),
            " ".join(row["contentKeys"]),
        )
        for row in rows
    ]
    print_rows(lines, head=head)


@erasures.command(
    "purge",
    help=say(
        zh="""在既有备份的 keys.db 中销毁已删除记录及其材料的密钥，可重复运行，中断后接着做。
        够不到的备份：先 rewrap，再销毁旧的内容密钥文件（编号见 erasures list）。

        \b
        credit-ledger gateway erasures purge backup-2026-11-28 backup-2026-11-29 \\
          --config gateway.toml
        """,
        en="""Destroy in the keys.db of backups the keys of what was erased since; harmless when run
        again, and goes on where it stopped. For backups out of reach: `rewrap`, then destroy the
        older content key files (`erasures list` names their ids).

        \b
        credit-ledger gateway erasures purge backup-2026-11-28 backup-2026-11-29 \\
          --config gateway.toml
        """,
    ),
)
@click.argument(
    "folders",
    metavar="DIR...",
    nargs=-1,
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
)
@config_option
@json_option
def purge(config: Path, folders: tuple[Path, ...], as_json: bool) -> None:
    """Exit code 1 at the first backup that is none of this member's, or was altered."""
    from gateway.base.db import open_engine  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.revision import demand_current  # noqa: PLC0415
    from gateway.operations import purge as work  # noqa: PLC0415

    told: dict[str, int] = {}
    with failures():
        settings = load(config)
        engine = open_engine(settings.database_url)
        try:
            demand_current(engine)
            gone = work.erased(engine)
        finally:
            engine.dispose()
        for folder in folders:
            told[str(folder)] = count = work.purge(folder, gone, member=settings.node.code)
            if not as_json:
                text = say(zh=f"{folder}：销毁了 {count} 把密钥", en=f"{folder}: {count} keys")
                note(text)
    if as_json:
        print_json({"destroyed": told})
