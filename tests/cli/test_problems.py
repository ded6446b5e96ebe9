"""What is wrong with settings and files is said in Chinese whole, and every text has both."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.settings import load
from gateway.operations import findings
from ledger.cli.problem_words import PLACES, PROBLEMS
from ledger.cli.problems import chinese, in_words
from ledger.core.errors import ConfigError, Malformed
from ledger.records.authorities import read_authorities
from ledger.records.calendar import read_years
from ledger.records.lawful import read_exceptions, read_subjects
from tests.cli.conftest import Cli

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "ledger").rglob("*.py"), *(ROOT / "gateway").rglob("*.py")])
# Modules whose plain errors become a ConfigError: readers of what operators write.
READERS = {
    *("ledger/records/members.py", "ledger/records/authorities.py", "ledger/records/lawful.py"),
    *("ledger/records/calendar.py", "ledger/records/operator_file.py", "ledger/records/store.py"),
    *("ledger/core/canonical.py", "ledger/chain/network.py"),
    *("gateway/base/settings.py", "gateway/commands/authorities.py"),
}
OWN = {"fault", "ValueError", "Malformed", "_fault", "_refuse"}
ENGLISH = re.compile(r"(?<![\w`./{-])[A-Za-z]{2,}(?:[ ,;]+[a-z]{2,}){2,}")
# Of what these say the rest is English, and the setting says enough.
LOST = ("Input should be a valid ", "'utf-8' codec")
QUOTED = "原文为“"
CHINESE = re.compile("[一-鿿]")
SHOWN = re.compile(
    r"`[^`]*`|\b(?:credit-ledger|gateway|consortium|keys|govern) [a-z-]+[^，。；：（）]*"
)


def template(node: ast.expr, known: dict[str, str] | None = None) -> str | None:
    """The text with `{}` for values, but those of constants; None where it is made elsewhere."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = [p.value if isinstance(p, ast.FormattedValue) else p for p in node.values]
        return "".join(
            str(part.value)
            if isinstance(part, ast.Constant)
            else (known or {}).get(ast.unparse(part), "{}")
            for part in parts
        )
    if isinstance(node, ast.BoolOp):
        return template(node.values[-1])
    return None


def raised() -> Iterator[tuple[str, str]]:
    """Place and text of every problem with settings or files."""
    for path in SOURCES:
        place = str(path.relative_to(ROOT))
        source = path.read_text("utf-8")
        if "ConfigError" not in source and place not in READERS:
            continue
        tree = ast.parse(source)
        known = {
            ast.unparse(node.targets[0]): node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if name == "ConfigError" or (place in READERS and name in OWN):
                text = template(node.args[-1], known)
                if text is not None:
                    yield f"{place}:{node.lineno}", text


def fault(text: str) -> str | None:
    """What is wrong with the Chinese of a text; None for what is made of values alone, and ends
    that are given as a value."""
    words = text.replace("{}", "").strip(" :+,.;()")
    if not words:
        return None
    told = chinese(text.replace("{}", "7"))
    has_chinese = CHINESE.search(told) or " " not in words
    if has_chinese and QUOTED not in told and not ENGLISH.search(SHOWN.sub("", told)):
        return None
    return told


def test_every_problem_has_its_chinese() -> None:
    found = list(raised())
    assert len(found) > 200
    assert {"stands twice: put its names and dates into one entry"} <= {text for _, text in found}
    assert [(place, text, fault(text)) for place, text in found if fault(text)] == []


def test_english_is_found() -> None:
    assert fault("this has no Chinese at all {}") and fault("{}: +") is None


@pytest.mark.parametrize("text", [*PROBLEMS, *PLACES])
def test_the_table_keeps_every_value(text: str) -> None:
    words = {**PROBLEMS, **PLACES}[text]
    values = [f"v{n}v" for n in range(text.count("{}"))]
    assert all(value in words.format(*values) for value in values) or text.startswith(LOST)
    assert not ENGLISH.search(SHOWN.sub("", words))


@given(st.text(max_size=200) | st.text("{}: .abc", max_size=3000))
def test_any_text_is_told(text: str) -> None:
    assert isinstance(chinese(text), str)


def test_long_texts_take_no_time() -> None:
    assert chinese("is not " * 100_000)
    assert chinese(": " * 300)


def test_what_nobody_here_said_is_quoted() -> None:
    assert chinese("database: server is tired") == "数据库：原文为“server is tired”"
    assert chinese("node.url: Field required") == "node.url：必须填写"


def texts() -> Iterator[tuple[str, str]]:
    """Every text with more Chinese than English, docstrings left out."""
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        inner = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in ast.walk(node)
            if part is not node
        }
        lone = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        for node in ast.walk(tree):
            if id(node) in inner | lone or not isinstance(node, ast.Constant | ast.JoinedStr):
                continue
            text = template(node)
            if text and len(CHINESE.findall(text)) > len(re.findall("[A-Za-z]{2,}", text)):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", text


