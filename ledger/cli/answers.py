"""What a node answered to a file of records, as a person reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ledger.cli.language import pick, say
from ledger.cli.node import Who
from ledger.cli.tables import plain, rows, stdout

VERDICTS = ("accepted", "duplicate", "conflict", "rejected")
TAKEN = VERDICTS[:2]
_MOST_ROWS = 50  # problems, and leaves, shown; the rest is in --json and in the workbook
_MOST_RUNS = 12  # runs of row numbers named in a note
_WARNINGS = frozenset({"authority-elsewhere"})  # notes that stand out: the file may be misdirected

_PASSED_OVER = "footer-skipped"

Document = dict[str, Any]


def row_answers(answer: Document) -> list[Document]:
    """The answers to the rows of a file, or the one to a single record."""
    found: list[Document] = answer.get("verdicts", [answer])
    return found


def taken_leaves(answer: Document) -> list[str]:
    """Of the rows that are in, by this answer or before, each once and in order."""
    rows_in = (row for row in row_answers(answer) if row["verdict"] in TAKEN)
    return list(dict.fromkeys(row["leaf"] for row in rows_in))


def show_answer(answer: Document, who: Who) -> None:
    """Where it went, how many rows ended how, what is wrong and what was noticed. who: the node."""
    console, answers = stdout(), row_answers(answer)
    console.print(rows([*_where(answer, who), *_counts(answers)]))
    for sheet in answer.get("sheets") or ():
        if sheet.get("unread"):
            console.print(plain(f"! {_unread(sheet)}", "bold yellow"))
    if len(answers) == 1 and answers[0]["leaf"]:
        one = answers[0]
        names = (
            (say(zh="叶子", en="leaf"), "leaf"),
            (say(zh="记录编号", en="record id"), "recordId"),
        )
        console.print(rows((name, one[key]) for name, key in names if one[key]))
    elif taken := [row for row in answers if row["verdict"] in TAKEN]:
        console.print(_leaves(taken[:_MOST_ROWS]))
        _tell_more(console, len(taken))
    problems = [row for row in answers if row["verdict"] not in TAKEN]
    if problems:
        console.print(_problems(problems[:_MOST_ROWS]))
    _tell_more(console, len(problems))
    if any(row["notes"] for row in answers):
        console.print(_notes(answers))
    if taken_leaves(answer):
        console.print(_next(answer, who), soft_wrap=True)


def _tell_more(console: Console, count: int) -> None:
    if (more := count - _MOST_ROWS) > 0:
        console.print(say(zh=f"另有 {more} 行，见 --json", en=f"{more} more rows, see --json"))


def _leaves(taken: Sequence[Document]) -> Table:
    """By which each row's receipt is asked for."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="行", en="Row"), justify="right", overflow="fold")
    table.add_column(say(zh="叶子", en="Leaf"), no_wrap=True)
    for row in taken:
        table.add_row(plain(_place(row)), plain(row["leaf"]))
    return table


def _next(answer: Document, who: Who) -> Text:
    """How to get the receipts."""
    said = say(zh="取回执", en="receipts")
    commands = [f"{said}: credit-ledger receipt LEAF --from {who.url} -o FILE"]
    if "id" in answer:
        commands.append(f"credit-ledger receipt --file {answer['id']} --from {who.url} -o DIR")
    return Text("\n  ").join(plain(command) for command in commands)


def _where(answer: Document, who: Who) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = [(say(zh="节点", en="node"), who)]
    if "id" in answer:
        pairs.append((say(zh="文件编号", en="file id"), answer["id"]))
    return pairs


def _unread(sheet: Document) -> str:
    """Of a sheet with rows that nobody looked at."""
    name, count = sheet["name"], sheet["unread"]
    return say(
        zh=f"工作表“{name}”有 {count} 行未读取：找不到表头。如含记录，请按模板补上表头后重新报送。",
        en=f"Sheet “{name}”: {count} rows were not read, for no header was found. If they are "
        "records, give them the header of the template and send the file again.",
    )


