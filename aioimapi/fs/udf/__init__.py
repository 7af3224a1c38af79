"""UDF 1.02 (ECMA-167 with OSTA's restrictions): what the writer needs of it."""

from __future__ import annotations

from aioimapi.fs.udf._files import UdfFiles as UdfFiles
from aioimapi.fs.udf._files import absent_rows as absent_rows
from aioimapi.fs.udf._files import check_file_size as check_file_size
from aioimapi.fs.udf._files import keeps_target as keeps_target
from aioimapi.fs.udf._volume import ANCHOR as ANCHOR
from aioimapi.fs.udf._volume import FILE_SET_BLOCKS as FILE_SET_BLOCKS
from aioimapi.fs.udf._volume import INTEGRITY_SEQUENCE as INTEGRITY_SEQUENCE
from aioimapi.fs.udf._volume import MAIN_SEQUENCE as MAIN_SEQUENCE
from aioimapi.fs.udf._volume import PARTITION_START as PARTITION_START
from aioimapi.fs.udf._volume import RECOGNITION as RECOGNITION
from aioimapi.fs.udf._volume import RESERVE_SEQUENCE as RESERVE_SEQUENCE
from aioimapi.fs.udf._volume import anchor as anchor
from aioimapi.fs.udf._volume import descriptor_sequence as descriptor_sequence
from aioimapi.fs.udf._volume import file_set as file_set
from aioimapi.fs.udf._volume import integrity_sequence as integrity_sequence
from aioimapi.fs.udf._volume import udf_volume_name as udf_volume_name

__all__ = (
    "ANCHOR",
    "FILE_SET_BLOCKS",
    "INTEGRITY_SEQUENCE",
    "MAIN_SEQUENCE",
    "PARTITION_START",
    "RECOGNITION",
    "RESERVE_SEQUENCE",
    "UdfFiles",
    "absent_rows",
    "anchor",
    "check_file_size",
    "descriptor_sequence",
    "file_set",
    "integrity_sequence",
    "keeps_target",
    "udf_volume_name",
)
