"""Hold the second verifier against the vectors, and against the rule that it shares no code."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.second import acts, entry, facts, merkle, note, present, receipt, statement, versions
from tests.second.codec import (
    Malformed,
    b64url_strict,
    base64_strict,
    instant,
    parse,
)
from tests.second.curves import (
    PROMISE,
    key_id,
    record_id,
    recover,
    type_hash,
    typed_digest,
)
from tests.second.making import OWNER, PENALTY, Record

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors"
PART_2 = ("case", "outcome", "query")
WORKED = ("correction", "licence", "penalty", "penalty-null")


def load(path: str) -> Any:
    """Read a file of vectors."""
    return json.loads((VECTORS / f"{path}.json").read_bytes())


def cases(path: str) -> list[Any]:
    """Give the cases of a file of vectors as parameters, by their names."""
    return [pytest.param(case, id=case["name"]) for case in load(path)["cases"]]


def imported(source: str) -> set[str]:
    """Give the outermost names of all modules that a source imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                names.add("relative")
            elif node.module.startswith("tests.") and not node.module.startswith("tests.second"):
                names.add(node.module)
            elif node.module == "tests":
                names |= {f"tests.{alias.name}" for alias in node.names if alias.name != "second"}
            else:
                names.add(node.module.split(".")[0])
    return names


FORBIDDEN = {"ledger", "gateway", "scripts", "importlib", "relative"}


@pytest.mark.parametrize("path", sorted(HERE.glob("*.py")), ids=lambda path: path.name)
def test_no_module_shares_code_with_what_it_is_held_against(path: Path) -> None:
    """Refuse every import but the standard library, its own modules and a few libraries."""
    names = imported(path.read_text())
    assert not names & FORBIDDEN
    assert not {name for name in names if name.startswith("tests.")}


def test_an_import_of_ours_would_be_seen() -> None:
    """See through every spelling of an import."""
    assert imported("def f():\n    from ledger.core import note") == {"ledger"}
    assert imported("import gateway.cli as cli") == {"gateway"}
    assert imported("from . import x") == {"relative"}
    assert imported("from tests.support import x") == {"tests.support"}
    assert imported("from tests import second") == set()


@pytest.mark.parametrize("case", cases("canonical/json"))
def test_canonical_json_is_taken(case: Any) -> None:
    """Take what is canonical."""
    parse(case["data"].encode())


@pytest.mark.parametrize("case", cases("canonical/json_fail"))
def test_any_other_json_is_refused(case: Any) -> None:
    """Refuse every other spelling."""
    with pytest.raises(Malformed):
        parse(bytes.fromhex(case["data"]))


@pytest.mark.parametrize("case", cases("canonical/instant_fail"))
def test_no_instant(case: Any) -> None:
    """Refuse what is no instant of the one form."""
    with pytest.raises(Malformed):
        instant(case["name"])


@pytest.mark.parametrize("case", cases("canonical/instant"))
def test_instant(case: Any) -> None:
    """Read instants."""
    assert instant(case["name"]) == case["seconds"]


@pytest.mark.parametrize(
    ("path", "decode"), [("base64_fail", base64_strict), ("base64url_fail", b64url_strict)]
)
def test_no_base64(path: str, decode: Callable[[str], bytes]) -> None:
    """Refuse base64 that is not its own re-encoding."""
    for case in load(f"canonical/{path}")["cases"]:
        with pytest.raises(Malformed):
            decode(case["text"])


@pytest.mark.parametrize("case", cases("entry/entry"))
def test_entry(case: Any) -> None:
    """Read entries and give their leaves."""
    assert entry.read(case["data"].encode()).leaf.hex() == case["leaf"]


@pytest.mark.parametrize("case", cases("entry/entry_fail"))
def test_no_entry(case: Any) -> None:
    """Refuse what is no entry."""
    with pytest.raises(Malformed):
        entry.read(case["data"].encode())


@pytest.mark.parametrize("case", cases("entry/entry_newer"))
def test_entry_of_another_version(case: Any) -> None:
    """Tell an entry of another version from one that is malformed."""
    with pytest.raises(entry.Newer):
        entry.read(case["data"].encode())


def bytes_at(text: str) -> bytes:
    """Read hex with 0x."""
    return bytes.fromhex(text[2:])


def proven(case: Any) -> bool:
    """Check an inclusion proof of the vectors."""
    path = [bytes_at(node) for node in case["path"]]
    leaf, root = bytes_at(case["leaf"]), bytes_at(case["root"])
    return merkle.included(leaf, case["index"], case["size"], path, root)


def goes_on(case: Any) -> bool:
    """Check a consistency proof of the vectors."""
    roots = bytes_at(case["root1"]), bytes_at(case["root2"])
    path = [bytes_at(node) for node in case["path"]]
    return merkle.consistent(case["size1"], case["size2"], *roots, path)


def test_merkle_proofs() -> None:
    """Take every true proof, and refuse it with any part spoiled."""
    for name, check in (("inclusion", proven), ("consistency", goes_on)):
        assert [case["name"] for case in load(f"merkle/{name}")["cases"] if not check(case)] == []
        assert [case["name"] for case in load(f"merkle/{name}_fail")["cases"] if check(case)] == []


