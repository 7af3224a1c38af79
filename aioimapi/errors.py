"""Every exception of the package, on one page.

Layer 0: imports nothing of the package. The tree::

    ImapiError
    ├ ProtocolError          LocalProtocolError · RemoteProtocolError · InvalidFieldError · UnknownOpcodeError
    ├ DriveError             UnknownUrlError · DriveNotFoundError · DriveAccessError · DriveBusyError
    │ │                      DriveClosedError · DriveLostError · CommandTimeoutError
    │ └ CommandFailedError   NotReadyError · MediumError · HardwareError · IllegalRequestError · UnitAttentionError
    │                        DataProtectError · BlankCheckError · AbortedCommandError
    ├ DiscError              NoDiscError · DiscNotSupportedError · DiscNotBlankError · DiscNotWritableError
    │                        DiscTooSmallError · DiscBlankError · VirtualMediumError · MediumDamagedError
    ├ RecordingError         VerificationError · StreamingLostError
    ├ ImageError             NameNotRepresentableError · DuplicateNameError · ItemNotFoundError · ImageFrozenError
    │ │                      ImageTooLargeError · TooManyDirectoriesError · ImageFormatError
    │ │                      ImageTruncatedError · SheetError · BootImageError
    │ └ SourceError          SourceChangedError · SourceNotRereadableError · SourceInsideOutputError
    ├ OutputError            OutputExistsError · OutputFullError · OutputClosedError
    └ ServerError            ServerNotSecureError · ServerAddressError

Messages say what, where (path, LBA, command, sense), why, what holds now, and what to do about it.
Attributes carry the same facts for programs. Cancellation is never one of these and is never wrapped.
"""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return text that is safe in a message and on a terminal, as names from discs and folders need not be.

    Control characters come as Python escapes (``\n``, ``\x1b``), and bytes of a file name that are no UTF-8 as
    themselves (``\xff``).
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # how Python carries a byte that is no UTF-8 (PEP 383)
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape", "surrogatepass").decode()


class ImapiError(Exception):
    """Root of the tree; never raised itself."""


# --- protocol ---------------------------------------------------------------------------------------


class ProtocolError(ImapiError):
    """A command or an answer is not of the form that SPC or MMC give it."""


class LocalProtocolError(ProtocolError):
    """We built something that the standard forbids: a value out of its field's range, a wrong buffer size."""


class RemoteProtocolError(ProtocolError):
    """The drive answered with something that cannot be decoded (E_IMAPI_RECORDER_INVALID_RESPONSE_FROM_DEVICE).

    Scenarios: a reply shorter than its fixed part; a length field that points past the reply; impossible values.
    """


class InvalidFieldError(ProtocolError):
    """A command descriptor block, or a parameter list, holds a value that the standard does not allow there.

    It is what a target answers with 5/24/00 or 5/26/00, and a field pointer in the sense-key specific bytes.

    Attributes:
        byte: The offset of the field's first byte.
        bit: The field's most significant bit in that byte, or None where the field fills whole bytes.
    """

    def __init__(self, message: str, *, byte: int, bit: int | None = None) -> None:
        super().__init__(message)
        self.byte = byte
        self.bit = bit


class UnknownOpcodeError(ProtocolError):
    """A command descriptor block begins with an operation code that is not one of ours (a target's 5/20/00).

    Attributes:
        opcode: The operation code, or None where the block was empty.
    """

    def __init__(self, message: str, *, opcode: int | None) -> None:
        super().__init__(message)
        self.opcode = opcode


# --- drives -----------------------------------------------------------------------------------------


class DriveError(ImapiError):
    """Something is wrong with a drive, or with the way to it.

    Attributes:
        drive: The path or URL by which the caller named the drive.
    """

    def __init__(self, message: str, *, drive: str = "") -> None:
        super().__init__(message)
        self.drive = drive


class UnknownUrlError(DriveError):
    """The drive's name is neither a device node nor a URL whose scheme has a transport."""


class DriveNotFoundError(DriveError):
    """There is no such device node, or it is not an optical drive."""


