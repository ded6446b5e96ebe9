"""`credit-ledger keys list | rotate | revoke | compromise`: keys that a member has registered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from ledger.chain.contracts.structs import Key
from ledger.chain.governing import requests
from ledger.chain.keys.keydir import PublicKey, files, first_file, next_file, read_public
from ledger.chain.keys.keyfile import algorithm, create, new_secret, public_key_of, salt_beside
from ledger.chain.nodes.blocks import TxReceipt
from ledger.cli.acting import Hand, acting_options
from ledger.cli.keys import alg_option, keys
from ledger.cli.language import say
from ledger.cli.last_key import demand_another, purpose_of
from ledger.cli.node import Node
from ledger.cli.old_keys import in_force, replaced, unfinished
from ledger.cli.options import json_option
from ledger.cli.output import Refused, Unknown, note, print_json, shown_path
from ledger.cli.passwords import new_password, open_key, read_password
from ledger.core.canonical import MAX_INSTANT, hex32, instant, parse_instant
from ledger.core.errors import ConfigError, Malformed
from ledger.core.ids import key_id
from ledger.core.keys import Alg, Purpose

REGISTERED = [purpose.name for purpose in Purpose]
OF_THE_NODE = (
    Purpose.ANCHOR,
    Purpose.NOTE,
    Purpose.PRESENT,
    Purpose.CASE,
    Purpose.REQUEST,
    Purpose.WITNESS,
)
"""What a running node signs with; it says so at `/v1/node`."""
TAKEN_UP_SECONDS = 600.0
"""For which `--end-old` waits for the node to sign with the new key."""
_POLL = 1.0
_LEAST_DIGITS = 8  # of a key id that is not written out


@keys.command(
    "list",
    help=say(
        zh="""列出成员在链上登记的密钥。

        \b
        示例：credit-ledger keys list --member 110000 --network network.json
        """,
        en="""List the keys that a member has registered on the chain.

        \b
        Example: credit-ledger keys list --member 110000 --network network.json
        """,
    ),
)
@acting_options
@json_option
def list_keys(*, hand: Hand, as_json: bool) -> int:
    """In the order of registration."""
    member, now = hand.member(), hand.time()
    shown = [_shown(key, now) for key in hand.keys()]
    if as_json:
        print_json({"member": member.code, "seq": member.seq, "keys": shown})
        return 0
    for key in shown:
        until = key["compromisedSince"] or key["notAfter"] or "-"
        line = f"{key['keyId']}  {key['purpose']:8} {key['state']:12} {key['notBefore']}  {until}"
        click.echo(line)
    return 0


@keys.command(
    "rotate",
    help=say(
        zh="""换一把密钥：生成新文件，在链上登记，新旧同时有效。

        运行中的节点数十秒内自动改用新密钥，无须重启；此后用 keys revoke 终止旧的，或以 --end-old
        等待节点改用后自动终止。只终止文件在本成员密钥目录中的；存放在别处的（如另一人的 GOVERN
        密钥）须以 --end 指明。文件已在而未登记的，直接使用；--end-old 未完成的，再次运行即可。

        \b
        示例：credit-ledger keys rotate ANCHOR --config gateway.toml --end-old
        """,
        en="""Change a key: make a new file and register it; both are in force from then on.

        A running node takes the new one up by itself within a minute. End the old one then with
        `keys revoke`, or let --end-old wait for the node and do it. That ends keys whose files lie
        in the member's folder alone; those held elsewhere, such as another person's GOVERN key, are
        named with --end. A file that is there and not registered is used; a run with --end-old that
        did not come to its end is finished by running it again.

        \b
        Example: credit-ledger keys rotate ANCHOR --config gateway.toml --end-old
        """,
    ),
)
@click.argument("purpose", type=click.Choice(REGISTERED, case_sensitive=False))
@alg_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(
        zh="新密钥的文件；已有的文件直接使用。默认放在节点的密钥目录。",
        en="File of the new key; one that is there is used. By default in the node's folder.",
    ),
)
@click.option(
    "--end-old",
    is_flag=True,
    help=say(
        zh="等节点改用新密钥后终止本目录中旧的。",
        en="End the old ones held here once the node signs with the new.",
    ),
)
@click.option(
    "--end",
    "ends",
    multiple=True,
    metavar="KEYID",
    help=say(
        zh="同样终止这一把，无论存放何处（可重复）。",
        en="End this one likewise, wherever it is held (repeatable).",
    ),
)
@acting_options
@json_option
def rotate(
    *,
    purpose: str,
    alg: Alg | None,
    out: Path | None,
    end_old: bool,
    ends: tuple[str, ...],
    hand: Hand,
    as_json: bool,
) -> int:
    """Safe to repeat: a new file that did not get registered is used again."""
    ending = end_old or bool(ends)
    if ending and hand.offline:
        raise click.UsageError(
            say(
                zh="--end-old、--end 不能与 --offline 同用",
                en="--end-old and --end do not go with --offline",
            )
        )
    wanted = Purpose[purpose]
    algorithm(purpose, alg)
    if ending and wanted in OF_THE_NODE and not hand.member().endpoint:
        raise Refused(
            say(
                zh="链上没有本成员节点的地址，无法等待它（govern endpoint）。",
                en="the chain names no node of this member to wait for (`govern endpoint`).",
            )
        )
    named = [_find(hand, text) for text in ends]
    left = unfinished(hand, wanted, out) if ending else None
    if left is not None and alg not in (None, left.alg):
        left = None  # of another algorithm: what is wanted is a further change
    to_end = replaced(
        hand, wanted, named=named, held_here=end_old, new=left.key_id if left else b""
    )
    old = [key for key in in_force(hand, wanted) if left is None or key.key_id != left.key_id]
    made = left or _new_file(hand, wanted, alg, out)
    sent = None if left else _register(hand, wanted, made)
    ended: list[Key] = []
    if left or (sent is not None and ending):
        if wanted in OF_THE_NODE:
            _await_taken_up(hand, made)
        for key in to_end:
            _revoke(hand, key, 0)
            ended.append(key)
    _tell_rotated(made, [key for key in old if key not in ended], registered=bool(left or sent))
    if as_json:
        print_json(
            {
                "keyId": hex32(made.key_id),
                "purpose": purpose,
                "file": shown_path(made.path),
                "tx": sent and sent.tx,
                "stillInForce": [hex32(key.key_id) for key in old if key not in ended],
                "ended": [hex32(key.key_id) for key in ended],
            }
        )
    return 0


@keys.command(
    "revoke",
    help=say(
        zh="""立即终止一把密钥；它此前签署的仍然有效。某用途的最后一把有效密钥须确认（--yes）。

        \b
        示例：credit-ledger keys revoke 1f2e3d4c --config gateway.toml
        """,
        en="""End a key now; what it signed before stays valid. The last key of a purpose is ended
        only with --yes, or once asked.

        \b
        Example: credit-ledger keys revoke 1f2e3d4c --config gateway.toml
        """,
    ),
)
@click.argument("key_id_", metavar="KEYID")
@click.option(
    "--yes",
    is_flag=True,
    help=say(zh="也终止某用途的最后一把。", en="Also the last one of its purpose."),
)
@acting_options
@json_option
def revoke(*, key_id_: str, yes: bool, hand: Hand, as_json: bool) -> int:
    """Also of a suspended member."""
    key = _find(hand, key_id_)
    if not yes:
        demand_another(hand, key)
    return _end(hand, key, 0, as_json)


@keys.command(
    "compromise",
    help=say(
        zh="""声明一把密钥自某时起失窃：此后它所签的一律无效。最多追溯七天；更早须由各省市表决
        （govern propose compromise-key）。

        \b
        示例：credit-ledger keys compromise 1f2e3d4c --since 2026-11-20T08:00:00Z \\
                --config gateway.toml
        """,
        en="""Say that a key was stolen at a time: nothing that it signed from then on counts.
        Seven days back at most; earlier takes a vote (`govern propose compromise-key`).

        \b
        Example: credit-ledger keys compromise 1f2e3d4c --since 2026-11-20T08:00:00Z \\
                   --config gateway.toml
        """,
    ),
)
@click.argument("key_id_", metavar="KEYID")
@click.option(
    "--since",
    required=True,
    metavar="T",
    help=say(
        zh="失窃时刻，如 2026-11-20T08:00:00Z；now 为此刻。",
        en="When, such as 2026-11-20T08:00:00Z; or `now`.",
    ),
)
@acting_options
@json_option
def compromise(*, key_id_: str, since: str, hand: Hand, as_json: bool) -> int:
    """A statement that stands earlier is not moved by the owner."""
    return _end(hand, _find(hand, key_id_), _instant(hand, since), as_json)


def _register(hand: Hand, purpose: Purpose, made: PublicKey) -> TxReceipt | None:
    request = requests.add_key(
        key=requests.key_input(
            member=hand.code,
            purpose=purpose,
            alg=made.alg,
            public_key=made.public_key,
            not_before=hand.view.block.time,
        ),
        seq=hand.member().seq,
        deadline=hand.deadline(),
    )
    own = made.alg is Alg.SECP256K1
    signer = open_key(made.path, purpose.name, hand.passwords) if own else None
    return hand.write(request, new_key=signer)


def _end(hand: Hand, key: Key, since: int, as_json: bool) -> int:
    sent = _revoke(hand, key, since)
    told = {"keyId": hex32(key.key_id), "purpose": purpose_of(key), "tx": sent}
    if as_json:
        print_json(told | {"compromisedSince": instant(since) if since else None})
    elif sent is not None:
        text = say(zh="已终止", en="ended") if not since else say(zh="已声明失窃", en="held stolen")
        click.echo(f"{text}: {told['purpose']} {told['keyId']}")
    return 0


def _revoke(hand: Hand, key: Key, since: int) -> str | None:
    request = requests.revoke_key(
        member=hand.code,
        key_id=key.key_id,
        compromised_since=since,
        seq=hand.member().seq,
        deadline=hand.deadline(),
    )
    sent = hand.write(request)
    return None if sent is None else str(sent.tx)


def _find(hand: Hand, text: str) -> Key:
    """By its id, or by the start of it where that is of one key alone."""
    wanted = text.lower().removeprefix("0x")
    found = [key for key in hand.keys() if key.key_id.hex().startswith(wanted)]
    if len(wanted) < _LEAST_DIGITS or len(found) != 1:
        raise Refused(
            say(
                zh=f"{hand.code} 没有（唯一的）密钥 {text}；至少给出 {_LEAST_DIGITS} 位。",
                en=f"{hand.code} has no one key {text}; give {_LEAST_DIGITS} digits at least.",
            )
        )
    return found[0]


def _instant(hand: Hand, text: str) -> int:
    if text == "now":
        return hand.view.block.time
    try:
        return parse_instant(text)
    except Malformed as error:
        raise click.BadParameter(f"{text}: YYYY-MM-DDTHH:MM:SSZ", param_hint="--since") from error


def _new_file(hand: Hand, purpose: Purpose, alg: Alg | None, out: Path | None) -> PublicKey:
    """The key to be registered: a file that waits for it, else a new one. alg: that it must have;
    None: any."""
    known = {key.key_id for key in hand.keys()}
    if out is not None and out.exists():
        waiting = [out]
    elif out is None and hand.config is not None:
        waiting = files(hand.config.keys, purpose.name)
    else:
        waiting = []
    for path in waiting:
        found = read_public(path)
        if found.purpose != purpose.name:
            raise ConfigError(str(path), f"holds a key of purpose {found.purpose}")
        if found.key_id not in known and alg in (None, found.alg):
            return found
        if out is not None:
            problem = "its key is registered already"
            if found.key_id not in known:
                problem = f"holds a key of {found.alg.name}"
            raise ConfigError(str(path), problem)
    return _create(hand, purpose, alg, out)


def _create(hand: Hand, purpose: Purpose, wanted: Alg | None, out: Path | None) -> PublicKey:
    if out is None and hand.config is None:
        raise click.UsageError(say(zh="需要 --config 或 --out", en="give --config or --out"))
    secret, alg = new_secret(), algorithm(purpose.name, wanted) or Alg.SECP256K1
    if out is None and hand.config is not None:
        made = key_id(alg, public_key_of(alg, secret))
        out = next_file(hand.config.keys, purpose.name, made)
    assert out is not None  # noqa: S101 - for the type checker
    given = hand.config.password_file if hand.config else None
    password = read_password(given) if given else new_password()
    salt = None  # shared where password and folder are
    if given and hand.config and out.parent == hand.config.keys:
        salt = salt_beside(first_file(hand.config.keys, "payer"))
    create(purpose.name, out, password, alg=wanted, secret=secret, salt=salt)
    return read_public(out)


def _await_taken_up(hand: Hand, made: PublicKey) -> None:
    """Until the member's node says that it signs with the new key; Unknown where it does not."""
    endpoint = hand.member().endpoint
    note(say(zh=f"等待节点 {endpoint} 改用新密钥 …", en=f"waiting for {endpoint} to take it up …"))
    end = time.monotonic() + TAKEN_UP_SECONDS
    with Node(endpoint, "") as node:
        while time.monotonic() < end:
            with suppress(Unknown):
                if hex32(made.key_id) in _in_use(node):
                    return
            time.sleep(_POLL)
    raise Unknown(
        say(
            zh="节点没有改用新密钥；旧密钥未动。请查看节点日志。",
            en="the node has not taken the new key up; the old one was left alone. See its log.",
        )
    )


