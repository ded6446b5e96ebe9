"""`credit-ledger gateway init`: a folder from which a node starts."""

from __future__ import annotations

import os
import pwd
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click

from gateway.base.settings import of_values
from gateway.commands import init_files
from gateway.commands.options import failures
from ledger.cli.language import say
from ledger.cli.options import json_option, region_option, roles_option
from ledger.cli.output import Refused, note, print_json, shown_path, write_file
from ledger.cli.passwords import PASSWORD_FILE
from ledger.cli.problems import told
from ledger.core.errors import ConfigError

CONFIG, PASSWORD, UNIT, PROXY = (
    "gateway.toml",
    "key-password",
    "credit-ledger.service",
    "nginx.conf",
)
PASSWORD_BYTES = 32
_PORT = click.IntRange(1, 65535)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be made in a folder. given: a password file that is there already."""

    folder: Path
    code: str
    region: str | None
    roles: str | None
    url: str | None
    given: Path | None

    @property
    def password_file(self) -> Path:
        """Where the password of the keys lies."""
        return self.given or self.folder / PASSWORD

    def relative(self, path: Path) -> str:
        """A path as it stands in the settings, so that folders can be moved together."""
        return os.path.relpath(path.resolve(), self.folder)


@click.command(
    help=say(
        zh="""准备一个节点：设置文件（含注释）、密钥、口令、systemd 单元和 nginx 示例。

        不覆盖已有的文件；已有的密钥直接使用。完成后说明接下来的步骤。

        \b
        示例：credit-ledger gateway init --dir /srv/ledger --code 110000 --name 北京市 \\
                --network network.json --url https://ledger.example
        """,
        en="""Prepare a node: commented settings, keys, password, systemd unit, nginx example.

        Files that are there are not overwritten; keys that are there are used. Says what comes
        next.

        \b
        Example: credit-ledger gateway init --dir /srv/ledger --code 110000 --name Beijing \\
                   --network network.json --url https://ledger.example
        """,
    )
)
@click.option(
    "--dir",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(zh="节点的目录。", en="Folder of the node."),
)
@click.option("--code", required=True, help=say(zh="成员代码。", en="Code of the member."))
@click.option("--name", default="", help=say(zh="名称，如 北京市。", en="Its name."))
@region_option
@roles_option
@click.option(
    "--network",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(
        zh="网络文件，可以尚未存在。默认 DIR/network.json。",
        en="The network file, which need not be there yet. By default DIR/network.json.",
    ),
)
@click.option(
    "--database-url",
    default="sqlite:///gateway.db",
    show_default=True,
    metavar="URL",
    help=say(zh="或 postgresql://用户@主机/库名。", en="Or postgresql://USER@HOST/NAME."),
)
@click.option(
    "--url",
    metavar="URL",
    help=say(zh="他人访问节点的地址。", en="Where others reach the node."),
)
@click.option(
    "--port",
    type=_PORT,
    default=8546,
    show_default=True,
    help=say(zh="本机监听端口。", en="Port on this machine."),
)
@click.option(
    "--operator-port",
    type=_PORT,
    default=9546,
    show_default=True,
    help=say(zh="/metrics 的端口。", en="Port of /metrics."),
)
@click.option(
    "--password-file",
    envvar=PASSWORD_FILE,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(
        zh="密钥口令的文件，只许属主读取（也可用 CREDIT_LEDGER_KEY_PASSWORD_FILE）。"
        "默认生成 DIR/key-password。",
        en="The password of the keys, readable by its owner alone (or "
        "CREDIT_LEDGER_KEY_PASSWORD_FILE). By default DIR/key-password, a random one.",
    ),
)
@json_option
def init(
    *,
    folder: Path,
    code: str,
    name: str,
    region: str | None,
    roles: str | None,
    network: Path | None,
    database_url: str,
    url: str | None,
    port: int,
    operator_port: int,
    password_file: Path | None,
    as_json: bool,
) -> None:
    """Exit code 1 where something is there already; nothing is made then."""
    folder = folder.resolve()
    plan = Plan(folder=folder, code=code, region=region, roles=roles, url=url, given=password_file)
    network = network or folder / "network.json"
    _demand_usable(plan, network, port, operator_port)
    with failures():
        settings = init_files.settings_text(
            code=code,
            name=name,
            network=plan.relative(network),
            password=plan.relative(plan.password_file),
            database_url=database_url,
            url=url,
            port=port,
            operator_port=operator_port,
        )
        read = of_values(tomllib.loads(settings), folder)
        init_files.demand_database(database_url)
        _demand_free(folder)
        proxy = init_files.proxy_text(port=port, operator_port=operator_port, url=read.node.url)
        unit = init_files.unit_text(
            code=code, folder=folder, user=_user(), written=init_files.written(read, folder)
        )
        _make(plan, settings, proxy, unit)
    if os.geteuid() == 0:
        note(
            say(
                zh=f"注意：以 root 运行，{UNIT} 将以 root 身份启动节点；宜以专用用户另行运行本命令",
                en=f"note: run as root, so the node of {UNIT} runs as root; better run this again"
                " as a user made for it, in a folder of its own",
            )
        )
    if as_json:
        print_json(_made(plan))
    else:
        click.echo(folder / CONFIG)
    for line in _next_steps(plan, network):
        note(line)


def _demand_usable(plan: Plan, network: Path, port: int, operator_port: int) -> None:
    """Refuse what could not stand in the files, before anything is made."""
    from ledger.cli.member_folder import read_region_and_roles  # noqa: PLC0415 - fast `--help`

    try:
        read_region_and_roles(plan.code, plan.region, plan.roles)
        init_files.demand_nameable("--dir", str(plan.folder))
        init_files.demand_nameable("--url", plan.url or "")
        for option, path in (("--network", network), ("--password-file", plan.given)):
            init_files.demand_utf8(option, str(path))
    except ConfigError as error:
        raise click.UsageError(told(error)) from error
    if plan.given and not plan.given.is_file():
        text = say(
            zh="须为普通文件：节点每次启动都要读取",
            en="must be a regular file: it is read whenever the node starts",
        )
        raise click.BadParameter(text, param_hint="--password-file")
    if port == operator_port:
        text = say(zh="须与 --port 不同", en="must not be that of --port")
        raise click.BadParameter(text, param_hint="--operator-port")


def _demand_free(folder: Path) -> None:
    """Refuse to write over what somebody may have changed."""
    for name in (CONFIG, UNIT, PROXY):
        if (folder / name).exists():
            path = folder / name
            raise Refused(
                say(
                    zh=f"{path} 已存在，不予覆盖；另选目录，或先移走它。",
                    en=f"{path} is there already and is not overwritten: name another folder, or "
                    "move it away first.",
                )
            )


def _make(plan: Plan, settings: str, proxy: str, unit: str) -> None:
    """Make everything, the settings last: what is there without them was not finished."""
    from ledger.chain.keys.keyfile import write_secret_file  # noqa: PLC0415 - fast `--help`

    try:
        _make_keys(plan)
        write_file(plan.folder / UNIT, unit.encode())
        write_file(plan.folder / PROXY, proxy.encode())
        write_secret_file(plan.folder / CONFIG, settings.encode())
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}") from error


def _make_keys(plan: Plan) -> None:
    """Make the keys and their password, or see that those which are there can be opened. Raises
    ConfigError."""
    from ledger.chain.keys.keydir import first_file  # noqa: PLC0415 - keeps `--help` fast
    from ledger.chain.keys.keyfile import read_fields, write_secret_file  # noqa: PLC0415
    from ledger.chain.keys.private import demand_private  # noqa: PLC0415
    from ledger.cli.member_folder import (  # noqa: PLC0415
        demand_opens,
        key_files,
        make_member,
        public_file,
        read_region_and_roles,
    )
    from ledger.cli.passwords import read_password  # noqa: PLC0415

    if plan.given:
        demand_private(plan.given)
    made_before = public_file(plan.folder, plan.code).exists()
    if plan.password_file.exists():
        demand_opens(plan.folder, read_password(plan.password_file))
    elif made_before or key_files(plan.folder):
        raise Refused(
            say(
                zh="密钥已存在：请以 --password-file 指明其口令文件。",
                en="The keys are there already: name their password with --password-file.",
            )
        )
    if not plan.folder.exists():
        plan.folder.mkdir(mode=0o700, parents=True)
    if not plan.password_file.exists():
        password = secrets.token_urlsafe(PASSWORD_BYTES).encode()
        write_secret_file(plan.password_file, password + b"\n")
    if made_before:  # all of them, though some may have been moved to another machine since
        read_fields(first_file(plan.folder / "keys", "payer"))
        return
    region, roles = read_region_and_roles(plan.code, plan.region, plan.roles)
    make_member(
        plan.folder,
        code=plan.code,
        region=region,
        roles=roles,
        endpoint=plan.url or "",
        password=read_password(plan.password_file),
    )


def _user() -> str:
    """Who runs this, by name where there is one."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _made(plan: Plan) -> dict[str, str]:
    folder = plan.folder
    return {
        "code": plan.code,
        "config": shown_path(folder / CONFIG),
        "keys": shown_path(folder / "keys"),
        "passwordFile": shown_path(plan.password_file.resolve()),
        "member": shown_path(folder / f"{plan.code}.json"),
        "unit": shown_path(folder / UNIT),
        "nginx": shown_path(folder / PROXY),
    }


