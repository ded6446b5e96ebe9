"""Where the public tree of our logs is kept beside the database."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator


class TileSettings(BaseModel):
    """The public tree of our logs. folder: where full tiles and entry bundles are written as files
    too, from which they are answered without the database; 330 bytes an entry. None: nowhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path | None = None
    bucket: str | None = None
    """The same in an S3-compatible store, `https://HOST/BUCKET/PREFIX`, for a proxy that serves
    them from there."""
    bucket_key: Path | None = None
    """Its access key: a file `{"id","secret","region"}` that nobody else may read."""

    @model_validator(mode="after")
    def _both(self) -> TileSettings:
        if (self.bucket is None) != (self.bucket_key is None):
            raise ValueError("bucket and bucket_key belong together")
        return self
