"""Requests to an S3-compatible store, signed as AWS Signature Version 4 has it (of one chunk).

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BucketKey:
    """id: of the access key. secret: never sent. region: as the store names its own."""

    id: str
    secret: str
    region: str


def signed(
    key: BucketKey,
    method: str,
    path: str,
    *,
    host: str,
    query: Mapping[str, str],
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
) -> dict[str, str]:
    """The headers of a request, with its signature over all of them. path: not quoted. host: with
    its port, where that is not the scheme's. headers: names in lower case. now: in UTC."""
    stamp, digest = now.strftime("%Y%m%dT%H%M%SZ"), hashlib.sha256(body).hexdigest()
    sent = {**headers, "host": host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    names = ";".join(sorted(sent))
    request = "\n".join(
        [
            method,
            quote(path),
            query_text(query),
            *(f"{name}:{sent[name].strip()}" for name in sorted(sent)),
            "",
            names,
            digest,
        ]
    )
    scope = f"{stamp[:8]}/{key.region}/s3/aws4_request"
    told = hashlib.sha256(request.encode()).hexdigest()
    derived = f"AWS4{key.secret}".encode()
    for part in scope.split("/"):
        derived = _mac(derived, part)
    signature = _mac(derived, f"{ALGORITHM}\n{stamp}\n{scope}\n{told}").hex()
    credential = f"{ALGORITHM} Credential={key.id}/{scope}"
    return sent | {"authorization": f"{credential},SignedHeaders={names},Signature={signature}"}


def query_text(query: Mapping[str, str]) -> str:
    """Parameters in the one spelling that is signed."""
    pairs = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
