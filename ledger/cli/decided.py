"""Files that decide about many records: proposed, looked at, released once, waited for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from ledger.cli.case_parts import Signs, key_options, wait_for_acts
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import EXIT_NO, demand_apart, note, print_json, print_rows, write_file
from ledger.cli.patience import Patience
from ledger.cli.progress import bars

_OK, _ACCEPTED = 200, 202
_POLL = 0.5  # seconds between two looks
_ROUTE = "/v1/case-files"
_UNDER_WAY = ("waiting", "signed", "sent")
_HEX32 = click.Path(dir_okay=False, path_type=Path)

Told = dict[str, Any]


class _FileId(click.ParamType[str]):
    """The id of a file: 32 hexadecimal digits."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        text = str(value)
        if re.fullmatch("[0-9a-f]{32}", text) is None:
            wrong = "文件编号是 32 位小写十六进制", "a file id is 32 lower-case hex characters"
            self.fail(say(zh=wrong[0], en=wrong[1]), param, ctx)
        return text


FILE_ID = _FileId()


@click.command(
    "import-national",
    help=say(
        zh="""由文件（xlsx、csv）录入国家平台的修复结果；由另一人用 files release 一次放行。

        列：文书号、认定单位代码、结果（准予修复 / 不予修复）、日期；
        可另有失信程度、主体代码、申请编号。
        有误的行逐行退回（行号、列、代码、办法），其余照办；同一文件重复报送只算一次。
        退出码：0 全部待放行 · 1 有退回的行 · 4 无法连接

        \b
        示例：credit-ledger case import-national 结果.xlsx --to http://127.0.0.1:8546
        """,
        en="""Propose the results of the national platform by file (xlsx, csv); another person
        releases it once (`files release`).

        Columns: 文书号 (number), 认定单位代码 (authority), 结果 (result: 准予修复 or 不予修复),
        日期 (day), and where it has them 失信程度 (class), 主体代码 (subject), 申请编号 (national
        number). Rows that are wrong are refused one by one, the others go on; the same file twice
        is one. Exit codes: 0 all wait for their release · 1 some rows refused · 4 unreachable

        \b
        Example: credit-ledger case import-national RESULTS.xlsx --to http://127.0.0.1:8546
        """,
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o", "out", type=_HEX32, metavar="OUT.xlsx", help=say(zh="写出逐行结果。", en="A report.")
)
@node_options
@json_option
def import_national(
    *, file: Path, out: Path | None, url: str, token: str | None, as_json: bool
) -> int:
    """See its help."""
    demand_apart(out, file, hint="-o")
    with Node(url, token) as node:
        sent = {"file": (file.name, file.read_bytes())}
        told = expect(node.post(_ROUTE, files=sent), _ACCEPTED).json()
        head = _looked_up(node, told["id"])
        return _show(node, head, out, as_json=as_json)


@click.command(
    "decisions",
    help=say(
        zh="""列出据以决定多条记录的文件（国家平台结果、含移出记录的报送）；
        给出 ID 则显示其进度和退回的行。

        退出码：0 · 1 该文件有退回的行或被链拒绝的行 · 4 无法连接

        \b
        示例：credit-ledger files decisions --to http://127.0.0.1:8546
        """,
        en="""List the files that decide about many records (national results, imports with exits);
        with an ID, how far it is and what was refused.

        Exit codes: 0 · 1 rows of it were refused, here or by the chain · 4 unreachable

        \b
        Example: credit-ledger files decisions --to http://127.0.0.1:8546
        """,
    ),
)
@click.argument("file", metavar="[ID]", type=FILE_ID, required=False)
@click.option(
    "-o", "out", type=_HEX32, metavar="OUT.xlsx", help=say(zh="写出逐行结果。", en="A report.")
)
@node_options
@json_option
def decisions(
    *, file: str | None, out: Path | None, url: str, token: str | None, as_json: bool
) -> int:
    """See its help."""
    with Node(url, token) as node:
        if file is not None:
            head = expect(node.get(f"{_ROUTE}/{file}"), _OK).json()
            return _show(node, head, out, as_json=as_json)
        told = expect(node.get(_ROUTE), _OK).json()
    if as_json:
        print_json(told)
        return 0
    head = ("id", "source", "state", "rows", "proposed", "refused", "done", "file")
    print_rows([_line(one) for one in told["files"]], head=head)
    return 0


@click.command(
    "release",
    help=say(
        zh="""一次放行一个文件提出的全部决定（须非提出人），并等到全部上链；中断后可重复本命令。

        退出码：0 全部上链 · 1 不予放行，或有退回、被链拒绝的行 · 4 无法连接或尚未全部上链

        \b
        示例：credit-ledger files release ID --to http://127.0.0.1:8546
        """,
        en="""Release all that a file proposes at once (another person than who proposed it), and
        wait until it is on the chain; run it again where it was interrupted.

        Exit codes: 0 all is · 1 refused, or some rows were · 4 unreachable or not all there yet

        \b
        Example: credit-ledger files release ID --to http://127.0.0.1:8546
        """,
    ),
)
@click.argument("file", metavar="ID", type=FILE_ID)
@click.option(
    "-o", "out", type=_HEX32, metavar="OUT.xlsx", help=say(zh="写出逐行结果。", en="A report.")
)
@key_options
@node_options
@json_option
def release(
    *,
    file: str,
    out: Path | None,
    by: Signs,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    with Node(url, token) as node:
        seen = expect(node.get(f"{_ROUTE}/{file}"), _OK).json()["counts"]["proposed"]
        note(say(zh=f"放行 {seen} 行", en=f"Releasing {seen} rows"))
        expect(node.post(f"{_ROUTE}/{file}/release?proposed={seen}"), _OK)
        head = _carried_out(node, file, by)
        return _show(node, head, out, as_json=as_json)


def _looked_up(node: Node, file: str) -> Told:
    """The file once its rows are looked up."""
    patience = Patience(node, None, _later(node, file))
    while True:
        head: Told = expect(node.get(f"{_ROUTE}/{file}"), _OK).json()
        if head["state"] != "reading":
            return head
        patience.see(head["counts"])
        time.sleep(_POLL)


def _carried_out(node: Node, file: str, by: Signs) -> Told:
    """The file once all that it decided is on the chain or refused. With a key what waits for it
    is signed."""
    patience = Patience(node, None, _later(node, file))
    with bars() as shown:
        task = shown.add_task(say(zh="办理与上链", en="decided, on the chain"))
        while True:
            head: Told = expect(node.get(f"{_ROUTE}/{file}"), _OK).json()
            left = head["counts"]["proposed"] + sum(head["acts"][one] for one in _UNDER_WAY)
            total = head["counts"]["proposed"] + head["counts"]["done"]
            shown.update(task, total=total, completed=max(total - left, 0))
            if head["state"] == "done" and not left:
                return head
            if by.key is not None and head["state"] == "done":
                _sign(node, file, by)
            patience.see((head["counts"], head["acts"]))
            time.sleep(_POLL)


def _sign(node: Node, file: str, by: Signs) -> None:
    for row in _rows(node, file, "done"):
        act = row["onChain"]
        if act is not None and act["code"] == "to-be-signed":
            wait_for_acts(node, row["case"], by)


def _rows(node: Node, file: str, state: str) -> Iterator[Told]:
    after: int | None = -1
    while after is not None:
        found = node.get(f"{_ROUTE}/{file}/rows", state=state, after=str(after))
        told = expect(found, _OK).json()
        yield from told["rows"]
        after = told["next"]


def _show(node: Node, head: Told, out: Path | None, *, as_json: bool) -> int:
    """Tell how far a file is and what was refused; the exit code."""
    refused = list(_rows(node, head["id"], "refused"))
    if out is not None:
        made = expect(node.get(f"{_ROUTE}/{head['id']}/report.xlsx"), _OK)
        write_file(out, made.body, private=True)
        note(say(zh=f"逐行结果：{out}", en=f"report: {out}"))
    if as_json:
        print_json(head | {"refused": refused})
    else:
        _tell(head, refused)
    return EXIT_NO if refused or head["acts"]["refused"] else 0


def _tell(head: Told, refused: Sequence[Told]) -> None:
    click.echo(head["id"])
    counts, acts = head["counts"], head["acts"]
    note(
        say(
            zh=f"{_state(head['state'])}：待放行或办理中 {counts['proposed']} · "
            f"已办理 {counts['done']} · 退回 {counts['refused']} · 已上链 {acts['recorded']} · "
            f"被链拒绝 {acts['refused']}",
            en=f"{_state(head['state'])}: proposed {counts['proposed']}, done {counts['done']},"
            f" refused {counts['refused']}; on the chain {acts['recorded']}, refused by it"
            f" {acts['refused']}",
        )
    )
    for row in refused:
        place = row["row"] if row["sheet"] is None else f"{row['sheet']}!{row['row']}"
        text, field = row["message"] or {"zh": "", "en": ""}, row["field"] or ""
        note(
            say(
                zh=f"  第 {place} 行 {field} [{row['code']}] {text['zh']}",
                en=f"  row {place} {field} [{row['code']}] {text['en']}",
            )
        )


def _line(one: Told) -> tuple[object, ...]:
    counts = one["counts"]
    numbers = (one["rows"], counts["proposed"], counts["refused"], counts["done"])
    return (one["id"], one["source"], _state(one["state"]), *numbers, one["file"])


def _state(state: str) -> str:
    return {
        "reading": say(zh="查找中", en="being looked up"),
        "proposed": say(zh="待另一人放行", en="to be released by another person"),
        "released": say(zh="办理中", en="being carried out"),
        "done": say(zh="已办理", en="carried out"),
    }.get(state, state)


def _later(node: Node, file: str) -> str:
    return say(
        zh=f"文件 {file} 尚未办完；可重复本命令，或用 credit-ledger files decisions {file} --to"
        f" {node.url} 查看。",
        en=f"File {file} is not finished yet. Run this again, or look: credit-ledger files"
        f" decisions {file} --to {node.url}",
    )
