"""Wrong usage is told in the language of whoever reads, whatever kind of wrong it is."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ledger.cli.usage import MODULES, ZH, gettext
from tests.cli.conftest import Cli

FOR_PROGRAMMERS = {
    "Could not determine name for option with declarations {decls!r}",
    "No options defined but a name was passed ({name}). Did you mean to declare an argument "
    "instead? Did you mean to pass '--{name}'?",
    "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    "Name '{name}' defined twice",
    "Boolean option {decl!r} cannot use the same flag for true/false.",
    "Invalid start character for option ({option})",
    "Unknown color {colour!r}",
}
"""Of mistakes in the definition of a command, which users never see."""
HAN = re.compile("[\u4e00-\u9fff]")


def texts() -> Iterator[str]:
    """All that click may say."""
    for name in MODULES:
        source = Path(click.__file__).with_name(f"{name}.py").read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id in ("_", "ngettext"):
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value


def test_all_that_click_says_is_translated() -> None:
    found = set(texts())
    assert len(found) > 60
    assert found - FOR_PROGRAMMERS == set(ZH) - {"required"}


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("text", ZH)
def test_a_translation_fits_its_text(text: str) -> None:
    assert HAN.search(ZH[text])
    assert holes(ZH[text]) <= holes(text)
    assert re.findall(r"%\(\w+\)s", ZH[text]) == re.findall(r"%\(\w+\)s", text)


def test_what_has_no_translation_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    assert gettext("Something new.") == "Something new."
    assert gettext("Usage:") == "用法："
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    assert gettext("Usage:") == "Usage:"


WRONG = {
    "nonsense": "没有命令 'nonsense'",
    "verfy": "没有命令 'verfy'",
    "verify": "缺少参数",
    "verify FILE": "缺少选项 '--network'",
    "verify FILE --network": "选项 '--network' 需要一个值",
    "verify FILE --network FILE --bad": "没有选项 '--bad'",
    "verify missing --network FILE": "不存在",
    "verify FOLDER --network FILE": "是目录",
    "verify FILE --network FILE --as-of soon": "不是 YYYY-MM-DD",
    "verify FILE --network FILE --json=1": "不带值",
    "verify FILE --network FILE": "的值无效",
    "receipt LEAF --from URL -o OUT --wait soon": "不是有效的数",
    "receipt LEAF --from URL -o OUT --wait -1": "不在范围",
    "receipt LEAF --from URL -o OUT --bare --fields A": "不能同时使用",
    "submit FOLDER --to URL": "是目录",
    "submit README --to URL": "应为 xlsx、xls、csv、tsv、txt、ndjson 或 json",
    "audit replay --network FILE --mirror x": "应为 CODE=URL",
    "keys new --purpose x --out OUT": "应为其中之一",
    "keys list": "需要 --network 或 --config",
    "keys rotate x --network FILE": "应为其中之一",
    "govern propose nonsense --network FILE": "应为其中之一",
    "govern vote ID maybe --network FILE": "应为其中之一",
    "consortium plan --members x -o OUT": "应为 CODE:REGION:ROLES",
    "consortium found FILE -o OUT": "缺少选项",
    "network up extra": "多余的参数",
    "network up --base-port 70000": "不在范围",
    "gateway token add a --scope write --config FILE": "应为其中之一",
    "gateway token revoke 0 --config FILE": "不在范围",
    "gateway serve --config missing": "不存在",
}


@pytest.mark.parametrize("line", WRONG)
def test_wrong_usage_in_chinese(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    (tmp_path / "file.json").write_text("{}")
    (tmp_path / "readme.md").write_text("")
    words = {
        "FILE": str(tmp_path / "file.json"),
        "README": str(tmp_path / "readme.md"),
        "FOLDER": str(tmp_path),
        "OUT": str(tmp_path / "out"),
        "LEAF": "0" * 64,
        "URL": "http://127.0.0.1:9",
    }
    done = cli(*(words.get(word, word) for word in line.split()))
    assert (done.exit, done.out) == (2, "")
    assert WRONG[line] in done.err, done.err
    assert "错误：" in done.err
    assert not re.search(r"\b(Error|Usage|Invalid|Missing|Try|not)\b", done.err), done.err


REFUSED = [
    "--no-such-option",
    "nonsense",
    "network up --base-port x",
    "network up extra",
    "network nonsense",
    "network status --bad",
    "submit",
    "submit FILE",
    "submit missing.csv --to http://127.0.0.1:9",
    "submit FILE --to",
    "receipt",
    "receipt LEAF",
    "receipt LEAF --from http://127.0.0.1:9",
    "receipt short --from http://127.0.0.1:9 -o OUT",
    "receipt LEAF --from http://127.0.0.1:9 -o OUT --wait soon",
    "receipt LEAF --from http://127.0.0.1:9 -o OUT --bare --fields CF_WSH",
    "verify",
    "verify FILE",
    "verify missing.json --network FILE",
    "verify FILE --network missing.json",
    "verify FILE --network FILE --as-of 2026-02-30",
    "verify FILE --network FILE --bad",
    "audit",
    "audit replay",
    "audit replay --network missing.json",
    "audit replay --network FILE --mirror nonsense",
    "audit quality --network FILE",
    "audit quality --month 2026-11",
    "audit reconcile FILE --network FILE",
    "audit reconcile missing.csv --member 110000 --network FILE",
    "files returns missing.csv --to http://127.0.0.1:9",
    "templates nothing -o OUT",
    "templates penalty",
    "gateway",
    "gateway serve",
    "gateway serve --config missing.toml",
    "gateway token",
    "gateway token add",
    "gateway token add bob --config FILE",
    "gateway token add bob --scope write --config FILE",
    "gateway token list",
    "gateway token revoke --config FILE",
    "keys",
    "keys new",
    "keys new --purpose nonsense --out OUT",
    "keys show",
]


@pytest.mark.parametrize("line", REFUSED)
def test_wrong_usage_leaves_nothing(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """Whatever is wrong, nothing goes to stdout and nothing is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.json").write_text("{}")
    words = {
        "FILE": str(tmp_path / "file.json"),
        "OUT": str(tmp_path / "out.json"),
        "LEAF": "0" * 64,
    }
    done = cli(*(words.get(word, word) for word in line.split()))
    assert (done.exit, done.out) == (2, ""), done.err
    assert done.err
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]


@pytest.mark.parametrize(
    "command",
    [
        *("submit", "receipt", "verify", "audit replay", "network up", "keys new"),
        *("audit quality", "audit reconcile", "files returns", "templates"),
    ],
)
def test_help_has_examples(cli: Cli, command: str) -> None:
    done = cli(*command.split(), "--help")
    assert done.exit == 0
    assert f"credit-ledger {command}" in done.out


def test_help_is_chinese_throughout(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    out = cli("--help").out
    assert "用法：" in out and "选项" in out and "命令" in out
    assert "Options" not in out and "Usage" not in out
