"""The operator's page on who is who: its files are taken, and nothing in them is doubtful."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import gateway

PAGES = Path(__file__).parents[2] / "docs" / "operators"


@pytest.mark.parametrize("page", ["who-is-who.md", "who-is-who.zh-CN.md"])
def test_its_files_are_taken(page: str, tmp_path: Path) -> None:
    blocks = re.findall(r"```json\n(.*?)```", (PAGES / page).read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 3
    files = []
    for n, block in enumerate(blocks):
        files.append(tmp_path / f"{n}.json")
        files[-1].write_text(block, "utf-8")
    arguments = ["authorities", "check", "--json", *map(str, files)]
    done = CliRunner().invoke(gateway, arguments)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["authorities"], told["exceptions"], told["subjects"]) == (2, 1, 1)


def test_both_languages_have_the_same_files() -> None:
    texts = [(PAGES / name).read_text("utf-8") for name in ("who-is-who.md", "who-is-who.zh-CN.md")]
    both = [re.findall(r"```(?:json|toml|text)\n(.*?)```", text, re.DOTALL) for text in texts]
    assert both[0] == both[1]
