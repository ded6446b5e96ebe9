"""Numbers that stand in storage, signatures and events: from the contracts; the words of the bases
of an act from design-2 11."""

import re

from scripts.protocol_parts.tables import code, source, table

CODES = "contracts/types/Codes.sol"
SLOTS = "contracts/base/Slots.sol"
TITLES = {
    "Role": "roles of a member, bits",
    "MemberStatus": "status of a member",
    "Purpose": "purpose of a key",
    "Alg": "algorithm of a key",
    "Suite": "suite of a log",
    "LogStatus": "status of a log",
    "Choice": "choice in a vote",
    "Kind": "kind of a proposal",
    "ItemKind": "kind of a catalogue item",
    "Visibility": "visibility",
    "DataClass": "data class",
    "Granularity": "granularity of `period`",
    "Action": "action on a record",
    "Basis": "basis of an act",
    "Flag": "flags of a record, bits",
    "Outcome": "outcome of a record",
    "ProductKind": "kind of a product",
}
"""What each library of the file numbers."""

_LIBRARY = re.compile(r"^library (\w+) \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
_CONSTANT = re.compile(
    r"((?:^    /// .*\n)*)^    uint\d+ internal constant (\w+) = (\d+);", re.MULTILINE
)


def libraries(path: str = CODES) -> dict[str, dict[str, tuple[int, str]]]:
    """Number and comment of every constant, by library and name."""
    return {
        name: {
            constant: (int(number), _comment(comment))
            for comment, constant, number in _CONSTANT.findall(body)
        }
        for name, body in _LIBRARY.findall(source(path))
    }


def numbers() -> str:
    """The lists of `Codes.sol`, but for the data of proposals."""
    rows = []
    for library, constants in libraries().items():
        named = [f"{number} {name}" for name, (number, _) in constants.items()]
        rows.append((TITLES[library], ", ".join(named)))
    return table(("what", "numbers"), rows)


def kinds() -> str:
    """Kinds of proposals with their ABI-encoded data."""
    rows = []
    for name, (number, comment) in libraries()["Kind"].items():
        data, _, rest = comment.partition(";")
        close = data.rindex(")") + 1
        rows.append((number, name, code(data[:close]), (data[close:] + rest).strip(" ,")))
    return table(("n", "kind", "data, `abi.encode` of", "remarks"), rows)


def slots() -> str:
    """Frozen places in the storage of the contracts."""
    return table(
        ("contract", "what", "slot", "where and what, from the lowest byte up"),
        [
            (library.removesuffix("Slot"), name, number, comment)
            for library, constants in libraries(SLOTS).items()
            for name, (number, comment) in constants.items()
        ],
    )


def actions() -> list[tuple[int, str]]:
    """Actions of `CaseRegistry`: numbers and names, as design-2 11 has them."""
    text = _section_11()
    found = re.findall(
        r"(\d+) ([A-Z]{3,})", "\n".join(re.findall(r"^\| (\d.*?) \| ", text, re.MULTILINE))
    )
    return sorted((int(number), name) for number, name in found)


def bases() -> list[tuple[int, str]]:
    """Bases of an act: numbers and words."""
    line = re.search(r"^Basis: (.*?)\. ", _section_11(), re.MULTILINE)
    if line is None:
        raise SystemExit("design-2 11 lists no bases")
    return [
        (int(number), words)
        for number, _, words in (item.strip().partition(" ") for item in line[1].split("·"))
    ]


def acts() -> str:
    """What the bases of an act are."""
    named = {number: name for name, (number, _) in libraries()["Basis"].items()}
    return table(("n", "basis", "what"), [(n, named[n], words) for n, words in bases()])


def _section_11() -> str:
    text = source("docs/design/design-2.md")
    return text[text.index("## 11.") : text.index("## 12.")]


def _comment(lines: str) -> str:
    parts = re.findall(r"/// (?:@dev |@notice )?(.*)", lines)
    return " ".join(part.strip() for part in parts)
