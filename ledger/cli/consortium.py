"""`credit-ledger consortium plan | keys | found`: founding a network on a chain that exists."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from ledger.cli.acting import ANY_AGE, failures
from ledger.cli.language import say
from ledger.cli.member_folder import make_member, read_region_and_roles
from ledger.cli.options import (
    json_option,
    load_network,
    local_clock,
    passwords_option,
    region_option,
    roles_option,
)
from ledger.cli.output import Refused, demand_apart, note, print_json, shown_path, write_file
from ledger.cli.passwords import new_password, open_key, read_password
from ledger.cli.plan import PlannedMember, load_plan, parse_member, write_plan
from ledger.cli.problems import told
from ledger.core.errors import ConfigError
from ledger.core.keys import Role

FOUR = tuple(
    PlannedMember(code=code, region=code, roles=Role.PROVINCE)
    for code in ("110000", "120000", "130000", "140000")
)
"""Beijing, Tianjin, Hebei, Shanxi."""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)


@click.group(
    help=say(
        zh="""在现有的链上创建网络：拟定计划，各成员生成密钥，部署并登记。

        \b
        credit-ledger consortium plan -o plan.toml
        credit-ledger consortium keys 110000 -o 110000
        credit-ledger consortium found plan.toml --deployer deployer.json --member 110000 … \\
            --rpc http://127.0.0.1:8545 -o network.json
        """,
        en="""Found a network on a chain that exists: plan it, let each member make its keys, deploy
        and register.

        \b
        credit-ledger consortium plan -o plan.toml
        credit-ledger consortium keys 110000 -o 110000
        credit-ledger consortium found plan.toml --deployer deployer.json --member 110000 … \\
            --rpc http://127.0.0.1:8545 -o network.json
        """,
    )
)
def consortium() -> None:
    """Group; its help is above."""


@consortium.command(
    help=say(
        zh="""写出网络的计划，供各方修改和确认。默认为四省市。

        --from 读取现有网络，写出把它迁到另一 Consortium 的计划：成员及其有效密钥、日志、目录各版本
        和原网络的名称；未能列入的逐项说明。

        \b
        credit-ledger consortium plan -o plan.toml
        credit-ledger consortium plan --from network.json -o move.toml
        """,
        en="""Write the plan of a network, to be edited and agreed on. By default of four provinces.

        --from reads a network and writes the plan of moving it to another Consortium: its members
        with the keys in force, their logs, every version of the catalogue, and what the network was
        called; what is not carried over is said.

        \b
        credit-ledger consortium plan -o plan.toml
        credit-ledger consortium plan --from network.json -o move.toml
        """,
    )
)
@click.option(
    "--from",
    "source",
    type=_FILE,
    metavar="network.json",
    help=say(zh="要迁移的网络。", en="The network that moves."),
)
@click.option(
    "--rpc",
    multiple=True,
    metavar="URL",
    help=say(zh="代替该网络文件中的节点。", en="Nodes in place of those of that file."),
)
@click.option(
    "--members",
    multiple=True,
    metavar="CODE:REGION:ROLES",
    help=say(
        zh="成员（可重复），如 110000:110000:PROVINCE、a-bank::INSTITUTION。",
        en="A member (repeatable), such as 110000:110000:PROVINCE or a-bank::INSTITUTION.",
    ),
)
@click.option("-o", "--out", required=True, type=_NEW, metavar="PLAN.toml")
def plan(*, source: Path | None, rpc: tuple[str, ...], members: tuple[str, ...], out: Path) -> int:
    """Exit 1 where the file is there already: it may have been agreed on."""
    if source is not None:
        return _plan_from(source, rpc, members, out)
    try:
        wanted = [parse_member(text) for text in members] or list(FOUR)
    except ConfigError as error:
        text = say(zh="应为 CODE:REGION:ROLES", en="must be CODE:REGION:ROLES")
        raise click.BadParameter(f"{error.setting}: {text}", param_hint="--members") from error
    if out.exists():
        raise Refused(say(zh=f"{out} 已存在。", en=f"{out} is there already."))
    write_file(out, write_plan(wanted))
    note(say(zh=f"计划：{out}", en=f"plan: {out}"))
    return 0


def _plan_from(source: Path, rpc: tuple[str, ...], members: tuple[str, ...], out: Path) -> int:
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415 - `--help` need not wait
    from ledger.cli.plan_from import take_plan  # noqa: PLC0415

    if members:
        text = say(zh="不能同时给出 --members", en="does not go with --members")
        raise click.BadParameter(text, param_hint="--from")
    if out.exists():
        raise Refused(say(zh=f"{out} 已存在。", en=f"{out} is there already."))
    network = load_network(source, rpc)
    file = replace(network, max_head_age=ANY_AGE)
    with failures(), closing(QuorumReader(file, now=local_clock(), max_ahead=None)) as reader:
        taken = take_plan(network, reader.head())
    write_file(out, taken.text)
    note(say(zh=f"计划：{out}", en=f"plan: {out}"))
    for line in taken.left:
        note(line)
    return 0


@consortium.command(
    "keys",
    help=say(
        zh="""生成一个成员的密钥（DIR/keys）和交给他人的公开文件 DIR/CODE.json。

        已有的密钥保留。口令取自 --password-file，否则询问。

        \b
        示例：credit-ledger consortium keys 110000 -o 110000 --endpoint https://ledger.example
        """,
        en="""Make the keys of a member (DIR/keys) and DIR/CODE.json, its public file for others.

        Keys that are there stay. The password is that of --password-file, else it is asked for.

        \b
        Example: credit-ledger consortium keys 110000 -o 110000 --endpoint https://ledger.example
        """,
    ),
)
@click.argument("code")
@click.option("-o", "--out", required=True, type=_FOLDER, metavar="DIR")
@region_option
@roles_option
@click.option(
    "--endpoint",
    default="",
    metavar="URL",
    help=say(zh="节点的公开地址。", en="Where its node will be reached."),
)
@click.option("--password-file", type=_FILE, metavar="FILE", help=say(zh="口令。", en="Password."))
@json_option
def member_keys(
    *,
    code: str,
    out: Path,
    region: str | None,
    roles: str | None,
    endpoint: str,
    password_file: Path | None,
    as_json: bool,
) -> int:
    """Safe to repeat."""
    try:
        region, given = read_region_and_roles(code, region, roles)
    except ConfigError as error:
        raise click.UsageError(told(error)) from error
    password = read_password(password_file) if password_file else new_password()
    with failures():
        file = make_member(
            out, code=code, region=region, roles=given, endpoint=endpoint, password=password
        )
    if as_json:
        print_json({"code": code, "file": shown_path(file), "keys": shown_path(out / "keys")})
    else:
        click.echo(file)
    return 0


@consortium.command(
    help=say(
        zh="""部署合约，登记成员、密钥和日志，表决合约与全国目录，写出网络文件。

        每个 --member 目录含成员的公开文件；其中有 GOVERN 密钥的省市当即投票。票数不足时，把待签
        内容写入网络文件旁的 to-sign 目录（退出码 1）：各省市签名（govern sign）并发送（govern
        send）后，再次运行本命令即可完成。可重复运行。

        \b
        示例：credit-ledger consortium found plan.toml --deployer deployer.json \\
                --member 110000 --member 120000 --rpc http://127.0.0.1:8545 -o network.json
        """,
        en="""Deploy the contracts, register members, keys and logs, have contracts and national
        catalogue voted, writes the network file.

        Each --member folder holds the public file of a member; provinces whose GOVERN key lies
        there vote at once. Where those are too few, what the others have to sign is written to the
        folder to-sign beside the network file (exit 1): once they have signed it (`govern sign`)
        and sent it (`govern send`), run this again. It may be repeated at any time.

        \b
        Example: credit-ledger consortium found plan.toml --deployer deployer.json \\
                   --member 110000 --member 120000 --rpc http://127.0.0.1:8545 -o network.json
        """,
    )
)
@click.argument("plan_file", metavar="PLAN.toml", type=_FILE)
@click.option(
    "--deployer",
    required=True,
    type=_FILE,
    metavar="FILE",
    help=say(
        zh="部署并付费的账户（用途 payer），此前未用过。",
        en="The account that deploys and pays (purpose payer), not used before.",
    ),
)
@click.option(
    "--member",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(
        zh="成员的目录（可重复）；计划已列出密钥的，只用于投票。",
        en="Folder of a member (repeatable); where the plan names its keys, to vote with alone.",
    ),
)
@click.option(
    "--rpc",
    "urls",
    required=True,
    multiple=True,
    metavar="URL",
    help=say(zh="链的节点（可重复）。", en="A node of the chain (repeatable)."),
)
@click.option("-o", "--out", required=True, type=_NEW, metavar="network.json")
@passwords_option(zh="打开密钥的口令文件，逐一尝试。", en="Passwords of the keys; each is tried.")
@click.option(
    "--govern-only",
    is_flag=True,
    help=say(
        zh="只登记 GOVERN 密钥（成员很多时）；其余由成员以 keys rotate 登记。",
        en="Register GOVERN keys alone (for many members); each adds its others, `keys rotate`.",
    ),
)
@json_option
def found(
    *,
    plan_file: Path,
    deployer: Path,
    folders: tuple[Path, ...],
    urls: tuple[str, ...],
    out: Path,
    password_files: tuple[Path, ...],
    govern_only: bool,
    as_json: bool,
) -> int:
    """Exit 1 until it is complete."""
    from ledger.cli.founding import Founding, store  # noqa: PLC0415 - `--help` need not wait
    from ledger.cli.funds import funds_named  # noqa: PLC0415
    from ledger.cli.to_sign import note_to_sign  # noqa: PLC0415

    demand_apart(out, plan_file, deployer, *password_files, hint="-o")
    with failures():
        founding = Founding(load_plan(plan_file), folders, urls, govern_only=govern_only)
        founding.voters(lambda path: open_key(path, "GOVERN", password_files))
        payer = open_key(deployer, "payer", password_files)
        with funds_named(payer.address, urls):
            made = founding.run(payer)
        waiting = store(made, out)
    if as_json:
        print_json(
            {
                "network": shown_path(out),
                "consortium": made.file.consortium,
                "logAnchor": made.deployment.log_anchor,
                "catalogue": made.deployment.catalogue,
                "complete": not waiting,
                "toSign": [shown_path(path) for path in waiting],
            }
        )
    else:
        click.echo(out)
    note_to_sign(waiting)
    return 1 if waiting else 0
