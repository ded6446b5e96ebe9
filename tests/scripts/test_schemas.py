"""The sources of schemas and rules: what is packaged is what they say, and wrong ones are told."""

import tomllib
from ast import literal_eval
from pathlib import Path
from typing import Any

import pytest

from ledger.core.canonical import parse
from ledger.core.errors import Malformed
from ledger.records.schema import all_schemas
from scripts import schemas

SHARED = tomllib.loads(schemas.SHARED.read_text("utf-8"))


def source(name: str) -> dict[str, Any]:
    return tomllib.loads((schemas.TYPES / f"{name}@1.toml").read_text("utf-8"))


def test_what_is_packaged_is_what_the_sources_say() -> None:
    made = schemas.make_all()
    assert schemas.differences(made) == []
    types = {name for name in made if name.startswith("schemas/")}
    assert types == {f"schemas/{schema.id}.json" for schema in all_schemas()}


def test_what_differs_is_named(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "stray@1.json").write_bytes(b"{}")
    made = {"schemas/honour@1.json": b"{}", "rules/publicity@1.json": b"{}"}
    assert schemas.differences(made, tmp_path) == [
        "rules/publicity@1.json: not what its source says",
        "schemas/honour@1.json: not what its source says",
        "schemas/stray@1.json: has no source",
    ]


def test_a_new_type_is_one_file() -> None:
    new = source("honour") | {"name": "donation", "prefix": "JZ"}
    text = str(new).replace("RY_", "JZ_")
    tree = parse(schemas.make(literal_eval(text), SHARED))
    assert (tree["name"], tree["family"]) == ("donation", "donation")
    assert tree["authority"] == {"name": "JZ_JG", "code": "JZ_JGDM"}
    assert tree["fields"][0]["code"] == "JZ_XDR_MC"
    assert tree["fields"][-1]["code"] == "CL_ORIGIN"


def test_a_block_may_differ_in_a_field() -> None:
    authority = next(
        each for each in source("abnormal-list")["fields"] if each.get("use") == "authority"
    )
    fields = {
        field["code"]: field
        for field in parse(schemas.make(source("abnormal-list"), SHARED))["fields"]
    }
    assert authority["change"] == {"YC_JGDM": {"required": False}}
    assert "required" not in fields["YC_JGDM"]
    assert fields["YC_JG"]["required"] is True


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"surprise": 1}, "surprise"),
        ({"category": "nothing"}, "nothing"),
        ({"fields": [{"use": "nothing"}]}, "nothing"),
        ({"fields": [{"use": "origin", "change": {"X": {}}}]}, "origin has no field X"),
        ({"visibility": "secret"}, "visibility"),
    ],
)
def test_a_wrong_source_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises((Malformed, KeyError), match=problem):
        schemas.make(source("honour") | change, SHARED)


def test_wrong_rules_are_refused() -> None:
    rules = tomllib.loads((schemas.RULES / "publicity@1.toml").read_text("utf-8"))
    assert schemas.make_rules(rules) == schemas.make_all()["rules/publicity@1.json"]
    with pytest.raises(Malformed, match="surprise"):
        schemas.make_rules(rules | {"surprise": 1})
