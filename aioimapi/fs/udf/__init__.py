"""UDF 1.02 to 2.60 (ECMA-167 with OSTA's restrictions): what the writer needs of it."""

from __future__ import annotations

from aioimapi.fs.udf._extended import ExtendedUdfFiles as ExtendedUdfFiles
from aioimapi.fs.udf._extended import metadata_file_entry as metadata_file_entry
from aioimapi.fs.udf._files import UdfFiles as UdfFiles
from aioimapi.fs.udf._files import absent_rows as absent_rows
from aioimapi.fs.udf._files import check_file_size as check_file_size
from aioimapi.fs.udf._files import keeps_target as keeps_target
from aioimapi.fs.udf._regions import UdfVolume as UdfVolume
from aioimapi.fs.udf._regions import anchor_at as anchor_at
from aioimapi.fs.udf._volume import file_set as file_set
from aioimapi.fs.udf._volume import recognition as recognition
from aioimapi.fs.udf._volume import udf_volume_name as udf_volume_name

__all__ = (
    "ExtendedUdfFiles",
    "UdfFiles",
    "UdfVolume",
    "absent_rows",
    "anchor_at",
    "check_file_size",
    "file_set",
    "keeps_target",
    "metadata_file_entry",
    "recognition",
    "udf_volume_name",
)