def _in_use(node: Node) -> list[str]:
    told = node.get("/v1/node").json()
    keys = told.get("keys", []) if isinstance(told, dict) else []
    return [key["keyId"] for key in keys if key.get("inUse") is True]


def _tell_rotated(made: PublicKey, old: Sequence[Key], *, registered: bool) -> None:
    if registered:
        text = say(zh="已登记新密钥", en="registered")
    else:
        text = say(zh="待登记的新密钥", en="to be registered")
    note(f"{text}: {made.purpose} {hex32(made.key_id)} {made.path}")
    for key in old:
        text = say(
            zh=f"旧密钥仍有效：{hex32(key.key_id)}，节点改用新密钥后用 keys revoke 终止",
            en=f"still in force: {hex32(key.key_id)}; end it with `keys revoke` once the node "
            "signs with the new one",
        )
        note(text)


def _shown(key: Key, now: int) -> dict[str, Any]:
    return {
        "keyId": hex32(key.key_id),
        "purpose": purpose_of(key),
        "alg": key.alg,
        "state": _state(key, now),
        "notBefore": _time(key.not_before),
        "notAfter": _time(key.not_after),
        "compromisedSince": _time(key.compromised_since) if key.compromised_since else None,
        "publicKey": key.public_key.hex(),
    }


def _time(seconds: int) -> str | None:
    """None: later than any calendar goes."""
    return instant(seconds) if seconds <= MAX_INSTANT else None


def _state(key: Key, now: int) -> str:
    if key.compromised_since:
        return "compromised"
    if now > key.not_after:
        return "ended"
    return "in-force" if key.not_before <= now else "not-yet"