def test_chinese_texts_hold_no_english_sentence() -> None:
    found = list(texts())
    assert len(found) > 1000
    wrong = [place for place, text in found if ENGLISH.search(SHOWN.sub("", _prose(text)))]
    # A prompt of a cell of a workbook, and the page of a report, which have both languages.
    both = ("ledger/records/template.py:", "gateway/reports/")
    assert [place for place in wrong if not place.startswith(both)] == []


def test_a_receipt_has_one_word() -> None:
    """回执, by the glossary; 凭证 and others were read as something else."""
    others = re.compile("凭证|收据|回单")
    assert [place for place, text in texts() if others.search(text)] == []
    for page in ("README.zh-CN.md", "docs/operators/README.zh-CN.md", "docs/glossary.md"):
        assert not others.search((ROOT / page).read_text("utf-8")), page


def _prose(text: str) -> str:
    """Without examples, which begin after a mark of their own, and the English lines of notes that
    give both languages."""
    parts = [part for part in re.split(r"\n\s*\n", text) if "\b" not in part]
    return "\n".join(line for line in "\n".join(parts).split("\n") if CHINESE.search(line))


def test_every_text_has_both_languages() -> None:
    """`say` and every display with one of the two have the other."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: set[str | None] = set()
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "say":
                names = {word.arg for word in node.keywords}
                assert names in ({"zh", "en"}, {None}) or node.args, f"{path}:{node.lineno}"
            elif isinstance(node, ast.Dict):
                names = {k.value for k in node.keys if isinstance(k, ast.Constant)}  # type: ignore[misc]
                assert not names & {"zh", "en"} or names >= {"zh", "en"}, f"{path}:{node.lineno}"


WRONG = {
    "authorities": (read_authorities, {"code": "x"}, "机关表第 1 条：code 不是统一社会信用代码"),
    "exceptions": (read_exceptions, {"code": 5}, "例外文件第 1 条：code 不是文本"),
    "subjects": (read_subjects, {"codes": []}, "主体文件第 1 条：codes 的项数不在 1 至 64 之间"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_files_of_operators(tmp_path: Path, kind: str) -> None:
    read, entry, words = WRONG[kind]
    type_ = kind.replace("exceptions", "uscc-exceptions")
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"_type": f"credit-ledger/{type_}@1", kind: [entry]}))
    with pytest.raises(ConfigError) as caught:
        read(path)
    told = in_words(caught.value)
    assert words in told["zh"] and str(path) in told["zh"]
    assert not ENGLISH.search(told["zh"])
    for data in (b"{", b"\xff", b"[]", b"{}", b'{"a":1,"a":2}', b'{"_type":"x"}'):
        path.write_bytes(data)
        for each in (read, read_years):
            with pytest.raises(ConfigError) as caught:
                each(path)
            assert QUOTED not in chinese(str(caught.value)), caught.value
    path.unlink()
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert chinese(str(caught.value)).endswith("没有这个文件或目录")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nonsense = 1",
        "rpc = 5",
        "[node]\ncode = 5",
        "[http]\nport = 'x'",
        "[http]\nport = 70000",
        "[node]\ngo_live = 'x'",
        "a = [",
        "[files]\nprocesses = -1",
        "env = 'x'",
        "calendar_file = 7",
    ],
)
def test_settings(tmp_path: Path, line: str) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(line)
    with pytest.raises(ConfigError) as caught:
        load(path)
    told = chinese(str(caught.value))
    assert QUOTED not in told and not ENGLISH.search(told.replace(str(path), "")), caught.value


def test_the_doctor_tells_errors_in_words() -> None:
    error = Malformed(
        "authorities, entry 3 (X)", "stands twice: put its names and dates into one entry"
    )
    found = findings.finding("who", findings.Level.PROBLEM, error=error)
    assert found.text["zh"].endswith("机关表第 3 条（X）：出现两次：请把名称和日期并入一条")
    assert found.text["en"].endswith("stands twice: put its names and dates into one entry")


def test_a_command_in_chinese(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    path = tmp_path / "a.json"
    path.write_text('{"_type": "credit-ledger/authorities@1", "authorities": [{"code": "1"}]}')
    done = cli("gateway", "authorities", "check", path)
    assert done.exit == 1
    assert "请按证照填写18位" in done.err and "USCC" not in done.err
