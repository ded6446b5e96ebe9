"""The clerks' page on cases: its commands are understood, its codes and bases are all there are."""

import re
import shlex
from pathlib import Path

import click
import pytest

from gateway.http.titles import TITLES
from ledger.cli.act_words import BASES
from ledger.cli.main import cli
from ledger.core.status import Basis

PAGES = Path(__file__).parents[2] / "docs" / "operators"
NAMES = ("cases.md", "cases.zh-CN.md")


def commands(page: str) -> list[list[str]]:
    """Arguments of each command, with an id for what stands for one and a file for each file."""
    found = []
    blocks = re.findall(r"```text\n(.*?)```", (PAGES / page).read_text("utf-8"), re.DOTALL)
    for line in "".join(blocks).splitlines():
        words = shlex.split(re.split(r"  +", line)[0])
        found.append(["ab" * 32 if word in ("CASE", "RECORD") else word for word in words[1:]])
    return found


@pytest.mark.parametrize("page", NAMES)
def test_its_commands_are_understood(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is parsed as it stands, and not carried out."""
    monkeypatch.chdir(tmp_path)
    for line in commands(page):
        for word in line:
            if word.endswith((".pdf", ".jpg", ".jws")) and "-o" not in line:
                Path(word).touch()
        group, rest = cli.get_command(click.Context(cli), line[0]), line[1:]
        if isinstance(group, click.Group):
            group, rest = group.get_command(click.Context(group), line[1]), line[2:]
        assert group is not None, line
        if line[0] == "audit":  # the network file is read at once
            rest = rest[: rest.index("--network")]
            assert rest == ["certificate.jws"]
        else:
            group.make_context(line[0], rest)
    assert len(commands(page)) > 20


def test_both_languages_show_the_same_commands() -> None:
    assert commands(NAMES[0]) == commands(NAMES[1])


@pytest.mark.parametrize("page", NAMES)
def test_its_codes_are_known(page: str) -> None:
    rows = re.findall(r"^\| (`[a-z-]+`[^|]*) \|", (PAGES / page).read_text("utf-8"), re.MULTILINE)
    codes = set(re.findall(r"`([a-z-]+)`", " ".join(rows)))
    assert codes and codes <= set(TITLES)


@pytest.mark.parametrize(("page", "language"), [(NAMES[0], "en"), (NAMES[1], "zh")])
def test_it_has_every_basis(page: str, language: str) -> None:
    text = (PAGES / page).read_text("utf-8")
    for basis in Basis:
        if basis:
            assert f"| {int(basis)} | {BASES[basis][language]} |" in text