class DriveAccessError(DriveError):
    """The process may not use the device node; the message names the node and the group that may."""


class DriveBusyError(DriveError):
    """Another client, a mount, or another call of this process uses the drive (E_IMAPI_RECORDER_LOCKED)."""


class DriveClosedError(DriveError):
    """The caller used a drive after closing it."""


class DriveLostError(DriveError):
    """The drive went away: unplugged, powered down, or its bus failed. The cause is the operating system's error."""


class CommandTimeoutError(DriveError, TimeoutError):
    """The drive did not finish a command in time (E_IMAPI_RECORDER_COMMAND_TIMEOUT). Its state is unknown.

    Attributes:
        command: The command's name, as MMC has it.
        timeout_s: The time limit that ran out, in seconds.
    """

    def __init__(self, message: str, *, drive: str = "", command: str = "", timeout_s: float = 0.0) -> None:
        super().__init__(message, drive=drive)
        self.command = command
        self.timeout_s = timeout_s


class CommandFailedError(DriveError):
    """The drive ended a command with CHECK CONDITION, or with a status that means failure.

    Attributes:
        command: The command's name, as MMC has it: ``WRITE (10)``.
        cdb: The command descriptor block that was sent.
        status: The SCSI status byte.
        key: The sense key, or None where the drive sent no sense data.
        asc: The additional sense code, or None.
        ascq: The additional sense code qualifier, or None.
        sense: The sense data as it came.
        lba: The logical block address that the command was about, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        drive: str = "",
        command: str = "",
        cdb: bytes = b"",
        status: int = 2,
        key: int | None = None,
        asc: int | None = None,
        ascq: int | None = None,
        sense: bytes = b"",
        lba: int | None = None,
    ) -> None:
        super().__init__(message, drive=drive)
        self.command = command
        self.cdb = cdb
        self.status = status
        self.key = key
        self.asc = asc
        self.ascq = ascq
        self.sense = sense
        self.lba = lba


class NotReadyError(CommandFailedError):
    """Sense key 2h. Scenarios: no disc, tray open, spinning up, formatting, a long write in progress."""


class MediumError(CommandFailedError):
    """Sense key 3h. Scenarios: unreadable sector, write error, power calibration failed."""


class HardwareError(CommandFailedError):
    """Sense key 4h. Scenarios: servo or laser failure, timeout inside the drive."""


class IllegalRequestError(CommandFailedError):
    """Sense key 5h. Scenarios: command not supported, field out of range, write past the next writable address."""


class UnitAttentionError(CommandFailedError):
    """Sense key 6h. Scenarios: the disc may have changed, the drive was reset."""


class DataProtectError(CommandFailedError):
    """Sense key 7h. Scenarios: write-protected disc, disc closed."""


class BlankCheckError(CommandFailedError):
    """Sense key 8h. Scenario: a read of a sector that was never written."""


class AbortedCommandError(CommandFailedError):
    """Sense key Bh. Scenarios: bus parity error, the drive gave the command up."""


# --- discs ------------------------------------------------------------------------------------------


class DiscError(ImapiError):
    """The disc in the drive does not suit what was asked; nothing was written.

    Attributes:
        drive: The path or URL of the drive.
        profile: The disc's kind as MMC's profile name (``BD-R SRM``), or an empty string.
    """

    def __init__(self, message: str, *, drive: str = "", profile: str = "") -> None:
        super().__init__(message)
        self.drive = drive
        self.profile = profile


class NoDiscError(DiscError):
    """The drive is empty or its tray is open (E_IMAPI_RECORDER_MEDIA_NO_MEDIA)."""


class DiscNotSupportedError(DiscError):
    """The drive cannot write this kind of disc, or we cannot (E_IMAPI_DF2DATA_MEDIA_IS_NOT_SUPPORTED)."""


class DiscNotBlankError(DiscError):
    """The disc already holds something and the caller did not allow to overwrite (E_IMAPI_DF2DATA_MEDIA_NOT_BLANK)."""


class DiscNotWritableError(DiscError):
    """The disc is closed, write-protected, or read-only (E_IMAPI_RECORDER_MEDIA_WRITE_PROTECTED)."""


class DiscTooSmallError(DiscError):
    """The image does not fit on the disc (E_IMAPI_DF2DATA_STREAM_TOO_LARGE_FOR_CURRENT_MEDIA).

    Attributes:
        needed: Sectors of the image.
        free: Sectors that the disc can still take.
    """

    def __init__(
        self, message: str, *, drive: str = "", profile: str = "", needed: int = 0, free: int = 0
    ) -> None:
        super().__init__(message, drive=drive, profile=profile)
        self.needed = needed
        self.free = free


class DiscBlankError(DiscError):
    """Nothing was ever recorded on the disc, so that there is nothing to read or to compare."""


class VirtualMediumError(DiscError):
    """A virtual drive's medium file or its sidecar is missing, damaged, or of another version."""


