"""Make the schema and rules files of ledger/records/, and its lists of fields, of their readable
sources: scripts/types/, scripts/rules/ and scripts/fields/.

python scripts/schemas.py            write them
python scripts/schemas.py --check    fail if they are not what their sources say

The source of rules has the members of a rules file (`ledger/records/rules.py`) but `_type`, that
of fields those of a list (`ledger/records/report_fields.py`).

The source of a type is TOML, one for each type and version, and has the members of a schema file
(`ledger/records/schema.py`) but for these:

prefix      begins the codes of the fields
category    a name of `shared.toml`
family      left out where it is the name of the type
authority, subject    left out where the fields are those of the blocks `authority` and `subject`
use         in place of a field: the fields of that block of `shared.toml`. `{prefix}` in them is
            the prefix; other names in braces are members beside `use`
change      beside `use`: members of single fields that differ, by code. `required = false` takes
            `required` out
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ledger.core.canonical import encode  # noqa: E402
from ledger.core.errors import Malformed  # noqa: E402
from ledger.records import report_fields  # noqa: E402
from ledger.records import rules as rules_files  # noqa: E402
from ledger.records.schema import parse  # noqa: E402

TYPES = ROOT / "scripts" / "types"
RULES = ROOT / "scripts" / "rules"
FIELDS = ROOT / "scripts" / "fields"
SHARED = TYPES / "shared.toml"
MADE = ROOT / "ledger" / "records"
SCHEMA, RULES_TYPE = "credit-ledger/schema@1", "credit-ledger/rules@1"
FIELDS_TYPE = "credit-ledger/report-fields@1"


def make(source: Mapping[str, Any], shared: Mapping[str, Any]) -> bytes:
    """The schema file of one source. Raises Malformed or KeyError where the source is wrong."""
    tree = {key: value for key, value in source.items() if key != "prefix"}
    prefix = source["prefix"]
    tree["_type"] = SCHEMA
    tree["category"] = shared["categories"][source["category"]]
    tree.setdefault("family", source["name"])
    tree.setdefault("authority", {"name": f"{prefix}_JG", "code": f"{prefix}_JGDM"})
    tree.setdefault("subject", _subject(prefix))
    tree["fields"] = [
        field for item in source["fields"] for field in _fields(item, prefix, shared["blocks"])
    ]
    data = encode(tree)
    parse(data)
    return data


def make_rules(source: Mapping[str, Any]) -> bytes:
    """The rules file of one source. Raises Malformed where the source is wrong."""
    data = encode({**source, "_type": RULES_TYPE})
    rules_files.parse(data)
    return data


def make_fields(source: Mapping[str, Any]) -> bytes:
    """The list of fields of one source. Raises Malformed where the source is wrong."""
    data = encode({**source, "_type": FIELDS_TYPE})
    report_fields.parse(data)
    return data


def make_all() -> dict[str, bytes]:
    """Every file by its path in `ledger/records/`. Exits with the reason where a source is
    wrong."""
    shared = tomllib.loads(SHARED.read_text("utf-8"))
    made = _made(TYPES, "schemas", lambda source: make(source, shared))
    return made | _made(RULES, "rules", make_rules) | _made(FIELDS, "fields", make_fields)


def _made(
    sources: Path, folder: str, make_one: Callable[[Mapping[str, Any]], bytes]
) -> dict[str, bytes]:
    made: dict[str, bytes] = {}
    for path in sorted(sources.glob("*@*.toml")):
        try:
            source = tomllib.loads(path.read_text("utf-8"))
            if f"{source['name']}@{source['version']}" != path.stem:
                sys.exit(f"{path.name}: holds {source['name']}@{source['version']}")
            made[f"{folder}/{path.stem}.json"] = make_one(source)
        except (Malformed, KeyError, tomllib.TOMLDecodeError) as error:
            sys.exit(f"{path.name}: {error}")
    return made


def differences(made: Mapping[str, bytes], folder: Path = MADE) -> Sequence[str]:
    """What in the folder is not as its source says, one sentence each."""
    there = {
        f"{each}/{path.name}": path.read_bytes()
        for each in ("schemas", "rules", "fields")
        for path in (folder / each).glob("*.json")
    }
    found = [f"{name}: has no source" for name in there.keys() - made.keys()]
    found += [f"{name}: not what its source says" for name in made if there.get(name) != made[name]]
    return sorted(found)


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    made = make_all()
    if not check:
        for name, data in made.items():
            (MADE / name).write_bytes(data)
    found = differences(made)
    for line in found:
        print(f"{line}; run python scripts/schemas.py" if check else line)
    print(f"{len(made)} files")
    return 1 if found else 0


def _subject(prefix: str) -> dict[str, str]:
    return {
        "name": f"{prefix}_XDR_MC",
        "code": f"{prefix}_XDR_SHXYM",
        "registration": f"{prefix}_XDR_GSZC",
        "kind": f"{prefix}_XDR_LB",
    }


def _fields(item: Mapping[str, Any], prefix: str, blocks: Mapping[str, Any]) -> list[Any]:
    """The field, or those that a block stands for."""
    if "use" not in item:
        return [item]
    values = {"prefix": prefix, **item}
    changes = dict(item.get("change", {}))
    fields = []
    for template in blocks[item["use"]]:
        field = _filled(template, values)
        field |= changes.pop(field["code"], {})
        if field.get("required") is False:
            del field["required"]
        fields.append(field)
    if changes:
        raise Malformed("source", f"{item['use']} has no field {', '.join(sorted(changes))}")
    return fields


def _filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with every name in braces replaced, in whatever it holds."""
    if isinstance(template, str):
        for name, value in values.items():
            template = template.replace(f"{{{name}}}", str(value))
        return template
    if isinstance(template, list):
        return [_filled(each, values) for each in template]
    if isinstance(template, dict):
        return {key: _filled(value, values) for key, value in template.items()}
    return template


if __name__ == "__main__":
    sys.exit(main())
