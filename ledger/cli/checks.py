"""`credit-ledger checks` and `credit-ledger feedback`: many subjects for one matter, and what was
done about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from ledger.cli.column_words import column, columns
from ledger.cli.language import pick, say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import (
    EXIT_NO,
    Unknown,
    demand_apart,
    demand_folder,
    note,
    print_json,
    write_file,
)
from ledger.core.authorisation import PURPOSES

PIECE = 20
"""Subjects of one call: what was answered is kept after each, and a run goes on from there."""
_OK = 200
_ANSWERS = (
    *("row", "code", "overall", "records", "adverse", "missing", "use", "queries", "problem"),
)
_RECORDS = ("code", "issuer", "type", "decided", "until", "verdict", "adverse", "leaf")


@click.command(
    "checks",
    help=say(
        zh="""就一个事项批量核查主体（审批、招投标、名单比对）：读取表中的代码，逐个向各省查询，结果写成工作簿。

        FILE 为 xlsx、xls 或 csv，有“统一社会信用代码”列即可，也可以只是一列代码；“授权编号”列可选。
        每 20 个主体保存一次进度（结果文件旁的 .part 文件），中断后再次运行即从该处继续。每个主体的
        证据包留在本节点，--bundles 则另存为文件，可作为事项档案的回执。

        \b
        示例：
          credit-ledger checks 投标人.xlsx --purpose bidding --matter 某工程招标 \\
              -o 核查结果.xlsx --to URL
          credit-ledger checks codes.csv --purpose approval --matter 事项 -o 结果.xlsx \\
              --bundles 档案 --to URL

        退出码：0 全部已查 · 1 部分主体未能查询 · 4 无法连接
        """,
        en="""Check many subjects for one matter (approval, bidding, comparing lists): the codes of
        a table are asked about one by one, and the answers are written as a workbook.

        FILE is xlsx, xls or csv with a column of unified social credit codes, or no more than such
        a column; a column `authorisation` is optional. After every 20 subjects what was answered is
        kept (in a file .part beside -o), and a run that was interrupted goes on from there. The
        bundle of each stays at the node; --bundles writes them as files too, for the matter's file.

        \b
        Examples:
          credit-ledger checks bidders.xlsx --purpose bidding --matter "tender 7" \\
              -o answers.xlsx --to URL
          credit-ledger checks codes.csv --purpose approval --matter M -o answers.xlsx \\
              --bundles matter --to URL

        Exit codes: 0 all were asked about · 1 some could not be · 4 unreachable
        """,
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--purpose",
    required=True,
    type=click.Choice(sorted(PURPOSES)),
    help=say(zh="查询目的。", en="What the answers are for."),
)
@click.option("--matter", required=True, help=say(zh="事项。", en="The matter."))
@click.option(
    "--types",
    metavar="T,…",
    help=say(zh="记录类别，以逗号分隔。", en="Families of records, by commas."),
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="ANSWERS.xlsx",
    help=say(zh="写入的工作簿。", en="Workbook to write."),
)
@click.option(
    "--bundles",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(zh="另把每个主体的证据包写入此目录。", en="Write the bundle of each there as well."),
)
@node_options
@json_option
def checks(
    *,
    file: Path,
    purpose: str,
    matter: str,
    types: str | None,
    out: Path,
    bundles: Path | None,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    demand_apart(out, file, hint="-o")
    if bundles is not None:
        demand_folder(bundles, hint="--bundles")
    asked: dict[str, Any] = {"purpose": purpose, "matter": matter}
    if types is not None:
        asked["types"] = [each.strip() for each in types.split(",") if each.strip()]
    with Node(url, token) as node:
        rows = _rows(node, "/v1/checks/table", file)
        lines = _asked(node, asked, rows, out.with_name(out.name + ".part"))
        if bundles is not None:
            _write_bundles(node, lines, bundles)
    _write_answers(out, rows, lines)
    out.with_name(out.name + ".part").unlink(missing_ok=True)
    failed = [line for line in lines if line["problem"] is not None]
    if as_json:
        print_json(
            {
                "file": str(out),
                "subjects": len(lines),
                "failed": len(failed),
                "overall": _counts(lines),
            }
        )
    else:
        counts = ", ".join(f"{word} {count}" for word, count in _counts(lines).items())
        note(
            say(
                zh=f"{len(lines)} 个主体（{counts}），已写入 {out}",
                en=f"{len(lines)} subjects ({counts}), in {out}",
            )
        )
        numbers = [row["row"] for row, line in zip(rows, lines, strict=True) if line["problem"]]
        for row, line in list(zip(numbers, failed, strict=True))[:20]:
            place = say(zh=f"第 {row} 行", en=f"row {row}")
            said = f"{pick(line['problem']['message'])} [{line['problem']['code']}]"
            note(f"{place} {line['code']}: {said}")
    return EXIT_NO if failed else 0


@click.command(
    "feedback",
    help=say(
        zh="""反馈对主体采取的措施。FILE 为 xlsx、xls 或 csv，列为查询登记编号、日期、事项、措施、
        结果。措施须为目录中现行的名称。有误的行逐一说明，其余照常登记，并告知答复查询的省份。

        \b
        示例：credit-ledger feedback 反馈.xlsx --to URL

        退出码：0 全部已登记 · 1 部分行有误 · 4 无法连接
        """,
        en="""Report what was done about subjects. FILE is xlsx, xls or csv with the columns QUERY,
        DAY, MATTER, MEASURE and RESULT. A measure is one of those in force in the catalogue. What
        is wrong with a row is told, and the others are stated, and told to whoever answered.

        \b
        Example: credit-ledger feedback feedback.xlsx --to URL

        Exit codes: 0 all were stated · 1 some rows are wrong · 4 unreachable
        """,
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@node_options
@json_option
def feedback(*, file: Path, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    names = ("query", "day", "matter", "measure", "result")
    with Node(url, token) as node:
        rows = _rows(node, "/v1/feedback/table", file)
        sent = [{name: row[name] for name in names if name in row} for row in rows]
        told = expect(node.post("/v1/feedback", json={"rows": sent}), _OK).json()["rows"]
    wrong = [one for one in told if one["errors"]]
    if as_json:
        print_json({"rows": [one | {"row": rows[one["n"]]["row"]} for one in told]})
        return EXIT_NO if wrong else 0
    count = len(told) - len(wrong)
    note(say(zh=f"已登记 {count} 行", en=f"rows stated: {count}"))
    if known := sum(one["known"] for one in told):
        zh, en = f"其中 {known} 行以前已登记，只计一次", f"stated before, counted once: {known}"
        note(say(zh=zh, en=en))
    for one in wrong:
        row = rows[one["n"]]["row"]
        for error in one["errors"]:
            place = say(zh=f"第 {row} 行", en=f"row {row}")
            name = column(error["field"] or "")
            note(f"{place} {name}: {pick(error['message'])} [{error['code']}]")
    return EXIT_NO if wrong else 0


def _rows(node: Node, path: str, file: Path) -> Sequence[Mapping[str, Any]]:
    answer = node.post(path, files={"file": (file.name, file.read_bytes())})
    found: Sequence[Mapping[str, Any]] = expect(answer, _OK).json()["rows"]
    return found


def _asked(
    node: Node, asked: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], part: Path
) -> list[dict[str, Any]]:
    """The answer to each row, from the file of an earlier run as far as that goes."""
    head = {"asked": dict(asked), "codes": [row["code"] for row in rows if "code" in row]}
    lines = _resumed(part, head)
    subjects = [_subject(row) for row in rows]
    from ledger.cli.progress import bars  # noqa: PLC0415 - rich is slow

    with bars() as shown:
        task = shown.add_task(say(zh="核查", en="checks"), total=len(subjects))
        shown.advance(task, len(lines))
        while len(lines) < len(subjects):
            some = subjects[len(lines) : len(lines) + PIECE]
            answer = node.post_slowly("/v1/checks/subjects", json={**asked, "subjects": some})
            found = [orjson.loads(line) for line in expect(answer, _OK).body.splitlines() if line]
            if len(found) != len(some):
                raise Unknown(say(zh="节点的回答不完整。", en="The node's answer is not whole."))
            lines += found
            _keep(part, head, lines)
            shown.advance(task, len(found))
    return lines


def _subject(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("code", "authorisation") if name in row}


def _resumed(part: Path, head: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What an earlier run about the same was answered."""
    if not part.exists():
        return []
    kept = [orjson.loads(line) for line in part.read_bytes().splitlines() if line]
    if not kept or kept[0] != head:
        return []
    note(say(zh=f"继续：已有 {len(kept) - 1} 个", en=f"going on: {len(kept) - 1} are there"))
    return kept[1:]


