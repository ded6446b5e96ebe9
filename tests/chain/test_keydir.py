"""Several key files of one purpose in a folder."""

import json
from pathlib import Path

import pytest

from ledger.chain.keys.keydir import files, first_file, newest, next_file, read_public
from ledger.chain.keys.keyfile import WORK_LIGHT, create
from ledger.core.errors import ConfigError
from ledger.core.keys import Alg


def test_files_of_a_purpose(tmp_path: Path) -> None:
    assert files(tmp_path, "ANCHOR") == []
    later = next_file(tmp_path, "ANCHOR", b"\xab" * 32)
    assert later.name == "anchor-abababab.json"
    later.write_text("")
    assert files(tmp_path, "ANCHOR") == [later]
    first = first_file(tmp_path, "ANCHOR")
    first.write_text("")
    for name in ("anchors.json", "anchor-x.txt", "note-1.json", ".anchor-1.json.partial"):
        (tmp_path / name).write_text("")
    assert files(tmp_path, "ANCHOR") == [first, later]


def test_the_key_that_was_registered_last_signs() -> None:
    held = [(b"a", "A"), (b"b", "B"), (b"c", "C")]
    assert newest(held, [b"b", b"a"]) == "A"
    assert newest(held, [b"a", b"b", b"elsewhere"]) == "B"
    assert newest(held, [b"elsewhere"]) is None
    assert newest(held, []) is None
    assert newest([], [b"a"]) is None


def test_what_a_file_tells_without_password(tmp_path: Path) -> None:
    made = create("ANCHOR", tmp_path / "a.json", b"word", work=WORK_LIGHT)
    found = read_public(tmp_path / "a.json")
    assert (found.purpose, found.alg, found.key_id) == ("ANCHOR", Alg.SECP256K1, made.key_id)
    fields = json.loads((tmp_path / "a.json").read_text())
    remote = {name: fields[name] for name in ("purpose", "alg", "keyId", "publicKey")}
    remote |= {"_type": "credit-ledger/remote-key@1", "url": "http://127.0.0.1", "tokenFile": "t"}
    (tmp_path / "r.json").write_text(json.dumps(remote))
    assert read_public(tmp_path / "r.json").key_id == made.key_id
    create("content", tmp_path / "c.json", b"word", work=WORK_LIGHT)
    with pytest.raises(ConfigError, match="no key pair"):
        read_public(tmp_path / "c.json")
