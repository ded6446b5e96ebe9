"""Full tiles and bundles in a bucket, against a server that checks every signature (moto)."""

from __future__ import annotations

import importlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import orjson
import pytest
from pydantic import ValidationError

from gateway.app import create_app
from gateway.log.sigv4 import BucketKey, signed
from gateway.log.tile_bucket import Bucket, load_key
from gateway.log.tile_files import TileFiles
from gateway.log.tile_places import STATE
from gateway.node import Node
from ledger.core.errors import ConfigError, CouldNotCheck
from tests.support.asgi import Client
from tests.support.log import make_entries, promise_entries
from tests.support.node import LOG_ID, make_settings, make_test_node

BUCKET, PREFIX, REGION = "ledger", "110000", "eu-west-1"
SECONDS = 300.0
OPEN_CALLS = 4
"""Calls that need no signature: those that make user, key, policy and bucket."""
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


@dataclass(frozen=True)
class Store:
    """A running one. s3: a client of it that is not ours."""

    url: str
    key: BucketKey
    s3: Any

    def names(self) -> set[str]:
        """Of all objects of the log."""
        found = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        base = f"{PREFIX}/{LOG_ID.hex()}/"
        assert all(one["Key"].startswith(base) for one in found)
        return {one["Key"].removeprefix(base) for one in found}

    def get(self, name: str) -> Any:
        """An object as it is stored."""
        return self.s3.get_object(Bucket=BUCKET, Key=f"{PREFIX}/{LOG_ID.hex()}/{name}")

    @contextmanager
    def bucket(self, **changes: Any) -> Iterator[Bucket]:
        """As a node writes to it, and left at the end."""
        values: dict[str, Any] = {
            "url": f"{self.url}/{BUCKET}/{PREFIX}",
            "key": self.key,
            "mine": lambda: True,
        }
        bucket = Bucket(**(values | changes))
        yield bucket
        bucket.leave()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with (tmp_path_factory.mktemp("moto") / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=log,
            stderr=log,
            env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(OPEN_CALLS)},
        )
        try:
            yield _opened(url)
        finally:
            server.kill()
            server.wait()


def _opened(url: str) -> Store:
    end = time.monotonic() + SECONDS
    while True:
        try:
            httpx.get(f"{url}/moto-api/", timeout=SECONDS)
            break
        except httpx.ConnectError:
            assert time.monotonic() < end
            time.sleep(0.1)
    boto3 = importlib.import_module("boto3")
    first = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": REGION}
    iam = boto3.client("iam", endpoint_url=url, **first)
    iam.create_user(UserName="node")
    made = iam.create_access_key(UserName="node")["AccessKey"]
    iam.put_user_policy(
        UserName="node", PolicyName="all", PolicyDocument=orjson.dumps(POLICY).decode()
    )
    place = {"LocationConstraint": REGION}
    s3 = boto3.client("s3", endpoint_url=url, **first)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    key = BucketKey(id=made["AccessKeyId"], secret=made["SecretAccessKey"], region=REGION)
    good = {"aws_access_key_id": key.id, "aws_secret_access_key": key.secret}
    return Store(url, key, boto3.client("s3", endpoint_url=url, region_name=REGION, **good))


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path)
    yield node
    node.close()


@pytest.fixture(autouse=True)
def empty(store: Store) -> None:
    with store.bucket() as bucket:
        bucket.empty(LOG_ID)


def grow(node: Node, count: int, seed: str = "") -> None:
    promise_entries(node, make_entries(count, seed))
    while node.logs.step():
        pass


FULL = {"tile/0/000", "tile/0/001", "tile/entries/000", "tile/entries/001"}


def test_what_is_full_is_there(node: Node, store: Store) -> None:
    grow(node, 600)
    client = Client(create_app(node))
    with store.bucket() as bucket:
        TileFiles(node.ctx.engine, bucket)(Event())
    assert store.names() == FULL | {STATE}
    for name in FULL:
        kept, meant = store.get(name), client.get(f"/logs/{LOG_ID.hex()}/{name}")
        assert kept["Body"].read() == meant.content
        assert kept["ContentType"] == meant.headers["content-type"]
        assert kept["CacheControl"] == meant.headers["cache-control"]
    assert store.get(STATE)["CacheControl"] == "no-cache"
    grow(node, 200, "more")
    with store.bucket() as bucket:
        TileFiles(node.ctx.engine, bucket)(Event())
    assert store.names() == FULL | {STATE, "tile/0/002", "tile/entries/002"}


