"""`credit-ledger network`: a whole network on this machine."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from gateway.devnet.processes import PortsTaken
from ledger.cli.language import say
from ledger.cli.problems import told
from ledger.core.errors import LedgerError
from ledger.core.ids import Address

WEI = 10**18
"""Of one ether."""
MAX_ETHER = 1_000_000

_STEPS = {
    "chain": say(zh="启动区块链 …", en="starting the chain …"),
    "contracts": say(zh="部署合约、表决目录 …", en="deploying contracts, voting the catalogue …"),
    "gateways": say(zh="启动各成员节点 …", en="starting the gateways …"),
}

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


class AddressType(click.ParamType[Address]):
    """An account of the chain."""

    name = "address"

    def convert(self, value: str, param: object, ctx: object) -> Address:
        """In lower case."""
        if not _ADDRESS.fullmatch(value):
            raise click.BadParameter(
                say(zh="应为 0x 加 40 位十六进制", en="0x and 40 hex digits are wanted")
            )
        return Address(value.lower())


directory = click.option(
    "--dir",
    "directory",
    envvar="CREDIT_LEDGER_DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".credit-ledger"),
    show_default=True,
    help=say(zh="网络的目录。", en="Folder of the network."),
)


@click.group(
    help=say(
        zh="在本机启动、停止一个完整的网络：一条链、四省市、一家征信机构、一家银行（仅供开发和演示）。",
        en="Run a whole network on this machine: a chain, four provinces, a bureau, a bank "
        "(for development and demonstration).",
    )
)
def network() -> None:
    """Group; its help is above."""


@network.command(
    help=say(
        zh="""启动网络；目录里已有网络的，只启动停着的部分。打印网络文件的路径。

        CREDIT_LEDGER_NOW=+秒数 使整个网络（含链）的时钟快这么多；对运行中的网络再次执行并给出更大
        的数，即把它向前拨。目录记住这个数，不能往回拨。核验时须给同一个值。

        \b
        credit-ledger network up --dir /tmp/demo --base-port 0
        CREDIT_LEDGER_NOW=+604800 credit-ledger network up
        """,
        en="""Start a network; in a folder that has one, start what is down. Prints the path of the
        network file.

        CREDIT_LEDGER_NOW=+SECONDS lets the whole network, chain included, run ahead by so much. Up
        again with more moves a running network on; the folder remembers, and it never goes back.
        Verify with the same value.

        \b
        credit-ledger network up --dir /tmp/demo --base-port 0
        CREDIT_LEDGER_NOW=+604800 credit-ledger network up
        """,
    )
)
@directory
@click.option(
    "--base-port",
    type=click.IntRange(0, 65535),
    default=None,
    help=say(
        zh="链的端口，其后依次为各成员；0 为任意空闲端口。默认 8545。",
        en="Port of the chain, the members follow; 0: any free ones. Default 8545.",
    ),
)
def up(directory: Path, base_port: int | None) -> None:
    """Exit 0 when all is ready, 1 when something did not start."""
    from gateway.devnet import services  # noqa: PLC0415 - keeps `--help` fast

    console = Console(stderr=True)
    with console.status("…") as shown:
        try:
            path = services.up(directory, base_port, lambda step: shown.update(_STEPS[step]))
        except PortsTaken as error:
            raise click.ClickException(_taken(error)) from error
        except LedgerError as error:
            raise click.ClickException(told(error)) from error
    click.echo(path)


def _taken(error: PortsTaken) -> str:
    ports = "、".join(f"{port}（{name}）" for name, port in error.ports.items())
    return say(
        zh=f"端口已被其他程序占用：{ports}。请停止那个程序，或用 --dir 和 --base-port N"
        "（0 为任意空闲端口）另建网络。",
        en=str(error),
    )


@network.command(
    help=say(
        zh="""给链上的一个账户充值（如 gateway init 生成的付费账户 payer），仅限本机的开发网络。
        地址由 keys show FILE 给出。

        \b
        credit-ledger network fund 0x6b7c… --ether 5
        """,
        en="""Give an account of the embedded chain funds, such as the payer that `gateway init`
        made; for networks of this machine only. `keys show FILE` tells the address.

        \b
        credit-ledger network fund 0x6b7c… --ether 5
        """,
    )
)
@click.argument("address", metavar="ADDRESS", type=AddressType())
@click.option(
    "--ether",
    type=click.IntRange(1, MAX_ETHER),
    default=10,
    show_default=True,
    help=say(zh="充多少 ether。", en="How much, in ether."),
)
@directory
def fund(address: Address, ether: int, directory: Path) -> None:
    """Exit 0 once the account has it; 1 where there is no network, or no chain that answers."""
    from gateway.devnet import services  # noqa: PLC0415 - keeps `--help` fast

    try:
        balance = services.fund(directory, address, ether * WEI)
    except LedgerError as error:
        raise click.ClickException(told(error)) from error
    if balance is None:
        raise click.ClickException(_nothing_in(directory))
    whole = balance // WEI
    click.echo(say(zh=f"{address} 现有 {whole} ether", en=f"{address} has {whole} ether"), err=True)


@network.command(help=say(zh="停止网络，保留数据。", en="Stop the network; its data stays."))
@directory
def down(directory: Path) -> None:
    """Exit 0, also where nothing ran."""
    from gateway.devnet import services  # noqa: PLC0415 - keeps `--help` fast

    try:
        stopped = services.down(directory)
    except LedgerError as error:
        raise click.ClickException(told(error)) from error
    names = ", ".join(stopped) or say(zh="无", en="nothing")
    click.echo(say(zh=f"已停止：{names}", en=f"stopped: {names}"), err=True)


@network.command(help=say(zh="各部分是否在运行。", en="What is up and what is down."))
@directory
@click.option("--json", "as_json", is_flag=True, help=say(zh="输出 JSON。", en="Print JSON."))
@click.pass_context
def status(context: click.Context, directory: Path, as_json: bool) -> None:
    """Exit 1 if anything is down."""
    from gateway.devnet import services  # noqa: PLC0415 - keeps `--help` fast

    try:
        found = services.status(directory)
    except LedgerError as error:
        raise click.ClickException(told(error)) from error
    if found is None:
        raise click.ClickException(_nothing_in(directory))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _show(found)
    context.exit(0 if services.is_up(found) else 1)


def _nothing_in(directory: Path) -> str:
    return say(zh=f"目录中没有网络：{directory}", en=f"no network in this folder: {directory}")


def _show(found: dict[str, object]) -> None:
    table = Table(title=str(found["network"]))
    for title in (
        say(zh="成员", en="member"),
        say(zh="地址", en="endpoint"),
        say(zh="状态", en="state"),
    ):
        table.add_column(title)
    chain, members = found["chain"], found["members"]
    assert isinstance(chain, dict) and isinstance(members, list)  # noqa: S101 - for the type checker
    up, down = say(zh="运行中", en="up"), say(zh="未运行", en="down")
    rows = [(say(zh="区块链", en="chain"), chain["url"], chain["up"])]
    rows += [(member["code"], member["endpoint"], member["up"]) for member in members]
    for name, url, alive in rows:
        table.add_row(name, url, f"[green]{up}[/]" if alive else f"[red]{down}[/]")
    Console().print(table)
