"""`credit-ledger gateway give-up`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.base.settings import load
from gateway.commands.options import config_option, failures
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import note, print_json
from ledger.cli.progress import bars

if TYPE_CHECKING:
    from gateway.sealing.services import Kind


@click.command(
    "give-up",
    help=say(
        zh="""放弃一把确已丢失的内容密钥所封存的内容：相应记录按已删除处理，文件须重新报送；存证与回执
        不受影响。密钥编号由 gateway doctor 给出。不可撤销；密钥文件可能还在备份中时，先放回。

        \b
        credit-ledger gateway give-up 5f0c… --config gateway.toml
        """,
        en="""Give up what is sealed under a content key that is lost for good: those records count
        as erased, files must be sent again; anchors and receipts stand. `gateway doctor` names the
        key. It cannot be undone: look for the key's file in every backup first.

        \b
        credit-ledger gateway give-up 5f0c… --config gateway.toml
        """,
    ),
)
@click.argument("key", metavar="KEY")
@click.option("--yes", is_flag=True, help=say(zh="不再询问。", en="Do not ask."))
@config_option
@json_option
def give_up(config: Path, key: str, yes: bool, as_json: bool) -> None:
    """Exit 0 once nothing is sealed under it; 1 where it is at hand, unknown, or not confirmed."""
    from gateway.base.crypto import Vault  # noqa: PLC0415 - keeps `--help` fast
    from gateway.base.db import open_engine  # noqa: PLC0415
    from gateway.base.keyring import KeyFolder  # noqa: PLC0415
    from gateway.base.revision import demand_current  # noqa: PLC0415
    from gateway.operations.give_up import GiveUp  # noqa: PLC0415

    key_id = _key_id(key)
    with failures():
        settings = load(config)
        engine = open_engine(settings.database_url)
        try:
            demand_current(engine)
            work = GiveUp(engine, Vault(KeyFolder.of(settings).content.all()), key_id)
            counted = work.count()
            if not yes:
                click.confirm(_question(counted), abort=True, err=True)
            with bars() as progress:
                task = progress.add_task(say(zh="放弃", en="keys"), total=sum(counted.values()))
                told = work.run(lambda count: progress.advance(task, count))
        finally:
            engine.dispose()
    if as_json:
        print_json({"key": key, "dropped": {kind.name.lower(): n for kind, n in told.items()}})
    else:
        note(say(zh=f"已放弃：{_words(told)}", en=f"given up: {_words(told)}"))


def _key_id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise click.BadParameter(
            say(zh="应为十六进制的密钥编号", en="the key's id in hex is wanted"), param_hint="KEY"
        ) from error


def _question(counted: Mapping[Kind, int]) -> str:
    return say(
        zh=f"将永远放弃：{_words(counted)}。继续？",
        en=f"This gives up for ever: {_words(counted)}. Go on?",
    )


def _words(counted: Mapping[Kind, int]) -> str:
    from gateway.sealing.services import Kind  # noqa: PLC0415 - keeps `--help` fast

    records, said = counted.get(Kind.RECORD, 0), counted.get(Kind.STATEMENT, 0)
    others = sum(counted.values()) - records - said
    return say(
        zh=f"{records} 条记录、{said} 份声明的内容，{others} 个文件、答复或工作簿",
        en=f"the content of {records} records and {said} statements, {others} files, answers or"
        " workbooks",
    )
