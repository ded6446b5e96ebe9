"""`credit-ledger submit`: a file of records to the node of a member."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click
from rich.progress import Progress

from ledger.cli.anchored import wait_until_anchored
from ledger.cli.answers import (
    TAKEN,
    VERDICTS,
    Document,
    row_answers,
    show_answer,
    taken_leaves,
)
from ledger.cli.fetching import Wish, exit_of, fetch_all, may_show
from ledger.cli.files import reason
from ledger.cli.language import pick, say
from ledger.cli.node import Node, Who, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import (
    EXIT_NO,
    Unknown,
    demand_apart,
    note,
    print_json,
    shown_path,
    write_file,
)
from ledger.cli.patience import Patience
from ledger.cli.progress import bars
from ledger.cli.receipt import tell
from ledger.client.errors import AnswerMalformed
from ledger.client.errors import Refused as ClientRefused
from ledger.client.records import MAX_LINES, Lines, request_of, sets

_POLL = 0.2  # seconds between two looks at a file that is being read
_RECEIPT_PATIENCE = 60.0  # seconds for a gateway beside the one that told us of the anchor
_OK, _ACCEPTED = 200, 202
_TABLES = frozenset(
    {".xlsx", ".xlsm", ".xls", ".et", ".csv", ".tsv", ".txt", ".xlsb", ".ods", ".wps"}
)
"""Sent as files; the node tells what they are, and what to do with those it does not read."""
_LINES = (".ndjson", ".jsonl")

_HELP = say(
    zh="""把文件中的记录报送给成员节点，逐行给出结果。

    FILE 可以是 xlsx、xls、csv、tsv、txt（部门报送表）、ndjson（每行一条记录）或 json（一条记录）。
    先显示收下文件的节点、文件编号和各行结果，再等待存证（--wait、--receipts）。
    退出码：0 全部接受或重复；1 有拒绝或冲突；4 无法连接或迟迟没有进展。重复报送没有害处。

    \b
    示例：
      credit-ledger submit 行政处罚.xlsx --to http://127.0.0.1:8546 --report 待更正.xlsx
      credit-ledger submit 记录.ndjson --to http://127.0.0.1:8546 --wait --json
      credit-ledger submit 行政处罚.xlsx --to http://127.0.0.1:8546 --receipts 回执/
    """,
    en="""Send the records of a file to the node of a member; every row gets an answer.

    FILE is a workbook (xlsx, xls), a table as text (csv, tsv, txt), ndjson (a record a line) or
    json (one record). The node that took it, the file id and the answers are shown before anchors
    are waited for (--wait, --receipts). Exit codes: 0 all accepted or there already; 1 some
    rejected or in conflict; 4 the node cannot be reached or makes no progress. Sending a file
    twice does no harm.

    \b
    Examples:
      credit-ledger submit penalties.xlsx --to http://127.0.0.1:8546 --report to-correct.xlsx
      credit-ledger submit records.ndjson --to http://127.0.0.1:8546 --wait --json
      credit-ledger submit penalties.xlsx --to http://127.0.0.1:8546 --receipts receipts/
    """,
)


class _Way(NamedTuple):
    """To which node, and how long it may stand still."""

    node: Node
    who: Who
    patience: float | None


@click.command("submit", help=_HELP)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@node_options
@click.option(
    "--type",
    "type_",
    metavar="TYPE",
    help=say(
        zh="表格的记录类型（一般能自动识别）。", en="Type of the table, where it does not tell."
    ),
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.xlsx",
    help=say(
        zh="有待更正的行时，保存待更正的工作簿。",
        en="Keep the workbook to correct and send again, where rows are to be corrected.",
    ),
)
@click.option(
    "--wait", is_flag=True, help=say(zh="等到全部存证。", en="Wait until all is anchored.")
)
@click.option(
    "--receipts",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(
        zh="等到存证，并为每个已接受或重复的行写一份回执 LEAF.json。",
        en="Wait, and write a receipt LEAF.json for every row that is in.",
    ),
)
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help=say(
        zh="多少秒毫无进展后放弃（默认 600；节点自称未就绪时 120）。",
        en="Give up after so long without progress (600; 120 if the node says it is not ready).",
    ),
)
@json_option
def submit(
    *,
    file: Path,
    url: str,
    token: str | None,
    type_: str | None,
    report: Path | None,
    wait: bool,
    receipts: Path | None,
    patience: float | None,
    as_json: bool,
) -> int:
    """See `_HELP`. What was taken is told before it is waited for: that stands in any case."""
    _check_usage(file, type_, report)
    with Node(url, token) as node, bars() as progress:
        who = node.who()
        way = _Way(node, who, patience)
        answer = _send(way, file, type_, progress)
        if report is not None:
            _write_report(way, answer, report)
        if as_json:
            print_json(answer | {"node": who._asdict()})
        else:
            show_answer(answer, who)
        if wait or receipts is not None:
            wait_until_anchored(node, answer, progress, patience)
            note(say(zh="已全部存证。", en="All of it is anchored."))
        missing = 0 if receipts is None else _fetch(node, answer, receipts, progress)
    return _exit(answer) or missing


def _check_usage(file: Path, type_: str | None, report: Path | None) -> None:
    kind = file.suffix.lower()
    if kind not in (*_TABLES, *_LINES, ".json"):
        message = say(
            zh="应为 xlsx、xls、csv、tsv、txt、ndjson 或 json",
            en="must be xlsx, xls, csv, tsv, txt, ndjson or json by its name",
        )
        raise click.BadParameter(message, param_hint="FILE")
    if kind not in _TABLES and (report is not None or type_ is not None):
        message = say(zh="--report 和 --type 只用于表格", en="--report and --type go with tables")
        raise click.UsageError(message)
    demand_apart(report, file, hint="--report")


def _send(way: _Way, file: Path, type_: str | None, progress: Progress) -> Document:
    kind = file.suffix.lower()
    if kind in _TABLES:
        return _send_table(way, file, type_, progress)
    if kind in _LINES:
        return _send_lines(way.node, file, progress)
    return _send_record(way.node, file)


def _exit(answer: Document) -> int:
    """0 where every row is in."""
    rows = row_answers(answer)
    if answer.get("state") == "failed":
        note(reason(answer))
    elif not rows:
        note(say(zh="文件中没有记录。", en="There are no records in the file."))
    elif all(row["verdict"] in TAKEN for row in rows):
        return 0
    return EXIT_NO


def _fetch(node: Node, answer: Document, folder: Path, progress: Progress) -> int:
    """Write the receipts; the exit code."""
    leaves = taken_leaves(answer)
    shown = bool(leaves) and may_show(node, leaves[0])
    if leaves and not shown:
        note(
            say(
                zh="令牌无权读取记录，回执不披露任何字段。",
                en="The token may not read records: these receipts show no fields.",
            )
        )
    task = progress.add_task(say(zh="回执", en="receipts"), total=len(leaves))
    wish = Wish(node=node, shown=shown, end=time.monotonic() + _RECEIPT_PATIENCE)
    found = fetch_all(wish, leaves, folder, lambda: progress.advance(task))
    progress.remove_task(task)
    tell(found, folder)
    if known := sum(row["verdict"] == "duplicate" for row in row_answers(answer)):
        note(
            say(
                zh=f"其中 {known} 行此前已报送，回执是原有条目的。",
                en=f"{known} rows were there already: theirs are of the entries from before.",
            )
        )
    return exit_of(found)


# ---- workbooks and CSV


def _send_table(way: _Way, file: Path, type_: str | None, progress: Progress) -> Document:
    node, who = way.node, way.who
    task = progress.add_task(say(zh="报送", en="sending"), total=None)
    data = {} if type_ is None else {"type": type_}
    sent = expect(
        node.post("/v1/files", data=data, files={"file": (file.name, file.read_bytes())}),
        _ACCEPTED,
    )
    path = sent.headers["location"]
    file_id = path.rpartition("/")[2]
    note(say(zh=f"{who} 已收下文件 {file_id}", en=f"{who} took the file {file_id}"))
    patience = Patience(node, way.patience, _given_up(node, file_id))
    while (answer := _state(node, path))["state"] in ("queued", "running"):
        patience.see((answer["state"], answer.get("rows")))
        progress.update(task, description=answer["state"], completed=answer.get("rows") or 0)
        time.sleep(_POLL)
    progress.remove_task(task)
    return {"id": file_id} | answer


def _given_up(node: Node, file_id: str) -> str:
    """With how to go on later: the node keeps the file."""
    command = f"credit-ledger files show {file_id} --to {node.url}"
    return say(
        zh=f"节点已收下文件 {file_id}，但迟迟没有处理。稍后可用：{command}",
        en=f"The node has the file {file_id} but does not get on with it. Later: {command}",
    )


def _write_report(way: _Way, answer: Document, report: Path) -> None:
    """Where there is something to correct: a workbook without rows says nothing."""
    if all(row["verdict"] in TAKEN for row in row_answers(answer)):
        note(
            say(
                zh=f"没有待更正的行，未写出 {report}。",
                en=f"No rows to correct; {report} was not written.",
            )
        )
        return
    node, file_id = way.node, answer["id"]
    patience = Patience(node, way.patience, _given_up(node, file_id))
    while (found := node.get(f"/v1/files/{file_id}/report.xlsx")).status == _ACCEPTED:
        patience.see("report")
        time.sleep(_POLL)
    write_file(report, expect(found, _OK).body, private=True)
    note(say(zh=f"待更正的工作簿：{report}", en=f"workbook to correct: {report}"))


def _state(node: Node, path: str) -> Document:
    answer: Document = expect(node.get(path), _OK).json()
    return answer


# ---- records as JSON


def _send_record(node: Node, file: Path) -> Document:
    content = file.read_bytes()
    headers = {"content-type": "application/json"}
    answer = node.post("/v1/records", content=content, headers=headers)
    told: Document = answer.json()
    return told if told.get("verdict") in VERDICTS else expect(answer).json()


def _send_lines(node: Node, file: Path, progress: Progress) -> Document:
    """NDJSON, a few thousand lines at a time; the answer is one as of a file."""
    total = sum(1 for _ in _lines(file))
    task = progress.add_task(say(zh="报送", en="sending"), total=total)
    rows: list[Document] = []
    promises: list[Document] = []
    sent = 0
    for lines in _sets(file):
        found, made = _send_set(node, lines)
        for row in found:
            row["row"] += sent
            if row["promise"] is not None:
                row["promise"] += len(promises)
        rows += found
        promises += made
        sent += len(lines)
        progress.update(task, completed=sent)
    progress.remove_task(task)
    counts = Counter({verdict: 0 for verdict in VERDICTS})
    counts.update(row["verdict"] for row in rows)
    return {
        "file": shown_path(file.name),
        "rows": len(rows),
        "counts": dict(counts),
        "promises": promises,
        "verdicts": rows,
    }


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        yield from stream


def _sets(file: Path) -> Iterator[list[bytes]]:
    return sets(_lines(file), MAX_LINES)


def _send_set(node: Node, lines: Sequence[bytes]) -> tuple[list[Document], list[Document]]:
    """Row answers and promises of one request."""
    answer = expect(node.ask(request_of(lines)), _OK)
    try:
        told = Lines(answer.found)
    except AnswerMalformed as error:
        raise Unknown(say(zh="节点的回答不完整。", en="The node's answer broke off.")) from error
    except ClientRefused as error:
        raise Unknown(pick(error.remedy)) from error
    if told.problem is not None:
        raise Unknown(pick(told.problem.remedy) if told.problem.remedy else str(told.problem))
    return told.rows, told.promises