def _counts(answers: Sequence[Document]) -> list[tuple[str, object]]:
    counts = Counter(row["verdict"] for row in answers)
    names = (
        say(zh="接受", en="accepted"),
        say(zh="重复", en="there already"),
        say(zh="冲突", en="in conflict"),
        say(zh="拒绝", en="rejected"),
    )
    return [(name, counts[verdict]) for name, verdict in zip(names, VERDICTS, strict=True)]


def _problems(problems: Sequence[Document]) -> Table:
    """All errors of a row, one below the other."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="行", en="Row"), justify="right")
    table.add_column(say(zh="字段", en="Field"))
    table.add_column(say(zh="原因", en="Reason"), overflow="fold")
    for row in problems:
        where = _place(row)
        for error in row["errors"] or [row]:
            message = pick(error["message"]) if error["message"] else row["verdict"]
            reason = f"{message} [{error['code']}]"
            table.add_row(plain(where), plain(error["field"] or ""), plain(reason))
            where = ""
        if row["changed"]:
            changed = ", ".join(row["changed"])
            table.add_row("", "", plain(say(zh=f"不同：{changed}", en=f"differs in {changed}")))
    return table


def _place(row: Document) -> str:
    number = "" if row["row"] is None else str(row["row"])
    return f"{row['sheet']} {number}".strip() if row["sheet"] else number


class _Note(NamedTuple):
    """A kind of note. text: where each is about something of its own."""

    code: str
    field: str
    text: str = ""


def _notes(answers: Sequence[Document]) -> Table:
    """Each kind of note once, with the rows it was made of."""
    places: dict[_Note, list[Document]] = {}
    texts: dict[_Note, str] = {}
    for row in answers:
        for note in row["notes"]:
            kind, place = _kind(note), _about(note, row)
            places.setdefault(kind, []).append(place)
            texts.setdefault(kind, _text(note))
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="提示", en="Note"), overflow="fold")
    table.add_column(say(zh="行数", en="Rows"), justify="right")
    table.add_column(say(zh="行", en="Which"), overflow="fold")
    for kind in sorted(places, key=lambda kind: (kind.code not in _WARNINGS, kind)):
        style = "bold yellow" if kind.code in _WARNINGS else ""
        text = plain(f"{texts[kind]} [{kind.code}]", style)
        table.add_row(text, str(len(places[kind])), plain(_runs(places[kind])))
    return table


def _kind(note: Document) -> _Note:
    """Those of one kind are told together. One about no field names what it means in its text,
    unless it tells the row."""
    alone = note["field"] is None and "row" not in note
    return _Note(note["code"], note["field"] or "", pick(note["message"]) if alone else "")


def _about(note: Document, row: Document) -> Document:
    """The place that a note is about: of rows passed over their own, not that of the record on
    which it stands."""
    if "row" not in note and note["code"] != _PASSED_OVER:
        return row
    return {"sheet": row["sheet"], "row": note.get("row")}


def _text(note: Document) -> str:
    if note["code"] == _PASSED_OVER and "row" in note:
        return say(
            zh="合计、填报人、填写说明或重复的表头，不是记录，已跳过。",
            en="Totals, signatures, hints or the header once more, no records: skipped.",
        )
    return pick(note["message"])


def _runs(found: Iterable[Document]) -> str:
    """`2–4, 9`, by sheet where there are sheets."""
    parts: list[str] = []
    for sheet, answers in groupby(found, key=lambda row: row["sheet"]):
        numbers = sorted({row["row"] for row in answers if row["row"] is not None})
        runs = [_run(first, last) for first, last in _spans(numbers)]
        parts += [f"{sheet} {run}" if sheet and not at else run for at, run in enumerate(runs)]
    return ", ".join(parts[:_MOST_RUNS]) + (", …" if len(parts) > _MOST_RUNS else "")


def _spans(numbers: Sequence[int]) -> Iterable[tuple[int, int]]:
    """(first, last) of each run of numbers that follow one another."""
    start = 0
    for at in range(1, len(numbers) + 1):
        if at == len(numbers) or numbers[at] != numbers[at - 1] + 1:
            yield numbers[start], numbers[at - 1]
            start = at


def _run(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"
