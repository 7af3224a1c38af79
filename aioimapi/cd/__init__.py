"""Compact discs as bytes: sectors with their codes, subchannel, CD-Text, and the files that describe CD images.

Layer 1: no I/O, no clock, no event loop. Red Book (IEC 60908), Yellow Book (ECMA-130), CD-ROM XA and the annexes of
MMC. Nothing here knows of drives; :mod:`aioimapi.mmc` has the commands.
"""

from __future__ import annotations

from aioimapi.cd._cd_text import LANGUAGES as LANGUAGES
from aioimapi.cd._cd_text import CdText as CdText
from aioimapi.cd._cd_text import Charset as Charset
from aioimapi.cd._cd_text import TextBlock as TextBlock
from aioimapi.cd._cue_file import format_cue_file as format_cue_file
from aioimapi.cd._cue_file import parse_cue_file as parse_cue_file
from aioimapi.cd._ecc import ECC_DATA_SIZE as ECC_DATA_SIZE
from aioimapi.cd._ecc import ECC_SIZE as ECC_SIZE
from aioimapi.cd._ecc import ecc as ecc
from aioimapi.cd._edc import EDC_SIZE as EDC_SIZE
from aioimapi.cd._edc import edc as edc
from aioimapi.cd._msf import bcd as bcd
from aioimapi.cd._msf import bcd_time as bcd_time
from aioimapi.cd._msf import from_bcd as from_bcd
from aioimapi.cd._msf import from_bcd_time as from_bcd_time
from aioimapi.cd._msf import lba_time as lba_time
from aioimapi.cd._msf import time_lba as time_lba
from aioimapi.cd._packs import PACK_SYMBOLS as PACK_SYMBOLS
from aioimapi.cd._packs import PACKS_IN_SECTOR as PACKS_IN_SECTOR
from aioimapi.cd._packs import PackDeinterleaver as PackDeinterleaver
from aioimapi.cd._packs import PackInterleaver as PackInterleaver
from aioimapi.cd._packs import pack_ok as pack_ok
from aioimapi.cd._packs import protected as protected
from aioimapi.cd._sector import FORM_2_SIZE as FORM_2_SIZE
from aioimapi.cd._sector import MODE_2_SIZE as MODE_2_SIZE
from aioimapi.cd._sector import SUBHEADER_SIZE as SUBHEADER_SIZE
from aioimapi.cd._sector import SYNC as SYNC
from aioimapi.cd._sector import Sector as Sector
from aioimapi.cd._sector import SectorMode as SectorMode
from aioimapi.cd._sector import decode_sector as decode_sector
from aioimapi.cd._sector import ecc_ok as ecc_ok
from aioimapi.cd._sector import encode_sector as encode_sector
from aioimapi.cd._sector import encode_sectors as encode_sectors
from aioimapi.cd._sector import form_of as form_of
from aioimapi.cd._sector import scramble as scramble
from aioimapi.cd._sheet import TEXT_ITEMS as TEXT_ITEMS
from aioimapi.cd._sheet import DiscKind as DiscKind
from aioimapi.cd._sheet import LaidTrack as LaidTrack
from aioimapi.cd._sheet import Place as Place
from aioimapi.cd._sheet import Sheet as Sheet
from aioimapi.cd._sheet import SheetFile as SheetFile
from aioimapi.cd._sheet import SheetForm as SheetForm
from aioimapi.cd._sheet import SheetSubchannel as SheetSubchannel
from aioimapi.cd._sheet import SheetTrack as SheetTrack
from aioimapi.cd._sheet import Stretch as Stretch
from aioimapi.cd._sheet import Texts as Texts
from aioimapi.cd._sheet import lay_out as lay_out
from aioimapi.cd._sheet import leaves_folder as leaves_folder
from aioimapi.cd._sub_channel import CHANNEL_SIZE as CHANNEL_SIZE
from aioimapi.cd._sub_channel import FORMATTED_Q_SIZE as FORMATTED_Q_SIZE
from aioimapi.cd._sub_channel import SUB_CHANNEL_SIZE as SUB_CHANNEL_SIZE
from aioimapi.cd._sub_channel import Q as Q
from aioimapi.cd._sub_channel import QMode as QMode
from aioimapi.cd._sub_channel import channel as channel
from aioimapi.cd._sub_channel import crc16 as crc16
from aioimapi.cd._sub_channel import deinterleave as deinterleave
from aioimapi.cd._sub_channel import interleave as interleave
from aioimapi.cd._sub_channel import with_pq as with_pq
from aioimapi.cd._text_packs import TEXT_PACK_SIZE as TEXT_PACK_SIZE
from aioimapi.cd._text_packs import TextKind as TextKind
from aioimapi.cd._text_packs import TextPack as TextPack
from aioimapi.cd._text_packs import bytes_of as bytes_of
from aioimapi.cd._text_packs import lead_in_symbols as lead_in_symbols
from aioimapi.cd._text_packs import packs_in as packs_in
from aioimapi.cd._text_packs import split_packs as split_packs
from aioimapi.cd._text_packs import symbols_of as symbols_of
from aioimapi.cd._toc_file import format_toc_file as format_toc_file
from aioimapi.cd._toc_file import parse_toc_file as parse_toc_file
from aioimapi.cd._wave import WaveSamples as WaveSamples
from aioimapi.cd._wave import find_wave_samples as find_wave_samples
from aioimapi.cd._wave import wave_header as wave_header

__all__ = (
    "CHANNEL_SIZE",
    "ECC_DATA_SIZE",
    "ECC_SIZE",
    "EDC_SIZE",
    "FORMATTED_Q_SIZE",
    "FORM_2_SIZE",
    "LANGUAGES",
    "MODE_2_SIZE",
    "PACKS_IN_SECTOR",
    "PACK_SYMBOLS",
    "SUBHEADER_SIZE",
    "SUB_CHANNEL_SIZE",
    "SYNC",
    "TEXT_ITEMS",
    "TEXT_PACK_SIZE",
    "CdText",
    "Charset",
    "DiscKind",
    "LaidTrack",
    "PackDeinterleaver",
    "PackInterleaver",
    "Place",
    "Q",
    "QMode",
    "Sector",
    "SectorMode",
    "Sheet",
    "SheetFile",
    "SheetForm",
    "SheetSubchannel",
    "SheetTrack",
    "Stretch",
    "TextBlock",
    "TextKind",
    "TextPack",
    "Texts",
    "WaveSamples",
    "bcd",
    "bcd_time",
    "bytes_of",
    "channel",
    "crc16",
    "decode_sector",
    "deinterleave",
    "ecc",
    "ecc_ok",
    "edc",
    "encode_sector",
    "encode_sectors",
    "find_wave_samples",
    "form_of",
    "format_cue_file",
    "format_toc_file",
    "from_bcd",
    "from_bcd_time",
    "interleave",
    "lay_out",
    "lba_time",
    "lead_in_symbols",
    "leaves_folder",
    "pack_ok",
    "packs_in",
    "parse_cue_file",
    "parse_toc_file",
    "protected",
    "scramble",
    "split_packs",
    "symbols_of",
    "time_lba",
    "wave_header",
    "with_pq",
)
