"""`credit-ledger govern sign | send`: a GOVERN key on a machine without a network."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.chain.contracts.structs import YES
from ledger.chain.governing.actions import proposal_id
from ledger.chain.governing.requests import Request
from ledger.chain.governing.tosign import MAX_BYTES, ToSign
from ledger.cli.acting import Hand, acting_options, failures
from ledger.cli.action_words import details, key_words, sentence
from ledger.cli.govern import govern
from ledger.cli.language import say
from ledger.cli.options import json_option, passwords_option
from ledger.cli.output import Refused, note, print_json, write_file
from ledger.cli.passwords import open_key
from ledger.cli.value_words import every_value, moment, safe_text
from ledger.core.canonical import hex0x
from ledger.core.errors import ConfigError
from ledger.core.keys import Purpose

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@govern.command(
    help=say(
        zh="""在存放 GOVERN 密钥的（离线）机器上签名：显示内容，确认后把签名写回同一文件。

        \b
        示例：credit-ledger govern sign vote.json --key govern.json
        """,
        en="""Sign on the machine that holds the GOVERN key, which needs no network. It shows what
        it is, asks, and writes the signature into the same file.

        \b
        Example: credit-ledger govern sign vote.json --key govern.json
        """,
    )
)
@click.argument("file", type=_FILE)
@click.option(
    "--key",
    required=True,
    type=_FILE,
    metavar="FILE",
    help=say(zh="GOVERN 密钥文件。", en="File of the GOVERN key."),
)
@passwords_option()
@click.option("--yes", is_flag=True, help=say(zh="不再询问。", en="Do not ask."))
def sign(*, file: Path, key: Path, password_files: tuple[Path, ...], yes: bool) -> int:
    """What is signed is computed from what is shown."""
    with failures():
        made = _read(file)
        for line in _shown(made):
            note(line)
        question = say(zh="签名？", en="Sign this?")
        if not yes and not click.confirm(question, err=True):
            raise Refused(say(zh="未签名。", en="not signed."))
        signer = open_key(key, Purpose.GOVERN.name, password_files)
        write_file(file, made.signed(signer).encode())
    note(f"{say(zh='已签名', en='signed')}: {file}")
    return 0


@govern.command(
    help=say(
        zh="""发送已签名的文件。

        \b
        示例：credit-ledger govern send vote.json --config gateway.toml
        """,
        en="""Send a file that was signed.

        \b
        Example: credit-ledger govern send vote.json --config gateway.toml
        """,
    )
)
@click.argument("file", type=_FILE)
@acting_options
@json_option
def send(*, file: Path, hand: Hand, as_json: bool) -> int:
    """Anybody may send it; the signature is the member's."""
    made = _read(file)
    if made.domain != hand.domain:
        raise ConfigError(str(file), "is for another network")
    sent = hand.send(made.request.function, made.calldata())
    if as_json:
        print_json({"member": made.member, "function": made.request.function, "tx": sent.tx})
    else:
        click.echo(f"{say(zh='已发送', en='sent')}: {_words(made)}")
    return 0


def _read(file: Path) -> ToSign:
    with file.open("rb") as opened:
        return ToSign.parse(opened.read(MAX_BYTES + 1))


def _shown(made: ToSign) -> list[str]:
    """All that is signed: a sentence, then every value."""
    deadline = made.request.values["deadline"]
    assert isinstance(deadline, int)  # noqa: S101 - for the type checker
    lines = [
        f"{say(zh='网络', en='network')}: eip155:{made.domain.chain_id}:{made.domain.consortium}",
        f"{say(zh='成员', en='member')}: {safe_text('member', made.member)}",
        f"{say(zh='内容', en='what')}: {_words(made)}",
    ]
    if made.action is not None:
        lines += [f"  {line}" for line in [*details(made.action), *_proposal(made)]]
    signed = {"member": made.member} | {
        name: value for name, value in made.request.values.items() if name != "member"
    }
    lines += [f"  {made.request.function}.{line}" for line in every_value(signed)]
    return [*lines, f"{say(zh='签名有效至', en='may be used until')}: {moment(deadline)}"]


def _proposal(made: ToSign) -> list[str]:
    """Id of the proposal that is made or voted on, and who makes it."""
    on, action, salt = made.voted_on, made.action, made.request.values.get("salt")
    proposer = made.member
    if made.request.function == "vote" and on is not None:
        proposer, salt = on.proposer, on.salt
    assert action is not None and isinstance(salt, bytes)  # noqa: S101 - for the type checker
    found = proposal_id(*made.domain, proposer, action, salt)
    return [f"proposalId: {hex0x(found)}", f"proposer: {safe_text('proposer', proposer)}"]


def _words(made: ToSign) -> str:
    request, action = made.request, made.action
    if action is not None:
        said = sentence(action)
        if request.function == "propose":
            return f"{say(zh='提案', en='propose')}: {said}"
        yes = request.values["choice"] == YES
        return f"{say(zh='赞成', en='yes to') if yes else say(zh='反对', en='no to')}: {said}"
    return _own_words(request)


def _own_words(request: Request) -> str:
    values = request.values
    if request.function == "addKey":
        return f"{say(zh='登记密钥', en='register the key')} {key_words(values)}"
    if request.function == "setEndpoint":
        endpoint = safe_text("endpoint", str(values["endpoint"]))
        return f"{say(zh='公开地址改为', en='be reached at')} {endpoint}"
    key, since = values["keyId"], values["compromisedSince"]
    assert isinstance(key, bytes) and isinstance(since, int)  # noqa: S101 - for the type checker
    if since:
        when = moment(since)
        return say(
            zh=f"声明密钥 {hex0x(key)} 自 {when} 起失窃",
            en=f"say that the key {hex0x(key)} was stolen at {when}",
        )
    return say(zh=f"终止密钥 {hex0x(key)}", en=f"end the key {hex0x(key)}")
