"""Encrypted key files."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json

from ledger.chain.keys import keyfile, keystore
from ledger.chain.keys.keyfile import (
    ALGS,
    WORK_LIGHT,
    KeyFile,
    WrongPassword,
    create,
    new_secret,
    public_key_of,
    salt_beside,
    taken,
    write_secret_file,
)
from ledger.chain.keys.keystore import new_salt
from ledger.core.errors import ConfigError
from ledger.core.ids import key_id
from ledger.core.keys import ORDERS, Alg, Purpose, check_public_key

PASSWORD = "密码 pass".encode()
WORK = 2  # scrypt N: worthless, and fast


def make(folder: Path, purpose: str = "ANCHOR", **options: Any) -> KeyFile:
    return create(purpose, folder / "key.json", PASSWORD, work=WORK, **options)


def edit(path: Path, **changes: Any) -> None:
    fields = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in fields.items() if v is not None}))


@pytest.mark.parametrize("purpose", ALGS)
def test_every_purpose(tmp_path: Path, purpose: str) -> None:
    file = make(tmp_path, purpose)
    assert KeyFile.load(file.path) == file
    assert file.alg == ALGS[purpose]
    secret = file.open(PASSWORD)
    assert len(secret) == 32
    if file.alg is None:
        assert (file.key_id, file.public_key, file.address) == (None, None, None)
    else:
        assert file.public_key == public_key_of(file.alg, secret)
        assert check_public_key(file.alg, file.public_key) is file.alg
        assert file.key_id == key_id(file.alg, file.public_key)
    assert (file.address is None) == (file.alg is not Alg.SECP256K1)


@pytest.mark.parametrize("purpose", ALGS)
@pytest.mark.parametrize("alg", list(Alg))
def test_an_algorithm_that_is_asked_for(tmp_path: Path, purpose: str, alg: Alg) -> None:
    if alg not in taken(purpose):
        with pytest.raises(ConfigError, match=f"{alg.name} cannot be used for {purpose}"):
            make(tmp_path, purpose, alg=alg)
        assert not list(tmp_path.iterdir())
        return
    file = make(tmp_path, purpose, alg=alg)
    assert KeyFile.load(file.path) == file
    assert (file.alg, file.public_key) == (alg, public_key_of(alg, file.open(PASSWORD)))
    assert (file.address is None) == (alg is not Alg.SECP256K1)


def test_which_purposes_may_have_several() -> None:
    several = {purpose: taken(purpose) for purpose in ALGS if len(taken(purpose)) > 1}
    assert several == {
        "PRESENT": (Alg.P256, Alg.SECP256K1, Alg.ED25519),
        "REQUEST": (Alg.P256, Alg.ED25519),
    }
    assert all(taken(purpose)[0] == ALGS[purpose] for purpose in ALGS)


def test_all_purposes_of_the_chain_have_an_algorithm() -> None:
    assert all(ALGS[purpose.name] is not None for purpose in Purpose)


def test_nothing_readable_holds_the_secret(tmp_path: Path) -> None:
    for purpose in ("content", "ANCHOR"):
        secret = new_secret()
        file = create(purpose, tmp_path / purpose, PASSWORD, work=WORK, secret=secret)
        text = file.path.read_text()
        assert secret.hex() not in text
        assert file.open(PASSWORD) == secret
    # Nor a public key of a secret that is no key.
    assert "address" not in (tmp_path / "content").read_text()


def test_other_wallets_can_open_it(tmp_path: Path) -> None:
    file = make(tmp_path)
    keystore = json.loads(file.path.read_text())["keystore"]
    assert decode_keyfile_json(keystore, PASSWORD) == file.open(PASSWORD)


def test_the_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    os.umask(0)
    try:
        file = make(tmp_path)
    finally:
        os.umask(0o022)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    before = file.path.read_bytes()
    with pytest.raises(ConfigError, match="never overwritten"):
        make(tmp_path)
    assert file.path.read_bytes() == before
    assert os.listdir(tmp_path) == ["key.json"]


def test_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space"):
        write_secret_file(tmp_path / "key.json", b"x")
    assert os.listdir(tmp_path) == []


def test_a_folder_that_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(ConfigError, match="Permission denied"):
        make(tmp_path)


def test_wrong_password(tmp_path: Path) -> None:
    file = make(tmp_path)
    for password in (b"", PASSWORD + b"\n", PASSWORD[:-1]):
        with pytest.raises(WrongPassword):
            file.open(password)


@pytest.mark.parametrize(
    ("purpose", "password", "secret"),
    [
        ("BLUFF", PASSWORD, None),
        ("ANCHOR", b"", None),
        ("ANCHOR", PASSWORD, bytes(32)),
        ("ANCHOR", PASSWORD, b"\xff" * 32),
        ("ANCHOR", PASSWORD, b"short"),
        ("NOTE", PASSWORD, b"short"),
        ("content", PASSWORD, b"short"),
    ],
)
def test_what_is_not_made(
    tmp_path: Path, purpose: str, password: bytes, secret: bytes | None
) -> None:
    with pytest.raises(ConfigError):
        create(purpose, tmp_path / "key.json", password, work=WORK, secret=secret)
    assert os.listdir(tmp_path) == []


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such directory"):
        make(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "changes",
    [
        {"_type": "credit-ledger/key@2"},
        {"_type": None},
        {"purpose": "BLUFF"},
        {"purpose": ["ANCHOR"]},
        {"purpose": "content"},
        {"alg": None},
        {"alg": 9},
        {"alg": 3},
        {"alg": "1"},
        {"publicKey": "00" * 64},
        {"publicKey": None},
        {"publicKey": "zz"},
        {"keyId": "00" * 32},
        {"keyId": None},
        {"address": "0x" + "00" * 20},
        {"address": None},
        {"keystore": None},
        {"keystore": []},
    ],
)
def test_files_that_lie(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = make(tmp_path).path
    edit(path, **changes)
    with pytest.raises(ConfigError):
        KeyFile.load(path)


def test_a_file_that_lies_about_its_key(tmp_path: Path) -> None:
    path = make(tmp_path).path
    other = create("ANCHOR", tmp_path / "other", PASSWORD, work=WORK)
    edit(path, keystore=dict(other.keystore))
    with pytest.raises(ConfigError, match="publicKey"):
        KeyFile.load(path).open(PASSWORD)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"[" * 16_000, b"\xff", b" " * 20_000 + b"{}"])
def test_files_that_are_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "key.json"
    path.write_bytes(data)
    with pytest.raises(ConfigError):
        KeyFile.load(path)
    with pytest.raises(ConfigError):
        KeyFile.load(tmp_path / "nothing")


def crypto(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())["keystore"]
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [("n", 1 << 30), ("r", 1 << 20), ("p", 1 << 24), ("n", 0), ("n", -2), ("n", "2"), ("n", None),
     ("n", 3), ("n", [2]), ("salt", "zz"), ("salt", 5), ("dklen", 10**9)],
)  # fmt: skip
def test_hostile_work(tmp_path: Path, name: str, value: Any) -> None:
    path = make(tmp_path).path
    keystore = crypto(path)
    keystore["crypto"]["kdfparams"][name] = value
    edit(path, keystore=keystore)
    with pytest.raises(ConfigError):
        KeyFile.load(path).open(PASSWORD)


@pytest.mark.parametrize(
    ("place", "value"),
    [("version", 4), ("version", None), ("crypto", None), ("crypto", 5), ("crypto", {})],
)
def test_other_keystores(tmp_path: Path, place: str, value: Any) -> None:
    path = make(tmp_path).path
    edit(path, keystore=crypto(path) | {place: value})
    with pytest.raises(ConfigError):
        KeyFile.load(path).open(PASSWORD)


@pytest.mark.parametrize("name", ["ciphertext", "mac", "cipherparams", "kdf"])
@pytest.mark.parametrize("value", [None, "zz", 5])
def test_broken_keystores(tmp_path: Path, name: str, value: Any) -> None:
    path = make(tmp_path).path
    keystore = crypto(path)
    keystore["crypto"][name] = value
    edit(path, keystore=keystore)
    with pytest.raises(ConfigError):
        KeyFile.load(path).open(PASSWORD)


def test_the_work_is_what_was_asked(tmp_path: Path) -> None:
    file = create("content", tmp_path / "key", PASSWORD, work=WORK_LIGHT)
    assert file.keystore["crypto"]["kdfparams"]["n"] == WORK_LIGHT
    assert keyfile.WORK_STANDARD == 2**18


def test_fresh_secrets_are_keys_of_every_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    smallest = min(ORDERS.values())
    drawn = iter([bytes(32), smallest.to_bytes(32, "big"), b"\xff" * 32, b"\x01" * 32])
    monkeypatch.setattr("secrets.token_bytes", lambda size: next(drawn))
    assert new_secret() == b"\x01" * 32


def test_what_other_wallets_wrote(tmp_path: Path) -> None:
    secret = new_secret()
    file = make(tmp_path, secret=secret)
    fields = json.loads(file.path.read_text())
    theirs = create_keyfile_json(secret, PASSWORD, kdf="scrypt", iterations=WORK)
    edit(file.path, keystore=theirs)
    assert KeyFile.load(file.path).open(PASSWORD) == secret
    capital = {"Crypto": theirs["crypto"], "version": 3}
    edit(file.path, keystore=capital)
    assert KeyFile.load(file.path).open(PASSWORD) == secret
    ours = fields["keystore"]
    assert ours.keys() == theirs.keys()
    assert ours["address"] == theirs["address"].lower()
    assert ours["crypto"].keys() == theirs["crypto"].keys()
    assert ours["crypto"]["kdfparams"].keys() == theirs["crypto"]["kdfparams"].keys()


OFFICIAL = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 262144,
            "p": 8,
            "r": 1,
            "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
        },
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}
"""The worked example of Web3 Secret Storage, whose password is `testpassword`."""


def test_the_worked_example_of_the_format(tmp_path: Path) -> None:
    file = make(tmp_path, "index")
    edit(file.path, keystore=OFFICIAL)
    secret = KeyFile.load(file.path).open(b"testpassword")
    assert secret.hex() == "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"


def upper(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name.upper(): upper(item) for name, item in value.items()}


@pytest.mark.parametrize("spelling", ["capitals", "0x", "0X", "no-cipher", "cipher"])
def test_spellings_of_old_wallets(tmp_path: Path, spelling: str) -> None:
    file = make(tmp_path)
    secret, keystore = file.open(PASSWORD), crypto(file.path)
    inner = keystore["crypto"]
    if spelling == "capitals":
        keystore = {"Crypto": {**upper(inner), "KDFPARAMS": inner["kdfparams"]}, "version": 3}
    elif spelling == "no-cipher":
        del inner["cipher"]
    elif spelling == "cipher":
        inner["cipher"] = "AES-128-CTR"
    else:
        for place, name in ((inner, "mac"), (inner, "ciphertext"), (inner["cipherparams"], "iv")):
            place[name] = spelling + place[name]
    edit(file.path, keystore=keystore)
    assert KeyFile.load(file.path).open(PASSWORD) == secret


def test_files_of_one_salt_are_derived_for_once(tmp_path: Path) -> None:
    salt = new_salt()
    before = keystore._derive.cache_info().misses
    made = [
        create(purpose, tmp_path / f"{purpose}.json", PASSWORD, work=WORK, salt=salt)
        for purpose in ALGS
    ]
    assert len({file.open(PASSWORD) for file in made}) == len(ALGS)
    assert keystore._derive.cache_info().misses == before + 1
    assert [salt_beside(file.path) for file in made] == [salt] * len(ALGS)
    ivs = {file.keystore["crypto"]["cipherparams"]["iv"] for file in made}
    assert len(ivs) == len(ALGS), "each has one of its own"
    with pytest.raises(WrongPassword):
        made[0].open(b"another")
    alone = make(tmp_path)
    assert salt_beside(alone.path) != salt


@pytest.mark.parametrize(
    "value",
    [{}, [], "a", None, {"crypto": None}, {"crypto": {"kdfparams": {"salt": "01"}}}],
    ids=str,
)
def test_no_salt_beside(tmp_path: Path, value: Any) -> None:
    assert salt_beside(tmp_path / "none.json") is None
    (tmp_path / "odd.json").write_text(json.dumps({"keystore": value}))
    assert salt_beside(tmp_path / "odd.json") is None