@pytest.mark.parametrize("case", cases("merkle/root"))
def test_root(case: Any) -> None:
    """Compute roots over leaves."""
    assert merkle.root_of([bytes_at(leaf) for leaf in case["leaves"]]) == bytes_at(case["root"])


@pytest.mark.parametrize("case", cases("checkpoint/checkpoint"))
def test_checkpoint(case: Any) -> None:
    """Read checkpoints and check the owner's line and those of witnesses."""
    found = note.read(case["text"])
    origin, public_key = note.verifier_key(case["vkey"])
    assert (f"credit-ledger/{found.log}", found.size) == (origin, case["size"])
    assert found.signed_by(public_key)
    assert not found.signed_by(bytes(32))
    assert len(found.cosignatures) == len(case["witnesses"])


@pytest.mark.parametrize("case", cases("checkpoint/checkpoint_fail"))
def test_no_checkpoint(case: Any) -> None:
    """Refuse what is no checkpoint, or one that the owner did not sign."""
    assert not note.newer(case["text"])
    if case["stage"] == "parse":
        with pytest.raises(Malformed):
            note.read(case["text"])
    else:
        assert not note.read(case["text"]).signed_by(note.verifier_key(case["vkey"])[1])


@pytest.mark.parametrize("case", cases("checkpoint/checkpoint_newer"))
def test_checkpoint_with_a_line_of_another_type(case: Any) -> None:
    """Tell a line of a type that is not known, the owner's or another one."""
    assert note.newer(case["text"]) or note.read(case["text"]).unknown


@pytest.mark.parametrize("case", cases("presentation/presentation"))
def test_presentation(case: Any) -> None:
    """Open what is shown, and check who signed presentation and binding."""
    shown = present.read(case["text"])
    public_key = bytes.fromhex(case["publicKey"])
    assert present.open_all(shown, case["slots"]) == case["fields"]
    assert present.open_all(shown, None) == case["fields"]
    assert shown.jws.made_by(case["alg"], public_key)
    bound = present.read_binding(case["binding"])
    assert bound.jws.made_by(case["alg"], public_key)
    assert shown.jws.kid == bound.jws.kid == key_id(case["alg"], public_key).hex()


@pytest.mark.parametrize("case", cases("presentation/presentation_fail"))
def test_no_presentation(case: Any) -> None:
    """Refuse a presentation at the stage, and with the code, that the vector names."""
    assert not versions.jws_newer(case["text"])
    if case["stage"] == "parse":
        with pytest.raises(Malformed):
            present.read(case["text"])
        return
    shown = present.read(case["text"])
    if case["stage"] == "disclosures":
        with pytest.raises(present.Mismatch) as mismatch:
            present.open_all(shown, case["slots"])
        assert str(mismatch.value) == case.get("code", "presentation-mismatch")
        return
    key = bytes.fromhex(case["publicKey"])
    named = shown.jws.kid == key_id(case["alg"], key).hex()
    assert not (named and shown.jws.made_by(case["alg"], key))


@pytest.mark.parametrize("case", cases("presentation/presentation_newer"))
def test_presentation_of_another_version(case: Any) -> None:
    """Tell an algorithm or a payload that is not known."""
    with pytest.raises(Malformed):
        present.read(case["text"])
    assert versions.jws_newer(case["text"])


@pytest.mark.parametrize("case", cases("presentation/binding_fail"))
def test_no_binding(case: Any) -> None:
    """Refuse what is no binding, and tell which of them are of another version."""
    with pytest.raises(Malformed):
        present.read_binding(case["text"])
    assert versions.jws_newer(case["text"]) == case["newer"]


@pytest.mark.parametrize("case", cases("receipt/receipt"))
def test_receipt(case: Any) -> None:
    """Read receipts, and give leaf and record id."""
    found = receipt.read(case["data"].encode())
    assert (found.entry.leaf.hex(), found.entry.record) == (case["leaf"], case["recordId"])
    root = found.checkpoint.root
    assert merkle.included(found.entry.leaf, found.index, found.size, found.path, root)


def refusal(data: str) -> str:
    """Give the code with which check 1 refuses a file."""
    try:
        return "unknown line" if receipt.read(data.encode()).checkpoint.unknown else "taken"
    except receipt.Refused as refused:
        return str(refused)


@pytest.mark.parametrize("case", cases("receipt/receipt_fail"))
def test_no_receipt(case: Any) -> None:
    """Refuse what is no receipt; what another check refuses is one."""
    expected = "malformed" if case["stage"] == "parse" else "taken"
    assert refusal(case["data"]) == expected


@pytest.mark.parametrize("case", cases("receipt/receipt_respelled"))
def test_receipt_saved_anew(case: Any) -> None:
    """Tell a receipt that somebody saved in another spelling."""
    assert refusal(case["data"]) == "not-canonical-bytes"