class MediumDamagedError(VirtualMediumError):
    """A medium file or its sidecar is damaged; neither was changed.

    Attributes:
        path: The medium file.
        savable: What of the disc can be saved, in words.
        why: What is wrong, in words.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str = "",
        savable: str = "",
        why: str = "",
        drive: str = "",
        profile: str = "",
    ) -> None:
        super().__init__(message, drive=drive, profile=profile)
        self.path = path
        self.savable = savable
        self.why = why


# --- recording --------------------------------------------------------------------------------------


class RecordingError(ImapiError):
    """A burn failed after its first WRITE. The cause is the drive's or the source's own error.

    Attributes:
        drive: The path or URL of the drive.
        lba: The first logical block address that is not known to be on the disc, or None.
        sectors_written: Sectors that the drive had taken.
        disc_state: What the disc is now: ``blank``, ``appendable``, ``closed`` or ``unknown``.
        report: What the burn knows of itself (a :class:`aioimapi.recorder.Report`), or None.
    """

    def __init__(
        self,
        message: str,
        *,
        drive: str = "",
        lba: int | None = None,
        sectors_written: int = 0,
        disc_state: str = "unknown",
        report: object = None,
    ) -> None:
        super().__init__(message)
        self.drive = drive
        self.lba = lba
        self.sectors_written = sectors_written
        self.disc_state = disc_state
        self.report = report


class StreamingLostError(RecordingError):
    """The source could not keep up and the drive lost its stream (E_IMAPI_LOSS_OF_STREAMING)."""


class VerificationError(RecordingError):
    """The disc was written but does not read back as the image (E_IMAPI_BURN_VERIFICATION_FAILED).

    Attributes:
        ranges: The ranges that differ, as (first LBA, sector count).
        files: The names in the image that those ranges belong to.
    """

    def __init__(
        self,
        message: str,
        *,
        drive: str = "",
        lba: int | None = None,
        sectors_written: int = 0,
        disc_state: str = "unknown",
        report: object = None,
        ranges: tuple[tuple[int, int], ...] = (),
        files: tuple[str, ...] = (),
    ) -> None:
        super().__init__(
            message,
            drive=drive,
            lba=lba,
            sectors_written=sectors_written,
            disc_state=disc_state,
            report=report,
        )
        self.ranges = ranges
        self.files = files


# --- images -----------------------------------------------------------------------------------------


class ImageError(ImapiError):
    """An image cannot be built or read.

    Attributes:
        path: The path, in the image or on the host, that the error is about, or an empty string.
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class NameNotRepresentableError(ImageError):
    """A name cannot be given to any chosen file system, or not without a clash (IMAPI_E_NO_UNIQUE_NAME)."""


class DuplicateNameError(ImageError):
    """The directory already has an item of that name (IMAPI_E_DUP_NAME)."""


class ItemNotFoundError(ImageError):
    """The image has no item at that path (IMAPI_E_ITEM_NOT_FOUND)."""


class ImageFrozenError(ImageError):
    """The image was planned, so its tree can no longer change (IMAPI_E_READONLY)."""


