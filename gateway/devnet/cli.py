"""`credit-ledger network`: a whole network on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from gateway.devnet import services
from ledger.cli.language import say
from ledger.core.errors import LedgerError

_STEPS = {
    "chain": say(zh="启动区块链 …", en="starting the chain …"),
    "contracts": say(zh="部署合约、表决目录 …", en="deploying contracts, voting the catalogue …"),
    "gateways": say(zh="启动各成员节点 …", en="starting the gateways …"),
}

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
        zh="启动网络；目录里已有网络的，只启动停着的部分。打印网络文件的路径。",
        en="""Start a network; in a folder that has one, start what is down. Prints the path of the
        network file.

        \b
        credit-ledger network up
        credit-ledger network up --dir /tmp/demo --base-port 0
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
    console = Console(stderr=True)
    with console.status("…") as shown:
        try:
            path = services.up(directory, base_port, lambda step: shown.update(_STEPS[step]))
        except LedgerError as error:
            raise click.ClickException(str(error)) from error
    click.echo(path)


@network.command(help=say(zh="停止网络，保留数据。", en="Stop the network; its data stays."))
@directory
def down(directory: Path) -> None:
    """Exit 0, also where nothing ran."""
    try:
        stopped = services.down(directory)
    except LedgerError as error:
        raise click.ClickException(str(error)) from error
    names = ", ".join(stopped) or say(zh="无", en="nothing")
    click.echo(say(zh=f"已停止：{names}", en=f"stopped: {names}"), err=True)


@network.command(help=say(zh="各部分是否在运行。", en="What is up and what is down."))
@directory
@click.option("--json", "as_json", is_flag=True, help=say(zh="输出 JSON。", en="Print JSON."))
@click.pass_context
def status(context: click.Context, directory: Path, as_json: bool) -> None:
    """Exit 1 if anything is down."""
    try:
        found = services.status(directory)
    except LedgerError as error:
        raise click.ClickException(str(error)) from error
    if found is None:
        text = say(zh="目录中没有网络", en="no network in this folder")
        raise click.ClickException(f"{text}: {directory}")
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _show(found)
    context.exit(0 if services.is_up(found) else 1)


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
    rows = [("chain", chain["url"], chain["up"])]
    rows += [(member["code"], member["endpoint"], member["up"]) for member in members]
    for name, url, alive in rows:
        table.add_row(name, url, "[green]up[/]" if alive else "[red]down[/]")
    Console().print(table)
