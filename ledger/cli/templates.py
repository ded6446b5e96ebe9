"""`credit-ledger templates`: blank workbooks to fill in, offline."""

from __future__ import annotations

from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ledger.cli.language import pick, say
from ledger.cli.options import json_option
from ledger.cli.output import demand_new, note, print_json, shown_path, write_file
from ledger.cli.tables import plain, stdout
from ledger.records.schema import Schema
from ledger.records.template import by_name, fillable, offered, template

_HELP = say(
    zh="""写出某一记录类型的空白工作簿；不给类型时列出全部类型。不需要联网。

    表头为中文名称，批注中有字段代码；取值有下拉列表；必填列着色；单元格均为文本。
    填好后可原样报送。TYPE 可以是类型名，也可以是中文名称。

    \b
    示例：
      credit-ledger templates
      credit-ledger templates 行政处罚 -o 行政处罚.xlsx
    """,
    en="""Write the blank workbook of a record type; without one, list them. Needs no network.

    Columns have the Chinese names, with the codes as comments; vocabularies are drop-downs,
    required columns are coloured, every cell is a text. What is filled in can be submitted as it
    is. TYPE is a name or the Chinese title.

    \b
    Examples:
      credit-ledger templates
      credit-ledger templates penalty -o penalties.xlsx
    """,
)


@click.command("templates", help=_HELP)
@click.argument("type_", metavar="[TYPE]", required=False)
@click.option(
    "-o",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.xlsx",
    help=say(zh="写到这个文件。", en="Write it here."),
)
@json_option
def templates(*, type_: str | None, out: Path | None, as_json: bool) -> int:
    """See `_HELP`."""
    if type_ is None:
        if out is not None:
            raise click.UsageError(say(zh="请给出类型", en="give the type"))
        _list(as_json=as_json)
        return 0
    schema = by_name(type_)
    if schema is None:
        text = say(
            zh="没有此类型的模板；不带参数运行可列出全部类型",
            en="there is no template of this type; without arguments all types are listed",
        )
        raise click.BadParameter(text, param_hint="TYPE")
    if out is None:
        raise click.UsageError(say(zh="请用 -o 给出文件", en="give the file with -o"))
    demand_new(out, hint="-o")
    write_file(out, template(schema))
    if as_json:
        print_json(_about(schema) | {"file": shown_path(out)})
    else:
        note(say(zh=f"空白工作簿：{out}", en=f"blank workbook: {out}"))
    return 0


def _list(*, as_json: bool) -> None:
    if as_json:
        print_json({"types": [_about(schema) for schema in offered()]})
        return
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="类型", en="Type"), no_wrap=True)
    table.add_column(say(zh="名称", en="Title"), overflow="fold")
    table.add_column(say(zh="列数", en="Columns"), justify="right")
    for schema in offered():
        table.add_row(schema.name, plain(pick(schema.title)), str(len(fillable(schema))))
    stdout().print(table)


def _about(schema: Schema) -> dict[str, object]:
    return {
        "type": schema.name,
        "schema": str(schema.version),
        "title": dict(schema.title),
        "columns": [field.code for field in fillable(schema)],
    }
