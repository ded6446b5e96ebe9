"""`credit-ledger gateway rewrap`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from gateway.base.settings import load
from gateway.commands.options import config_option, failures
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import Refused, note, print_json, shown_path
from ledger.cli.progress import bars


@click.command(
    help=say(
        zh="""换用新的内容密钥：把全部内容的密钥改用密钥目录中最新的内容密钥
        （content-2.json …）封装。节点运行时即可；可重复运行，中断后接着做。
        旧的密钥文件何时可以删除，由 gateway doctor 告知。

        \b
        credit-ledger gateway rewrap --new --config gateway.toml
        """,
        en="""Change the content key: wrap the keys of all content under the newest content key in
        the key folder (content-2.json …). The gateway may run meanwhile; running it again is
        harmless and goes on where it stopped. `gateway doctor` tells when the old file may go.

        \b
        credit-ledger gateway rewrap --new --config gateway.toml
        """,
    )
)
@click.option(
    "--new",
    is_flag=True,
    help=say(
        zh="先生成新的内容密钥文件；多个节点共用数据库时，改用 keys new 生成并分发。",
        en="Make the file of a new one first. Where several gateways share a database, make it with"
        " `keys new` instead and give it to each.",
    ),
)
@config_option
@json_option
def rewrap(config: Path, new: bool, as_json: bool) -> None:
    """Exit code 1 where some keys could not be wrapped anew."""
    from gateway.base.crypto import Vault  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.db import open_engine  # noqa: PLC0415
    from gateway.base.keyring import KeyFolder  # noqa: PLC0415
    from gateway.base.revision import demand_current  # noqa: PLC0415
    from gateway.operations.rewrap import Rewrap  # noqa: PLC0415

    with failures():
        settings = load(config)
        folder = KeyFolder.of(settings).content
        vault = Vault(folder.all())
        engine = open_engine(settings.database_url)
        try:
            demand_current(engine)
            if new:
                _tell_new(folder.make())
                vault.use(folder.held())
                _tell_wait()
            work = Rewrap(engine, vault)
            with bars() as progress:
                task = progress.add_task(say(zh="重新封装", en="keys"), total=work.count())
                told = work.run(lambda count: progress.advance(task, count))
        finally:
            engine.dispose()
    if as_json:
        print_json(asdict(told))
    else:
        _tell(told.newest, told.done, told.empty)
    if told.missing or told.lost:
        gone = ", ".join(f"{key_id} {count}" for key_id, count in told.missing.items()) or "-"
        raise Refused(
            say(
                zh=f"未能重新封装：缺少内容密钥 {gone}；已损坏 {told.lost}。旧密钥文件请保留。",
                en=f"could not be wrapped anew: content key missing {gone}; damaged {told.lost}."
                " Keep the old key files.",
            )
        )


def _tell_new(path: Path) -> None:
    shown = shown_path(path)
    note(
        say(
            zh=f"新的内容密钥：{shown}；请立即另存一份，丢失即失去全部内容",
            en=f"new content key: {shown}; put a copy away now, without it all content is lost",
        )
    )


def _tell_wait() -> None:
    note(
        say(
            zh="等待运行中的节点取用新密钥（约 10 秒）…",
            en="waiting for running gateways to take the new key up (about 10 s) …",
        )
    )


def _tell(newest: str, done: int, empty: Sequence[str]) -> None:
    note(
        say(
            zh=f"{done} 个密钥改用内容密钥 {newest} 封装",
            en=f"wrapped {done} keys under content key {newest}",
        )
    )
    if empty:
        ids = ", ".join(empty)
        note(
            say(
                zh=f"内容密钥 {ids} 已不封存任何内容：做新的备份；不再需要更早的 keys.db 后，"
                "其文件可以删除",
                en=f"content keys {ids} seal nothing any more: make a new backup; once no older"
                " keys.db is needed, their files may go",
            )
        )
