"""Every command is told of in both languages, and what the pages tell of is there."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from ledger.cli.main import cli

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "operators"
PAGES = ["README.md", *sorted(f"docs/operators/{p.name}" for p in GUIDES.glob("*.md"))]
ENGLISH = [page for page in PAGES if not page.endswith(".zh-CN.md")]
CHINESE = [page.replace(".md", ".zh-CN.md") for page in ENGLISH]
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
PICTURE = "```mermaid"
SPAN = re.compile(r"`([^`]+)`")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def groups(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of each command, and of each group."""
    if path:
        yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from groups(found, (*path, name))


def command_at(path: tuple[str, ...]) -> click.Command | None:
    """The command with these words; None where there is none."""
    command: click.Command | None = cli
    for word in path:
        if not isinstance(command, click.Group):
            return None
        command = command.get_command(click.Context(command), word)
    return command


@cache
def leaves() -> list[str]:
    """The words of each command that is no group."""
    paths = [path for path in groups(cli) if not isinstance(command_at(path), click.Group)]
    return [" ".join(path) for path in paths]


def code(page: str) -> list[str]:
    """What stands on a page as code: each line of a block, with the lines that go on, and each
    span."""
    text = (ROOT / page).read_text("utf-8")
    fenced = [block for block in FENCED.findall(text) if not block.startswith(PICTURE)]
    blocks = "\n".join(fenced).replace("\\\n", " ")
    return [*blocks.splitlines(), *SPAN.findall(FENCED.sub("", text))]


def told(pages: list[str]) -> set[str]:
    """The commands that these pages show."""
    shown = "\n".join(" ".join(piece.split()) for page in pages for piece in code(page))
    return {name for name in leaves() if re.search(rf"(?<![\w-]){name}(?![\w-])", shown)}


@pytest.mark.parametrize("pages", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_command_is_told_of(pages: list[str]) -> None:
    assert len(pages) > 4
    assert sorted(set(leaves()) - told(pages)) == []


def unknown(piece: str) -> list[str]:
    """What a piece of code shows of our command that is not there: its words, its options."""
    wrong = []
    for call in piece.split("credit-ledger ")[1:]:
        command: click.Command = cli
        words = call.replace("`", "").split()
        while words and isinstance(command, click.Group):
            found = command.get_command(click.Context(command), words[0])
            if found is None:
                break
            command = found
            words.pop(0)
        options = {text for one in command.params for text in (*one.opts, *one.secondary_opts)}
        if isinstance(command, click.Group) and words and words[0].isascii():
            wrong.append(f"{call}: {words[0]}")
        arguments = " ".join(words).partition("|")[0]
        wrong += [
            f"{call}: {o}" for o in OPTION.findall(arguments) if o not in {*options, "--help"}
        ]
    return wrong


@pytest.mark.parametrize("page", [*ENGLISH, *CHINESE])
def test_commands_and_options_that_are_shown_are_there(page: str) -> None:
    assert [bad for piece in code(page) for bad in unknown(piece)] == []


def test_what_is_not_there_is_seen() -> None:
    assert unknown("credit-ledger case shaw X") == ["case shaw X: shaw"]
    assert unknown("credit-ledger case show X --dox D") == ["case show X --dox D: --dox"]
    assert unknown("credit-ledger case show X --docs D --help") == []


@pytest.mark.parametrize(("english", "chinese"), list(zip(ENGLISH, CHINESE, strict=True)))
def test_both_languages_tell_of_the_same_commands(english: str, chinese: str) -> None:
    assert told([english]) == told([chinese])