class ImageTooLargeError(ImageError):
    """A file or the image passes a limit: of a chosen file system, or the image's capacity.

    IMAPI_E_DATA_TOO_BIG, IMAPI_E_IMAGE_TOO_BIG, IMAPI_E_IMAGE_SIZE_LIMIT.

    Attributes:
        needed: Sectors that the image takes of its capacity; 0 where it is a file system's limit that is passed.
        free: Sectors of that capacity.
    """

    def __init__(self, message: str, *, path: str = "", needed: int = 0, free: int = 0) -> None:
        super().__init__(message, path=path)
        self.needed = needed
        self.free = free


class TooManyDirectoriesError(ImageError):
    """ISO 9660 path tables hold at most 65,535 parent directories (IMAPI_E_TOO_MANY_DIRS)."""


class ImageFormatError(ImageError):
    """An image that is being read breaks its standard so that no sense can be made of it.

    Attributes:
        lba: The sector where the fault lies, or None.
    """

    def __init__(self, message: str, *, path: str = "", lba: int | None = None) -> None:
        super().__init__(message, path=path)
        self.lba = lba


class ImageTruncatedError(ImageFormatError):
    """An image file is shorter than its volume says, so that a disc burned from it would lack the end.

    Attributes:
        expected: Sectors that the volume has.
        found: Sectors that the file has.
    """

    def __init__(self, message: str, *, path: str = "", expected: int = 0, found: int = 0) -> None:
        super().__init__(message, path=path)
        self.expected = expected
        self.found = found


class SheetError(ImageFormatError):
    """A cue sheet or TOC file cannot be read, or the files that it names do not hold what it says.

    Attributes:
        line: The line of the sheet that the error is about, from 1; 0 for none.
    """

    def __init__(self, message: str, *, path: str = "", line: int = 0) -> None:
        where = (
            f"{path}:{line}: " if path and line else f"line {line}: " if line else f"{path}: " if path else ""
        )
        super().__init__(where + message, path=path)
        self.message = message
        self.line = line

    def at(self, path: str) -> SheetError:
        """Return the same error with the sheet's path in its message."""
        return SheetError(self.message, path=path, line=self.line)


class BootImageError(ImageError):
    """A boot image cannot be used as it is asked for.

    Scenarios: its size does not fit its emulation (IMAPI_E_BOOT_EMULATION_IMAGE_SIZE_MISMATCH); it is not in the
    image, or it lacks what is to be filled in (IMAPI_E_BOOT_IMAGE_DATA).
    """


class SourceError(ImageError):
    """A source file or folder is missing, unreadable, or of a kind that the policy refuses."""


class SourceChangedError(SourceError):
    """A source shrank, grew, was replaced or vanished between the plan and the reading of it.

    Attributes:
        expected: Bytes that the plan counted on.
        found: Bytes that the source has now, or None where it is gone.
    """

    def __init__(self, message: str, *, path: str = "", expected: int = 0, found: int | None = None) -> None:
        super().__init__(message, path=path)
        self.expected = expected
        self.found = found


class SourceNotRereadableError(SourceError):
    """A source that can be read once only was asked for again, and the caller allowed no staging."""


class SourceInsideOutputError(SourceError):
    """The output file lies inside a source folder, so the image would hold itself."""


# --- output -----------------------------------------------------------------------------------------


class OutputError(ImapiError):
    """An image or an extracted file could not be written to the host.

    Attributes:
        path: The output's path.
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class OutputExistsError(OutputError):
    """The output exists and the caller did not allow to replace it."""


class OutputFullError(OutputError):
    """The output's file system has no room left; no partial file stays under the final name."""


class OutputClosedError(OutputError):
    """The reader of the output pipe went away."""


# --- servers ----------------------------------------------------------------------------------------


class ServerError(ImapiError):
    """A server of ours cannot begin.

    Attributes:
        host: The address or name that it was to listen on.
        port: The port.
    """

    def __init__(self, message: str, *, host: str = "", port: int = 0) -> None:
        super().__init__(message)
        self.host = host
        self.port = port


class ServerNotSecureError(ServerError):
    """The server was to listen where other machines reach it, and nothing was given by which it could know them."""


class ServerAddressError(ServerError):
    """The port is taken, or the address is none of this machine's. The cause is the operating system's error."""