def test_settings_name_both(store: Store, tmp_path: Path) -> None:
    """The bucket and its key; the thread of the gateway writes there while it holds the lease."""
    url, path = f"{store.url}/{BUCKET}/{PREFIX}", tmp_path / "bucket.json"
    key = {"id": store.key.id, "secret": store.key.secret, "region": REGION}
    path.write_bytes(orjson.dumps(key))
    path.chmod(0o600)
    for some in ({"bucket": url}, {"bucket_key": path}):
        with pytest.raises(ValidationError, match="belong together"):
            make_settings(tmp_path, tiles=some)
    with closing(make_test_node(tmp_path, tiles={"bucket": url, "bucket_key": path})) as node:
        grow(node, 256)
        steps = dict(node.logs.steps(node.lease))
        assert list(steps) == ["tile-bucket"]
        steps["tile-bucket"](Event())
        assert store.names() == {STATE, "tile/0/000", "tile/entries/000"}


def test_a_bucket_of_another_tree_is_emptied(node: Node, store: Store, tmp_path: Path) -> None:
    grow(node, 600)
    with store.bucket() as bucket:
        TileFiles(node.ctx.engine, bucket)(Event())
    (tmp_path / "other").mkdir()
    with closing(make_test_node(tmp_path / "other")) as other:
        grow(other, 256, "others")
        with store.bucket() as bucket:
            TileFiles(other.ctx.engine, bucket)(Event())
        assert store.names() == {STATE, "tile/0/000", "tile/entries/000"}
        shown = Client(create_app(other)).get(f"/logs/{LOG_ID.hex()}/tile/0/000").content
        assert store.get("tile/0/000")["Body"].read() == shown


def test_one_gateway_of_several_writes(node: Node, store: Store) -> None:
    """Who has lost the lease begins with what is there when it has it again."""
    grow(node, 256)
    mine = [False]
    with store.bucket(mine=lambda: mine[0]) as bucket:
        files = TileFiles(node.ctx.engine, bucket)
        files(Event())
        assert store.names() == set()
        mine[0] = True
        files(Event())
        mine[0] = False
        files(Event())
        with store.bucket() as second:
            grow(node, 256, "more")
            TileFiles(node.ctx.engine, second)(Event())
        before = store.get(STATE)["LastModified"], store.get(STATE)["Body"].read()
        mine[0] = True
        files(Event())
        assert (store.get(STATE)["LastModified"], store.get(STATE)["Body"].read()) == before
    assert orjson.loads(before[1])["done"] == 512


def test_a_store_that_refuses_or_is_away(node: Node, store: Store) -> None:
    """Nothing is taken for written; it goes on when it can."""
    grow(node, 256)
    wrong = replace(store.key, secret="x" * 40)
    for changes, code in (
        ({"key": wrong}, "bucket-refuses"),
        ({"url": f"{store.url}/another/{PREFIX}"}, "bucket-refuses"),
        ({"url": "http://127.0.0.1:1/ledger"}, "bucket-unreachable"),
    ):
        with store.bucket(**changes) as bucket:
            with pytest.raises(CouldNotCheck) as caught:
                TileFiles(node.ctx.engine, bucket)(Event())
            assert caught.value.code == code
            assert wrong.secret not in str(caught.value)
    assert store.names() == set()


def test_a_store_that_keeps_what_was_deleted(store: Store) -> None:
    listed = f"<Contents><Key>{PREFIX}/{LOG_ID.hex()}/tile/0/000</Key></Contents>"
    with store.bucket() as bucket:
        bucket._http.close()
        bucket._http = httpx.Client(
            base_url=store.url,
            transport=httpx.MockTransport(lambda _: httpx.Response(200, text=listed)),
        )
        with pytest.raises(CouldNotCheck, match="bucket-keeps"):
            bucket.empty(LOG_ID)


def test_the_example_of_the_specification() -> None:
    """Amazon S3 API Reference, `GET Object` of "Examples: Signature Calculations"."""
    key = BucketKey(
        id="AKIAIOSFODNN7EXAMPLE",
        secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        region="us-east-1",
    )
    headers = signed(
        key,
        "GET",
        "/test.txt",
        host="examplebucket.s3.amazonaws.com",
        query={},
        body=b"",
        headers={"range": "bytes=0-9"},
        now=datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_the_file_of_a_key(tmp_path: Path) -> None:
    path = tmp_path / "bucket.json"
    path.write_text('{"id":"a","secret":"of a node","region":"c"}')
    path.chmod(0o600)
    assert load_key(path) == BucketKey(id="a", secret="of a node", region="c")
    assert "of a node" not in repr(load_key(path))
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_key(path)
    for text in ("", "[]", '{"id":"a"}'):
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(ConfigError, match="secret"):
            load_key(path)


@pytest.mark.parametrize(
    "url", ["", "https://s3.example", "https://s3.example/", "ftp://s3.example/b", "https://x/b?c"]
)
def test_what_is_no_bucket(store: Store, url: str) -> None:
    with pytest.raises(ConfigError, match="HOST/BUCKET"), store.bucket(url=url):
        pass