def _next_steps(plan: Plan, network: Path) -> list[str]:
    """What an operator does now, in order."""
    folder, config = plan.folder, plan.folder / CONFIG
    steps = []
    if not network.exists():
        steps.append(
            say(
                zh=f"把 {folder / f'{plan.code}.json'}（不含秘密）交给创建网络或表决接纳的各方，"
                f"取得网络文件，放在 {network}",
                en=f"give {folder / f'{plan.code}.json'}, which holds no secret, to those who "
                f"found the network or vote you in, and put their network file at {network}",
            )
        )
    steps += [
        say(
            zh=f"另行保存 {folder / 'keys'} 与口令文件 {plan.password_file}；把 keys/govern.json "
            "移到不联网的机器",
            en=f"keep copies of {folder / 'keys'} and of {plan.password_file} elsewhere, apart; "
            "move keys/govern.json to a machine without a network",
        ),
        say(
            zh=f"把 {folder / PROXY} 放进 /etc/nginx/conf.d，修改标有 CHANGE 的各处",
            en=f"put {folder / PROXY} into /etc/nginx/conf.d and change what is marked CHANGE",
        ),
        say(
            zh=f"把 {folder / UNIT} 放进 /etc/systemd/system 并启动（试运行：credit-ledger gateway "
            f"serve --config {config}）",
            en=f"put {folder / UNIT} into /etc/systemd/system and start it (to try it: "
            f"credit-ledger gateway serve --config {config})",
        ),
        say(
            zh="核对，并按其说明处理（密钥须已在链上登记，付费账户须有余额）：credit-ledger "
            f"gateway doctor --config {config}",
            en="look it over and do what it says (the keys must be registered on the chain, the "
            f"payer funded): credit-ledger gateway doctor --config {config}",
        ),
        say(
            zh=f"公布地址，由 GOVERN 密钥签名（--key）：credit-ledger govern endpoint "
            f"{plan.url or 'URL'} --config {config}",
            en="announce where it is, signed with the GOVERN key (--key): credit-ledger govern "
            f"endpoint {plan.url or 'URL'} --config {config}",
        ),
        f"credit-ledger gateway token add NAME --scope submit --scope read --config {config}",
    ]
    lines = [f"  {number}. {step}" for number, step in enumerate(steps, 1)]
    return [say(zh="接下来：", en="What comes next:"), *lines]
