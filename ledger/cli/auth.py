"""`credit-ledger auth`: authorisations of subjects, made, shown, taken, taken back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson

from ledger.cli.auth_one import PATH, Told, head_of, revoke, row_of, show, take
from ledger.cli.auth_queries import queries
from ledger.cli.auth_words import PURPOSES
from ledger.cli.case_parts import send
from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import note, print_json, print_rows
from ledger.cli.paging import asked_before, limit_option, note_more, read_pages

_OK = 200
_MANY = 100_000
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


class _Words(click.ParamType[list[str]]):
    """Words apart by commas, at least one."""

    name = "list"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[str]:
        """See click."""
        found = [part.strip() for part in str(value).replace("，", ",").split(",")]
        if not all(found):
            text = say(zh="须为以逗号分隔的列表", en="is no list apart by commas")
            self.fail(text, param, ctx)
        return found


@click.group(
    help=say(
        zh="授权：主体同意某成员查询其记录，由省级成员或征信机构保管。",
        en="Authorisations: a subject lets a member ask about it; a province or a bureau keeps"
        " them.",
    )
)
def auth() -> None:
    """Group; its help is above."""


for _command in (show, queries, take, revoke):
    auth.add_command(_command)


@auth.command(
    "grant",
    help=say(
        zh="""登记一份授权：保存主体签署的文件，并自动交给被授权的成员。打印授权编号 C。
        一份授权最长五年；相同内容当日重复登记仍是同一份。

        \b
        示例：credit-ledger auth grant --subject 91110000600037341L --grantee demo-bank \\
                --types penalty,licence --regions 120000,130000 --purpose pre-loan \\
                --from 2026-12-01 --until 2027-11-30 --doc 授权书.pdf --to http://127.0.0.1:8550

        退出码：0 已登记 · 1 不予登记 · 4 无法连接
        """,
        en="""Make an authorisation: keep what the subject has signed, and have it handed to the
        member that may ask. Prints its name C. It lasts five years at most; the same once more on
        one day is the same.

        \b
        Example: credit-ledger auth grant --subject 91110000600037341L --grantee demo-bank \\
                   --types penalty,licence --regions 120000,130000 --purpose pre-loan \\
                   --from 2026-12-01 --until 2027-11-30 --doc paper.pdf --to http://127.0.0.1:8550

        Exit codes: 0 made · 1 refused · 4 unreachable
        """,
    ),
)
@click.option(
    "--subject",
    required=True,
    metavar="CODE",
    help=say(zh="主体的统一社会信用代码。", en="USCC of the subject."),
)
@click.option(
    "--grantee",
    required=True,
    metavar="MEMBER",
    help=say(zh="被授权的成员。", en="The member that may ask."),
)
@click.option(
    "--types",
    required=True,
    type=_Words(),
    metavar="T,…",
    help=say(zh="记录类别，如 penalty,licence。", en="Families of types: penalty,licence."),
)
@click.option(
    "--regions",
    required=True,
    type=_Words(),
    metavar="R,…",
    help=say(zh="可以查询的省市，如 120000,130000。", en="Provinces that may be asked."),
)
@click.option(
    "--purpose",
    required=True,
    metavar="P",
    help=say(zh="用途：", en="What for: ")
    + say(zh="，", en=", ").join(f"{name} {pick(text)}" for name, text in PURPOSES.items())
    + say(zh="。", en="."),
)
@click.option(
    "--from",
    "start",
    required=True,
    type=_DAY,
    metavar="D",
    help=say(zh="首日。", en="First day."),
)
@click.option(
    "--until",
    required=True,
    type=_DAY,
    metavar="D",
    help=say(zh="末日（当日仍有效）。", en="Last day, which counts whole."),
)
@click.option(
    "--doc",
    "docs",
    required=True,
    multiple=True,
    type=_FILE,
    metavar="FILE",
    help=say(
        zh="主体签署的文件，PDF 或 JPG（可重复，至多 16 份）。",
        en="What the subject has signed: PDF or JPG (repeatable, at most 16).",
    ),
)
@node_options
@json_option
def grant(
    *,
    url: str,
    token: str | None,
    docs: tuple[Path, ...],
    start: Any,
    until: Any,
    as_json: bool,
    **said: Any,
) -> int:
    """See its help."""
    value = said | {"from": start.date().isoformat(), "until": until.date().isoformat()}
    with Node(url, token) as node:
        told = send(node, PATH, value, docs, part="authorisation")
    if as_json:
        print_json(told)
    else:
        click.echo(told["authorisation"])
        note(say(zh="正在交给被授权的成员。", en="It is on its way to the member that may ask."))
    return 0


@auth.command(
    "list",
    help=say(
        zh="""列出本成员登记的授权，以及他人给本成员的授权，新的在前。

        \b
        示例：credit-ledger auth list --subject 91110000600037341L --to http://127.0.0.1:8550

        退出码：0 已列出 · 1 不予列出 · 4 无法连接
        """,
        en="""Those that this member made and those made for it, the newest first.

        \b
        Example: credit-ledger auth list --subject 91110000600037341L --to http://127.0.0.1:8550

        Exit codes: 0 listed · 1 refused · 4 unreachable
        """,
    ),
)
@click.option("--subject", metavar="CODE", help=say(zh="仅此主体的。", en="Of this subject alone."))
@limit_option(default=1000, most=_MANY, help_=say(zh="最多几份。", en="So many at most."))
@node_options
@json_option
def list_(*, url: str, token: str | None, subject: str | None, limit: int, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        found = read_pages(partial(_page, node, subject), limit)
    if as_json:
        print_json({"authorisations": found.items, "more": found.more})
        return 0
    print_rows(map(row_of, found.items), head=head_of())
    note_more(found)
    return 0


def _page(node: Node, subject: str | None, before: int | None) -> Told:
    """A code is never part of an address, which stands in the logs of every proxy."""
    if subject is None:
        told: Told = expect(node.get(PATH, **asked_before(before)), _OK).json()
        return told
    value: Told = {"subject": subject} | ({} if before is None else {"before": before})
    headers = {"Content-Type": "application/json"}
    answer = node.post(f"{PATH}/find", content=orjson.dumps(value), headers=headers)
    found: Told = expect(answer, _OK).json()
    return found