def _keep(part: Path, head: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
    write_file(part, b"".join(orjson.dumps(one) + b"\n" for one in (head, *lines)), private=True)


def _write_bundles(node: Node, lines: Sequence[Mapping[str, Any]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for line in lines:
        if line["use"] is not None:
            data = expect(node.get_slowly(f"/v1/uses/{line['use']}"), _OK).body
            write_file(folder / f"{line['code']}.json", data, private=True)


def _write_answers(
    out: Path, rows: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]
) -> None:
    from ledger.cli.sheets import Sheet, write_sheets  # noqa: PLC0415 - with a workbook only

    answers = [_answer(row["row"], line) for row, line in zip(rows, lines, strict=True)]
    records = [
        [
            *(line["code"], *(_cell(record[name]) for name in _RECORDS[1:])),
            line["queries"].get(record["issuer"]),
        ]
        for line in lines
        for record in line.get("records", ())
    ]
    write_sheets(
        out,
        [
            Sheet(name=say(zh="结果", en="answers"), head=columns(*_ANSWERS), rows=answers),
            Sheet(
                name=say(zh="记录", en="records"), head=columns(*_RECORDS, "query"), rows=records
            ),
        ],
    )


def _answer(row: int, line: Mapping[str, Any]) -> list[object]:
    if line["problem"] is not None:
        problem = f"{pick(line['problem']['message'])} [{line['problem']['code']}]"
        return [row, line["code"], *[None] * (len(_ANSWERS) - 3), problem]
    records = line["records"]
    missing = "; ".join(f"{one['member']}: {one['reason']}" for one in line["missing"])
    adverse = sum(one["adverse"] is True and one["verdict"] == "valid" for one in records)
    return [
        row,
        line["code"],
        line["overall"],
        len(records),
        adverse,
        missing or None,
        line["use"],
        "; ".join(f"{member}: {query}" for member, query in line["queries"].items()) or None,
        None,
    ]


def _cell(value: object) -> object:
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def _counts(lines: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    words = [line.get("overall") or "failed" for line in lines]
    return {word: words.count(word) for word in dict.fromkeys(words)}
