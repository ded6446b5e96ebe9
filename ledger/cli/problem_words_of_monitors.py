"""The Chinese of what can be wrong with how a monitor is started, as `problem_words` has it of
everything else."""

from collections.abc import Mapping
from typing import Final

MONITORS: Final[Mapping[str, str]] = {
    "not an address of this machine and a port": "不是本机地址和端口",
    "not a URL that may be sent to: https, without a user": (
        "不是可发送的网址：须为 https，不含用户名"
    ),
    "another monitor uses it": "另一监测正在使用",
    "one to {} secrets are wanted, whsec_ and base64 of 24 to 64 bytes": (
        "须为一至 {} 个密钥：whsec_ 加 24 至 64 字节的 base64"
    ),
}
