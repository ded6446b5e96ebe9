"""`credit-ledger gateway deploy-files`: what stands around a node, filled in for this one."""

from __future__ import annotations

import pwd
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.base.settings import Settings, load
from gateway.commands import init_files
from gateway.commands.options import config_option, failures
from ledger.cli.language import say
from ledger.cli.options import json_option
from ledger.cli.output import Refused, note, print_json, shown_path, write_file

UNIT, PROXY, COMPOSE = "credit-ledger.service", "nginx.conf", "compose.yaml"
MOUNT = '      - {{type: bind, source: "{path}", target: "{path}", read_only: {read_only}}}\n'


@click.command(
    "deploy-files",
    help=say(
        zh="""写出节点周边的文件，路径、端口、名称取自其设置：systemd 单元、nginx 前置代理、容器的
        compose.yaml、Prometheus 的设置与告警规则、Grafana 面板。

        不覆盖已有的文件。升级后写到另一目录，与正在使用的比较（diff）。

        \b
        示例：credit-ledger gateway deploy-files -o deploy --config gateway.toml
        """,
        en="""Write the files that stand around a node, with paths, ports and names of its settings:
        systemd unit, front proxy (nginx), compose.yaml for containers, settings and alerting rules
        of Prometheus, a dashboard for Grafana.

        Files that are there are not overwritten. After an upgrade have them written to another
        folder, and compare them with those in use (diff).

        \b
        Example: credit-ledger gateway deploy-files -o deploy --config gateway.toml
        """,
    ),
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(zh="目录，没有则建立。", en="Folder; made where there is none."),
)
@config_option
@json_option
def deploy_files(config: Path, out: Path, as_json: bool) -> None:
    """Exit code 1 where one of them is there already; nothing is written then."""
    with failures():
        texts = deployed(config.resolve(), load(config))
    for name in texts:
        if (out / name).exists():
            path = out / name
            raise Refused(
                say(
                    zh=f"{path} 已存在，不予覆盖；另选目录。",
                    en=f"{path} is there already and is not overwritten: name another folder.",
                )
            )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{out}: {error.strerror}") from error
    for name, text in texts.items():
        write_file(out / name, text.encode())
    if as_json:
        print_json({"files": [shown_path(out / name) for name in texts]})
        return
    for name in texts:
        click.echo(out / name)
    note(
        say(
            zh="修改标有 CHANGE 的各处。用途见运维手册 running.zh-CN.md 与 watching.zh-CN.md。",
            en="Change what is marked CHANGE. The operators' guide tells what each is for:"
            " running.md, watching.md.",
        )
    )


def deployed(config: Path, settings: Settings) -> dict[str, str]:
    """Name and text of each file. config: absolute. Raises ConfigError where a path or name cannot
    stand in them."""
    from gateway.about.routes import program_version  # noqa: PLC0415 - keeps `--help` fast

    if settings.http.operator_port is None:
        raise Refused(
            say(
                zh="设置中没有 http.operator_port：监控所读的指标在此端口上，请先写明",
                en="the settings name no http.operator_port, where what is watched is read: name"
                " one first",
            )
        )
    folder, http = config.parent, settings.http
    init_files.demand_nameable("--config", str(config))
    init_files.demand_nameable("node.url", str(settings.node.url or ""))
    owner = config.stat()
    texts = {
        UNIT: init_files.unit_text(
            code=settings.node.code,
            folder=folder,
            user=_name(owner.st_uid),
            written=init_files.written(settings, folder),
        ),
        PROXY: init_files.proxy_text(
            port=http.port, operator_port=settings.http.operator_port, url=settings.node.url
        ),
        COMPOSE: init_files.filled(
            init_files.COMPOSE,
            {
                "CODE": settings.node.code,
                "FOLDER": str(folder),
                "IMAGE": f"credit-ledger:{program_version()}",
                "UID": str(owner.st_uid),
                "GID": str(owner.st_gid),
                "PORT": str(http.port),
                "MOUNTS": "".join(_mounts(settings, folder)),
            },
        ),
        "prometheus.yml": init_files.filled(
            init_files.PROMETHEUS,
            {"CODE": settings.node.code, "OPERATOR_PORT": str(settings.http.operator_port)},
        ),
        "alerts.yml": init_files.ALERTS.read_text("utf-8"),
        "dashboard.json": init_files.DASHBOARD.read_text("utf-8"),
    }
    if config.name != "gateway.toml":
        for name in (UNIT, COMPOSE):
            texts[name] = texts[name].replace(f"{folder}/gateway.toml", str(config))
    return texts


def _mounts(settings: Settings, folder: Path) -> Iterator[str]:
    """What a container must see: the folder, and what the settings name elsewhere."""
    read = [
        *(settings.network, settings.keys, settings.key_password_file, settings.schemas),
        *(settings.calendar_file, settings.authorities_file, settings.subjects_file),
        *(settings.uscc_exceptions_file, settings.web.audit_report),
        settings.tiles.bucket_key,
    ]
    places = [folder, *init_files.written(settings, folder)]
    paths = dict.fromkeys(path.resolve() for path in read if path)
    for place in places:
        yield _mount(place, read_only=False)
    for path in paths:
        if not any(path.is_relative_to(place) for place in places):
            yield _mount(path, read_only=True)


def _mount(path: Path, *, read_only: bool) -> str:
    init_files.demand_nameable("--config", str(path))
    return MOUNT.format(path=path, read_only=str(read_only).lower())


def _name(uid: int) -> str:
    """Who owns the settings, by name where there is one."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
