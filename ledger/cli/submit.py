"""`credit-ledger submit`: a file of records to the node of a member."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
import orjson
from rich.progress import Progress

from ledger.cli.language import say
from ledger.cli.node import Node, expect, retry_after
from ledger.cli.options import json_option
from ledger.cli.output import EXIT_NO, Unknown, note, print_json, write_file
from ledger.cli.progress import bars
from ledger.cli.tables import show_answer

VERDICTS = ("accepted", "duplicate", "conflict", "rejected")
MAX_LINES = 4096  # of one request: what one promise may cover
_POLL = 0.2  # seconds between two looks at a file that is being read
_ANCHOR_PATIENCE = 600.0  # seconds without a single new anchor before `--wait` gives up
_AT_ONCE = 8  # receipts asked for at the same time
_OK, _ACCEPTED = 200, 202

Document = dict[str, Any]
Advance = Callable[[int], None]

_HELP = say(
    zh="""把文件中的记录报送给成员节点，逐行给出结果。

    FILE 可以是 xlsx、csv（部门报送表）、ndjson（每行一条记录）或 json（一条记录）。
    退出码：0 全部接受或重复；1 有拒绝或冲突；4 无法连接。重复报送没有害处。

    \b
    示例：
      credit-ledger submit 行政处罚.xlsx --to http://127.0.0.1:8546 --report 待更正.xlsx
      credit-ledger submit 记录.ndjson --to http://127.0.0.1:8546 --wait --json
    """,
    en="""Sends the records of a file to the node of a member; every row gets an answer.

    FILE is a workbook (xlsx), csv, ndjson (a record a line) or json (one record). Exit codes: 0 all
    accepted or there already; 1 some rejected or in conflict; 4 the node cannot be reached. Sending
    a file twice does no harm.

    \b
    Examples:
      credit-ledger submit penalties.xlsx --to http://127.0.0.1:8546 --report to-correct.xlsx
      credit-ledger submit records.ndjson --to http://127.0.0.1:8546 --wait --json
    """,
)


@click.command("submit", help=_HELP)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "url", required=True, metavar="URL", help=say(zh="节点。", en="The node."))
@click.option("--token", metavar="T", help=say(zh="报送令牌。", en="Token that may submit."))
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
    help=say(zh="保存待更正的工作簿。", en="Keep the workbook to correct and send again."),
)
@click.option(
    "--wait", is_flag=True, help=say(zh="等到全部锚定。", en="Wait until all is anchored.")
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
    as_json: bool,
) -> int:
    """See `_HELP`."""
    kind = file.suffix.lower()
    table = kind in (".xlsx", ".csv")
    if not table and kind not in (".ndjson", ".jsonl", ".json"):
        raise click.BadParameter("xlsx, csv, ndjson, json", param_hint="FILE")
    if not table and (report is not None or type_ is not None):
        message = say(zh="--report 和 --type 只用于表格", en="--report and --type go with tables")
        raise click.UsageError(message)
    with Node(url, token) as node, bars() as progress:
        if table:
            answer = _send_table(node, file, type_, report, progress)
        elif kind == ".json":
            answer = _send_record(node, file)
        else:
            answer = _send_lines(node, file, progress)
        rows = answer.get("verdicts", [answer])
        if wait:
            _wait_until_anchored(node, rows, progress)
    if as_json:
        print_json(answer)
    else:
        show_answer(rows)
    if answer.get("state") == "failed":
        note(_reason(answer))
    elif not rows:
        note(say(zh="文件中没有记录。", en="There are no records in the file."))
    elif all(row["verdict"] in VERDICTS[:2] for row in rows):
        return 0
    return EXIT_NO


# ---- workbooks and CSV


def _send_table(
    node: Node, file: Path, type_: str | None, report: Path | None, progress: Progress
) -> Document:
    task = progress.add_task(say(zh="报送", en="sending"), total=None)
    data = {} if type_ is None else {"type": type_}
    sent = expect(
        node.post("/v1/files", data=data, files={"file": (file.name, file.read_bytes())}),
        _ACCEPTED,
    )
    path = sent.headers["location"]
    while (answer := _state(node, path))["state"] in ("queued", "running"):
        progress.update(task, description=answer["state"], completed=answer.get("rows") or 0)
        time.sleep(_POLL)
    if report is not None:
        write_file(report, expect(node.get(f"{path}/report.xlsx"), _OK).body)
        note(say(zh=f"待更正的工作簿：{report}", en=f"workbook to correct: {report}"))
    progress.remove_task(task)
    return answer


def _state(node: Node, path: str) -> Document:
    answer: Document = expect(node.get(path), _OK).json()
    return answer


def _reason(answer: Document) -> str:
    text, code = answer["message"], answer["code"]
    return say(
        zh=f"文件无法读取：{text['zh']} [{code}]",
        en=f"The file could not be read: {text['en']} [{code}]",
    )


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
        found, made = _send_set(node, b"".join(lines))
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
        "file": file.name,
        "rows": len(rows),
        "counts": dict(counts),
        "promises": promises,
        "verdicts": rows,
    }


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        yield from stream


def _sets(file: Path) -> Iterator[list[bytes]]:
    found: list[bytes] = []
    for line in _lines(file):
        found.append(line)
        if len(found) == MAX_LINES:
            yield found
            found = []
    if found:
        yield found


def _send_set(node: Node, content: bytes) -> tuple[list[Document], list[Document]]:
    """Row answers and promises of one request."""
    headers = {"content-type": "application/x-ndjson"}
    answer = expect(node.post("/v1/records", content=content, headers=headers), _OK)
    try:
        told = [orjson.loads(line) for line in answer.body.splitlines()]
    except orjson.JSONDecodeError as error:
        raise Unknown(say(zh="节点的回答不完整。", en="The node's answer broke off.")) from error
    if problems := [line["problem"] for line in told if "problem" in line]:
        raise Unknown(str(problems[0].get("detail")))
    if not told or "counts" not in told[-1]:
        raise Unknown(say(zh="节点的回答不完整。", en="The node's answer broke off."))
    promises = [line["promise"] for line in told if "verdict" not in line and "promise" in line]
    return [line for line in told if "verdict" in line], promises


# ---- waiting


def _wait_until_anchored(node: Node, rows: list[Document], progress: Progress) -> None:
    """Until every record that is in has a receipt. Unknown where nothing moves for long."""
    leaves = sorted({row["leaf"] for row in rows if row["verdict"] in VERDICTS[:2]})
    task = progress.add_task(say(zh="等待锚定", en="waiting for anchors"), total=len(leaves))
    end = [time.monotonic() + _ANCHOR_PATIENCE]

    def wait(leaf: str) -> None:
        while (answer := node.get(f"/v1/receipts/{leaf}")).status == _ACCEPTED:
            if time.monotonic() > end[0]:
                message = say(zh="迟迟没有锚定。", en="Nothing has been anchored for long.")
                raise Unknown(message)
            time.sleep(retry_after(answer))
        expect(answer, _OK)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(wait, leaves):
            end[0] = time.monotonic() + _ANCHOR_PATIENCE
            progress.advance(task)