@pytest.mark.parametrize("case", cases("receipt/receipt_newer"))
def test_receipt_of_another_version(case: Any) -> None:
    """Tell a receipt of another version; one with a line more is carried along."""
    line = case["name"] == "an unknown signature line"
    assert refusal(case["data"]) == ("unknown line" if line else "version-unknown")


@pytest.mark.parametrize("name", WORKED)
def test_worked_example(name: str) -> None:
    """Come to the values of a worked example: receipt, path, ids and promise."""
    given, expected = load(f"{name}/input"), load(f"{name}/expected")
    found = receipt.read(expected["receipt"].encode())
    assert found.entry.leaf.hex() == expected["leaf"]
    assert record_id(given_log(expected), expected["commitment"]) == expected["recordId"]
    assert merkle.included(
        found.entry.leaf, found.index, found.size, found.path, bytes.fromhex(expected["root"])
    )
    leaves = [bytes.fromhex(leaf) for leaf in given["promise"]["otherLeaves"]]
    root = merkle.root_of([*leaves, found.entry.leaf])
    assert root.hex() == expected["promiseLeavesRoot"]
    said = given["promise"]
    promised = statement.Promise(
        len(leaves) + 1, said["due"], said["issuedAt"], root, given_log(expected), b""
    )
    digest = promised.digest(given["chainId"], given["logAnchor"], given["member"])
    assert digest.hex() == expected["promiseDigest"]


def given_log(expected: Any) -> str:
    """Give the id of the log of a worked example."""
    return str(expected["logId"])


@pytest.mark.parametrize("name", PART_2)
def test_opening(name: str) -> None:
    """Read openings, and find the leaf among those promised."""
    expected = load(f"part-2/{name}/expected")
    found = receipt.read_opening(expected["opening"].encode())
    promise = found.promise
    assert promise is not None
    assert (found.said.commitment, found.entry.leaf.hex()) == (
        expected["commitment"],
        expected["leaf"],
    )
    path, root = found.path, promise.leaves_root
    assert merkle.included(found.entry.leaf, found.index, promise.count, path, root)
    assert not merkle.included(found.entry.leaf, found.index + 1, promise.count, path, root)


@pytest.mark.parametrize("name", PART_2)
def test_acts_fold(name: str) -> None:
    """Fold acts to the words, histories and other records of the vectors."""
    given, expected = load(f"part-2/{name}/input"), load(f"part-2/{name}/expected")
    states: dict[str, acts.Folded] = {}
    for raw, wanted in zip(given["acts"], expected["acts"], strict=True):
        act = act_of(raw, given["member"], wanted)
        state = states.setdefault(wanted["recordId"], acts.Folded())
        state.take(act)
        assert (f"{state.word:064x}", state.history) == (wanted["word"], wanted["history"])
        assert state.other == wanted["otherRecordId"]


def act_of(raw: Any, member: str, wanted: Any) -> facts.Act:
    """Make an act of the vectors, where a member of zeros is a vote."""
    names = {"logId": "log", "otherLogId": "other_log", "otherCommitment": "other_commitment"}
    names |= {"expectedVersion": "expected_version", "effectiveAt": "effective_at"}
    names |= {"refiledFrom": "refiled_from", "recordedAt": "time", "signedBy": "signed_by"}
    found = {names.get(name, name): value for name, value in raw.items()}
    found["member"] = "" if "member" in raw else member
    found |= {"contract": "", "record": wanted["recordId"], "prev_block": wanted["prevBlock"]}
    return facts.Act(**found)


@pytest.mark.parametrize("case", cases("eip712/types"))
def test_type_hash(case: Any) -> None:
    """Hash the types."""
    assert type_hash(case["type"]).hex() == case["typeHash"][2:]


@pytest.mark.parametrize("case", cases("eip712/recover"))
def test_recover(case: Any) -> None:
    """Recover who signed."""
    key = recover(bytes_at(case["digest"]), bytes_at(case["signature"]))
    assert key == bytes_at(case["publicKey"])


@pytest.mark.parametrize("case", cases("eip712/recover_fail"))
def test_recover_nobody(case: Any) -> None:
    """Recover nobody from what is no signature of the one form."""
    assert recover(bytes_at(case["digest"]), bytes_at(case["signature"])) is None


def test_promise_has_a_domain() -> None:
    """Give another digest for another contract and another chain."""
    struct = type_hash(PROMISE)
    digests = {
        typed_digest("LogAnchor", chain, "0x" + address * 20, struct)
        for chain, address in ((1, "aa"), (2, "aa"), (1, "bb"))
    }
    assert len(digests) == 3


def test_record_made_by_the_text_is_that_of_the_vectors() -> None:
    """Come to disclosures, payload and commitment of a worked example from its secret."""
    given, expected = load("penalty/input"), load("penalty/expected")
    made = Record(given["fields"], given["class"], given["decided"], given["until"])
    made.secret = bytes.fromhex(given["recordSecret"])
    assert made.disclosures == expected["disclosures"]
    slots = len(given["slots"])  # the schema has grown since, at its end
    assert PENALTY.slots[:slots] == given["slots"]
    assert json.loads(made.payload)["_sd"][:slots] == expected["sd"]
    assert given["member"] == OWNER
