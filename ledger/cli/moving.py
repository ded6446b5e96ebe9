"""`credit-ledger consortium move-contract`: a role moves to a new contract, by vote."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.acting import failures
from ledger.cli.consortium import consortium
from ledger.cli.language import say
from ledger.cli.options import json_option, load_network, network_options, passwords_option
from ledger.cli.output import note, print_json
from ledger.cli.passwords import open_key

_ROLES = ("LogAnchor", "Catalogue", "CaseRegistry", "Revocations", "Products")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@consortium.command(
    "move-contract",
    help=say(
        zh="""由新合约接任一个或多个角色：部署本软件所带的合约，由各省市表决登记。

        原合约保留其中的一切，仍可读取，但不再写入；目录各项由表决重新写入新合约。--dry-run 只显示
        计划。--member 目录中有 GOVERN 密钥的省市当即投票；票数不足时，把待签内容写入网络文件旁的
        to-sign 目录（退出码 1）：签名（govern sign）并发送（govern send）后，再次运行本命令即可
        继续。中断后也再次运行即可。部署账户为此新建；一个账户为一个角色只换一次。

        \b
        示例：credit-ledger consortium move-contract LogAnchor CaseRegistry \\
                --network network.json --deployer mover.json --dry-run
        """,
        en="""Have new contracts take over one or more roles: deploy those that ship with this
        software and have the provinces vote them in.

        A former contract keeps what it holds, stays readable and takes nothing more; items of the
        catalogue are put into the new one by vote. --dry-run shows the plan and does nothing.
        Provinces whose GOVERN key lies in a --member folder vote at once; where those are too few,
        what the others have to sign is written to the folder to-sign beside the network file
        (exit 1): once they have signed it (`govern sign`) and sent it (`govern send`), run this
        again. So too after an interruption. Make an account for it; one account moves a role once.

        \b
        Example: credit-ledger consortium move-contract LogAnchor CaseRegistry \\
                   --network network.json --deployer mover.json --dry-run
        """,
    ),
)
@click.argument("roles", nargs=-1, required=True, type=click.Choice(_ROLES))
@network_options
@click.option(
    "--deployer",
    required=True,
    type=_FILE,
    metavar="FILE",
    help=say(
        zh="部署并付费的账户（用途 payer）。",
        en="The account that deploys and pays (purpose payer).",
    ),
)
@click.option(
    "--member",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(
        zh="成员的目录，其中 keys 有 GOVERN 密钥（可重复）。",
        en="Folder of a member, in whose keys is a GOVERN key (repeatable).",
    ),
)
@passwords_option(zh="打开密钥的口令文件，逐一尝试。", en="Passwords of the keys; each is tried.")
@click.option(
    "--dry-run",
    is_flag=True,
    help=say(zh="只显示计划，什么都不做。", en="Show the plan, do nothing."),
)
@json_option
def move_contract(
    *,
    roles: tuple[str, ...],
    network: Path,
    rpc: tuple[str, ...],
    deployer: Path,
    folders: tuple[Path, ...],
    password_files: tuple[Path, ...],
    dry_run: bool,
    as_json: bool,
) -> int:
    """Exit 1 until it is complete; 0 for a plan."""
    from ledger.cli.contract_move import (  # noqa: PLC0415 - `--help` need not wait
        contract_move,
        outcome_json,
        votes_words,
    )
    from ledger.cli.funds import funds_named  # noqa: PLC0415
    from ledger.cli.to_sign import TO_SIGN, note_to_sign, store_to_sign  # noqa: PLC0415

    file, waiting = load_network(network, rpc), list[Path]()
    with failures():
        payer = open_key(deployer, "payer", password_files)
        with contract_move(file, payer, list(dict.fromkeys(roles))) as move:
            move.voters(folders, lambda path: open_key(path, "GOVERN", password_files))
            for line in votes_words(move):
                note(line)
            if not dry_run:
                with funds_named(payer.address, file.rpc):
                    left = move.run()
                waiting = store_to_sign(network.parent / TO_SIGN, left)
                if not waiting:
                    move.confirm()
            complete = move.complete and not waiting
            if as_json:
                print_json(outcome_json(move, waiting, complete=complete))
            elif complete:
                for step in move.steps:
                    click.echo(f"{step.role} {step.after}")
    note_to_sign(waiting)
    return 0 if dry_run or complete else 1
