"""What is tried: programs by others, on each medium, in each of their ways to burn, blank and look; as data.

Each :class:`Case` is a shell script that runs under the lab's kernel with one drive of ours, which holds a new
disc. It passes where every command of it does, and where what it says has what a real disc has. The scripts are
run by ``matrix_run.py`` with the functions of ``matrix.sh``.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

BURNING, LOOKING, BLANKING, ATTACHING, FAULTS = "burning", "looking", "blanking", "attaching", "faults"


@attrs.frozen
class Case:
    """One program, one medium, one way.

    Attributes:
        group: What it belongs to: a table of the page each.
        program: Whose work it is.
        medium: The disc, by its name in URLs.
        mode: What is done.
        script: What bash runs (with -eu and pipefail).
        options: Further options of the drive's URL.
        variant: What is special about the disc, such as ``with spare``.
        limit_s: The time limit.
        reason: Why it cannot pass, where it cannot; then a failure is what is expected.
        dmesg_may: What the kernel may say of this case beside nothing, as a regular expression.
        source: The image that the disc is made of beforehand; empty for a new disc.
    """

    group: str
    program: str
    medium: str
    mode: str
    script: str
    options: str = ""
    variant: str = ""
    limit_s: int = 200
    reason: str = ""
    dmesg_may: str = ""
    source: str = ""

    @property
    def column(self) -> str:
        """The disc as the table calls it."""
        return f"{self.medium} {self.variant}".strip()

    @property
    def name(self) -> str:
        """A name for files and targets."""
        words = f"{self.group} {self.program} {self.column} {self.mode}".lower()
        words = words.replace("dvd+", "dvdplus").replace("dvd-", "dvdminus").replace("+", " and ")
        return "-".join("".join(sign if sign.isalnum() else " " for sign in words).split())


# --- media ----------------------------------------------------------------------------------------------

CDS = ("cd-r", "cd-rw")

BLANK_DISC = "reload\n"


@attrs.frozen
class Disc:
    """A medium in the state in which it is sold, or formatted: one column of the tables."""

    medium: str
    variant: str = ""
    options: str = ""
    overwritable: bool = False
    prepare: str = ""

    def case(self, group: str, program: str, mode: str, script: str, **more: object) -> Case:
        """Make a case of it."""
        values: dict[str, object] = {"variant": self.variant, "options": self.options, **more}
        return Case(group, program, self.medium, mode, self.prepare + script, **values)  # type: ignore[arg-type]


DVD_BD = (
    Disc("dvd+r"),
    Disc("dvd-r"),
    Disc("dvd-rw", "sequential"),
    Disc("dvd-rw", "restricted overwrite", "&formatted", overwritable=True),
    Disc("dvd+rw", overwritable=True),
    Disc("dvd-ram", overwritable=True),
    Disc("bd-r", "without spare"),
    Disc(
        "bd-r",
        "with spare",
        # dvd+rw-format calls -ssa illegal for a BD-R, and does nothing without it.
        prepare='burn_quietly cdrskin dev="$SR" blank=format_defectmgt\nreload\n',
    ),
    Disc("bd-re", overwritable=True),
)
LAYERED = (
    Disc("dvd+r-dl"),
    Disc("dvd-r-dl"),
    Disc("bd-r-dl"),
    Disc("bd-r-tl"),
    Disc("bd-r-ql"),
    Disc("bd-re-dl", overwritable=True),
    Disc("bd-re-tl", overwritable=True),
)

# --- burning data ----------------------------------------------------------------------------------------

CDRSKIN_TWICE = """
cdrskin -v dev="$SR" {how} -multi padsize=150s "$DATA/one.iso"
reload
where=$(cdrskin dev="$SR" -msinfo 2>/dev/null | tail -n 1)
say "second session at $where"
genisoimage -quiet -R -J -V TWO -C "$where" -M "$SR" -o two.iso "$DATA/two"
cdrskin -v dev="$SR" {how} padsize=150s two.iso
equal iso9660 "$DATA/one" "$DATA/two"
"""

CDRSKIN_GROW = """
cdrskin -v dev="$SR" blank=as_needed --grow_overwriteable_iso -multi "$DATA/one.iso"
reload
where=$(cdrskin dev="$SR" --grow_overwriteable_iso -msinfo 2>/dev/null | tail -n 1)
say "second session at $where"
genisoimage -quiet -R -J -V TWO -C "$where" -M "$SR" -o two.iso "$DATA/two"
cdrskin -v dev="$SR" --grow_overwriteable_iso -multi two.iso
equal iso9660 "$DATA/one" "$DATA/two"
"""

XORRISO_ONCE = """
xorriso -outdev "$SR" -blank as_needed -volid ONE -map "$DATA/one" / -close {close} -commit
equal iso9660 "$DATA/one"
"""

XORRISO_TWICE = """
xorriso -outdev "$SR" -blank as_needed -volid ONE -map "$DATA/one" / -commit
reload
xorriso -dev "$SR" -volid TWO -map "$DATA/two" / -commit
equal iso9660 "$DATA/one" "$DATA/two"
"""

GROWISOFS_ONCE = """
growisofs {how} -Z "$SR" -R -J -V ONE "$DATA/one"
equal iso9660 "$DATA/one"
"""

GROWISOFS_TWICE = """
growisofs {how} -Z "$SR" -R -J -V ONE "$DATA/one"
growisofs {how} -M "$SR" -R -J -V TWO "$DATA/two"
equal iso9660 "$DATA/one" "$DATA/two"
"""

GROWISOFS_IMAGE = """
growisofs {how} -dvd-compat -Z "$SR=$DATA/one.iso"
same_sectors "$DATA/one.iso"
equal iso9660 "$DATA/one"
"""


def dvd_and_bd() -> Iterator[Case]:
    """cdrskin, xorriso and growisofs on DVD and BD, in one session and in two."""
    for disc in DVD_BD:
        ready = "blank=as_needed " if disc.overwritable else ""
        yield disc.case(
            BURNING,
            "cdrskin",
            "one session",
            f'cdrskin -v dev="$SR" {ready}"$DATA/one.iso"\nsame_sectors "$DATA/one.iso"\nequal iso9660 "$DATA/one"\n',
        )
        yield disc.case(
            BURNING,
            "cdrskin",
            "two sessions",
            CDRSKIN_GROW if disc.overwritable else CDRSKIN_TWICE.format(how="-tao"),
        )
        yield disc.case(BURNING, "xorriso", "one session", XORRISO_ONCE.format(close="on"))
        yield disc.case(BURNING, "xorriso", "two sessions", XORRISO_TWICE)
        how = "-use-the-force-luke=spare:none" if disc.variant == "without spare" else ""
        yield disc.case(BURNING, "growisofs", "one session", GROWISOFS_IMAGE.format(how=how))
        yield disc.case(BURNING, "growisofs", "two sessions", GROWISOFS_TWICE.format(how=how))
    for disc in DVD_BD[1:3]:
        yield disc.case(
            BURNING,
            "cdrskin",
            "disc at once",
            'cdrskin -v dev="$SR" -sao tsize="$(($(stat -c %s "$DATA/one.iso") / 2048))s" "$DATA/one.iso"\n'
            'same_sectors "$DATA/one.iso"\nequal iso9660 "$DATA/one"\n',
        )
        yield disc.case(
            BURNING,
            "growisofs",
            "disc at once",
            GROWISOFS_IMAGE.format(how="-use-the-force-luke=dao"),
        )
    for disc in LAYERED:
        refused = 'it refuses what fits on one layer: "more than 50% of space will be *wasted*"'
        yield disc.case(
            BURNING,
            "growisofs",
            "one session",
            GROWISOFS_IMAGE.format(how=""),
            reason=refused if disc.medium == "dvd-r-dl" else "",
        )
        ready = "blank=as_needed " if disc.overwritable else ""
        yield disc.case(
            BURNING,
            "cdrskin",
            "one session",
            f'cdrskin -v dev="$SR" {ready}"$DATA/one.iso"\nequal iso9660 "$DATA/one"\n',
        )


KERNEL_WRITES = """
burn_quietly dvd+rw-format "$SR" || true
reload
mkudffs --blocksize=2048 --media-type=hd "$SR" >made
mkdir mounted
mount -t udf -o rw "$SR" mounted
cp -r "$DATA/one/." mounted
umount mounted
reload
mount -t udf -o ro "$SR" mounted
diff -r --exclude=lost+found "$DATA/one" mounted
umount mounted
"""


def kernel_writes() -> Iterator[Case]:
    """The kernel's own block device and file system write on what can be overwritten anywhere."""
    for disc in (DVD_BD[4], DVD_BD[5], DVD_BD[8]):
        yield disc.case(BURNING, "mkudffs, the kernel", "mounted for writing", KERNEL_WRITES)


WODIM_TWICE = """
wodim -v dev="$SG" gracetime=2 {how} -multi padsize=150s "$DATA/one.iso"
reload
where=$(wodim dev="$SG" -msinfo 2>/dev/null | tail -n 1)
say "second session at $where"
genisoimage -quiet -R -J -V TWO -C "$where" -M "$SR" -o two.iso "$DATA/two"
wodim -v dev="$SG" gracetime=2 {how} -multi padsize=150s two.iso
equal iso9660 "$DATA/one" "$DATA/two"
"""

WODIM_ONCE = """
wodim -v dev="$SG" gracetime=2 {how} padsize=150s -data "$DATA/one.iso"
same_sectors "$DATA/one.iso"
equal iso9660 "$DATA/one"
"""

CDRDAO_DATA = """
cat >disc.toc <<TOC
CD_ROM
TRACK MODE1
DATAFILE "$DATA/one.iso"
TOC
cdrdao write --device "$SR" --driver {driver} -n disc.toc
same_sectors "$DATA/one.iso"
equal iso9660 "$DATA/one"
"""


def data_cds() -> Iterator[Case]:
    """cdrskin, wodim, cdrdao and xorriso with data on CD."""
    for medium in CDS:
        disc = Disc(medium)
        for mode, how in (("TAO", "-tao"), ("SAO", "-sao")):
            yield disc.case(
                BURNING,
                "cdrskin",
                f"data, {mode}",
                f'cdrskin -v dev="$SR" {how} padsize=150s -data "$DATA/one.iso"\n'
                'same_sectors "$DATA/one.iso"\nequal iso9660 "$DATA/one"\n',
            )
        yield disc.case(BURNING, "cdrskin", "data, two sessions, TAO", CDRSKIN_TWICE.format(how="-tao"))
        yield disc.case(
            BURNING,
            "cdrskin",
            "data, two sessions, SAO",
            CDRSKIN_TWICE.format(how="-sao"),
            reason='its SAO is for blank media only: "write type SAO works only on blank media"',
        )
        for mode, how in (("TAO", "-tao"), ("SAO", "-sao"), ("raw96r", "-raw96r"), ("raw16", "-raw16")):
            if (medium, mode) != ("cd-rw", "raw16"):
                yield disc.case(BURNING, "wodim", f"data, {mode}", WODIM_ONCE.format(how=how))
        yield disc.case(BURNING, "wodim", "data, two sessions, TAO", WODIM_TWICE.format(how="-tao"))
        yield disc.case(BURNING, "xorriso", "data, one session", XORRISO_ONCE.format(close="on"))
        yield disc.case(BURNING, "xorriso", "data, two sessions", XORRISO_TWICE)
        for mode, driver in (("SAO", "generic-mmc"), ("raw16", "generic-mmc-raw")):
            yield disc.case(BURNING, "cdrdao", f"data, {mode}", CDRDAO_DATA.format(driver=driver))


# --- burning audio ---------------------------------------------------------------------------------------

AUDIO_BACK = """
reload
cdparanoia -d "$SR" -Z -r -q 1- back.raw
cat "$DATA/one.raw" "$DATA/two.raw" | cmp back.raw -
echo "equal: audio"
"""

# Each track ends in two run-out blocks, and the next one's pause stands before it: readers take both for its end.
TRACKS_BACK = """
reload
cdparanoia -d "$SR" -Z -r -q 1 back1.raw
cmp -n "$(stat -c %s "$DATA/one.raw")" back1.raw "$DATA/one.raw"
cdparanoia -d "$SR" -Z -r -q 2 back2.raw
cmp -n "$(stat -c %s "$DATA/two.raw")" back2.raw "$DATA/two.raw"
echo "equal: audio"
"""

CD_TEXT_BACK = """
cd-info -C "$SR" --no-device-info --no-cddb >info 2>&1 || true
expect info 'Lab album' 'Lab performer' 'First piece' 'Second piece'
cdrskin dev="$SR" cdtext_to_v07t="$PWD/back.v07t"
expect back.v07t 'Album Title *= Lab album' 'Track 01 Title *= First piece' 'Track 02 Title *= Second piece'
"""

AUDIO_TOC = """
cat >disc.toc <<TOC
CD_DA
CATALOG "1234567890128"
CD_TEXT {{
  LANGUAGE_MAP {{ 0 : EN }}
  LANGUAGE 0 {{ TITLE "Lab album" PERFORMER "Lab performer" }}
}}
TRACK AUDIO
ISRC "DEXYZ2600001"
CD_TEXT {{ LANGUAGE 0 {{ TITLE "First piece" PERFORMER "Lab performer" }} }}
FILE "$DATA/one.wav" 0
TRACK AUDIO
ISRC "DEXYZ2600002"
CD_TEXT {{ LANGUAGE 0 {{ TITLE "Second piece" PERFORMER "Lab performer" }} }}
FILE "$DATA/two.wav" 0
TOC
cdrdao write --device "$SR" --driver {driver} -n disc.toc
"""

CDRDAO_BACK = """
reload
cdrdao read-toc --device "$SR" --driver generic-mmc back.toc
expect back.toc 'CATALOG "1234567890128"' 'ISRC "DEXYZ2600001"' 'ISRC "DEXYZ2600002"'
"""


def audio_cds() -> Iterator[Case]:
    """Audio with CD-Text, catalogue number and ISRC; mixed discs; raw copies."""
    for medium in CDS:
        disc = Disc(medium)
        yield disc.case(
            BURNING,
            "cdrskin",
            "audio, SAO, CD-Text",
            'cdrskin -v dev="$SR" -sao input_sheet_v07t="$DATA/text.v07t" -audio "$DATA/one.wav" "$DATA/two.wav"\n'
            + AUDIO_BACK
            + CD_TEXT_BACK,
        )
        yield disc.case(
            BURNING,
            "cdrskin",
            "audio, TAO",
            'cdrskin -v dev="$SR" -tao -audio "$DATA/one.wav" "$DATA/two.wav"\n' + TRACKS_BACK,
        )
        yield disc.case(
            BURNING,
            "cdrskin",
            "data and audio, SAO",
            'cdrskin -v dev="$SR" -sao -data padsize=150s "$DATA/one.iso" -audio padsize=0 "$DATA/two.wav"\n'
            'same_sectors "$DATA/one.iso"\ncdparanoia -d "$SR" -Z -r -q 2 back.raw\ncmp back.raw "$DATA/two.raw"\n',
            reason='its SAO has tracks of one kind only: "tracks of different modes mixed"',
        )
        for mode, how in (("TAO", "-tao"), ("SAO", "-sao"), ("raw96r", "-raw96r")):
            if medium == "cd-rw":
                break
            yield disc.case(
                BURNING,
                "wodim",
                f"audio, {mode}",
                f'wodim -v dev="$SG" gracetime=2 {how} -audio -pad "$DATA/one.wav" "$DATA/two.wav"\n'
                + (TRACKS_BACK if mode == "TAO" else AUDIO_BACK),
                limit_s=300,
            )
        yield disc.case(
            BURNING,
            "wodim",
            "audio, SAO, CD-Text",
            'cp "$DATA/one.wav" "$DATA/one.inf" "$DATA/two.wav" "$DATA/two.inf" .\n'
            'wodim -v dev="$SG" gracetime=2 -sao -text -useinfo -audio one.wav two.wav\nmkdir back; cd back\n'
            + AUDIO_BACK
            + CD_TEXT_BACK,
        )
        for mode, driver in (("SAO", "generic-mmc:0x10"), ("raw", "generic-mmc-raw")):
            yield disc.case(
                BURNING,
                "cdrdao",
                f"audio, {mode}, CD-Text, ISRC",
                AUDIO_TOC.format(driver=driver) + AUDIO_BACK + CD_TEXT_BACK + CDRDAO_BACK,
                limit_s=300,
            )


def trial_burns() -> Iterator[Case]:
    """Burns with the laser off: everything is as in a burn, and the disc stays blank."""
    for disc in (Disc("cd-r"), Disc("dvd-r")):
        ways = (("TAO", "-tao"), ("SAO", "-sao")) if disc.medium == "cd-r" else (("DAO", "-sao"),)
        for mode, how in ways:
            size = 'tsize="$(($(stat -c %s "$DATA/one.iso") / 2048))s"' if mode != "TAO" else ""
            yield disc.case(
                BURNING,
                "cdrskin",
                f"test write, {mode}",
                f'cdrskin -v dev="$SR" -dummy {how} {size} "$DATA/one.iso"\n' + IS_BLANK,
            )
            if disc.medium == "cd-r":
                yield disc.case(
                    BURNING,
                    "wodim",
                    f"test write, {mode}",
                    f'wodim -v dev="$SG" gracetime=2 -dummy {how} -data "$DATA/one.iso"\n' + IS_BLANK,
                )


# --- blanking and formatting -----------------------------------------------------------------------------

IS_BLANK = 'reload\ncdrskin dev="$SR" -minfo >minfo 2>&1\nexpect minfo "disk status: +empty" || { cat minfo; false; }\n'
WRITE_BEFORE = 'burn_quietly cdrskin dev="$SR" {how} "$DATA/two.iso"\nreload\n'
WRITE_AFTER = 'cdrskin -v dev="$SR" {how} "$DATA/one.iso"\nequal iso9660 "$DATA/one"\n'


def blanking() -> Iterator[Case]:
    """Each way to make a disc new, on a disc that holds something; then it is written again."""
    cd = Disc("cd-rw")
    before = WRITE_BEFORE.format(how="-tao padsize=150s")
    after = IS_BLANK + WRITE_AFTER.format(how="-tao padsize=150s")
    for program, mode, command in (
        ("cdrskin", "blank=fast", 'cdrskin -v dev="$SR" blank=fast'),
        ("cdrskin", "blank=all", 'cdrskin -v dev="$SR" blank=all'),
        ("wodim", "blank=fast", 'wodim -v dev="$SG" gracetime=2 blank=fast'),
        ("wodim", "blank=all", 'wodim -v dev="$SG" gracetime=2 blank=all'),
        ("cdrdao", "blank", 'cdrdao blank --device "$SR" --driver generic-mmc --blank-mode minimal'),
        ("cdrdao", "blank, full", 'cdrdao blank --device "$SR" --driver generic-mmc --blank-mode full'),
        ("xorriso", "-blank fast", 'xorriso -outdev "$SR" -blank fast'),
        ("xorriso", "-blank all", 'xorriso -outdev "$SR" -blank all'),
    ):
        yield cd.case(BLANKING, program, mode, f"{before}{command}\n{after}")
    sequential = DVD_BD[2]
    before = WRITE_BEFORE.format(how="-tao")
    after = IS_BLANK + WRITE_AFTER.format(how="-tao")
    for program, mode, command in (
        ("cdrskin", "blank=fast", 'cdrskin -v dev="$SR" blank=fast'),
        ("cdrskin", "blank=all", 'cdrskin -v dev="$SR" blank=all'),
        ("dvd+rw-format", "-blank", 'dvd+rw-format -blank "$SR"'),
        ("dvd+rw-format", "-blank=full", 'dvd+rw-format -blank=full "$SR"'),
        ("xorriso", "-blank all", 'xorriso -outdev "$SR" -blank all'),
    ):
        # A DVD-RW that was blanked minimally takes disc at once only: MMC-6 4.3.6.2.
        last = IS_BLANK + WRITE_AFTER.format(how="-sao") if mode in ("blank=fast", "-blank") else after
        yield sequential.case(BLANKING, program, mode, f"{before}{command}\n{last}")
    for program, mode, command in (
        ("cdrskin", "blank=format_overwrite", 'cdrskin -v dev="$SR" blank=format_overwrite_quickest'),
        ("dvd+rw-format", "-force", 'dvd+rw-format -force "$SR"'),
        ("xorriso", "-format as_needed", 'xorriso -outdev "$SR" -format as_needed'),
        ("xorriso", "-format full", 'xorriso -outdev "$SR" -format full'),
    ):
        yield sequential.case(
            BLANKING,
            program,
            mode,
            f"{before}{command}\nreload\n"
            'cdrskin dev="$SR" -minfo >minfo 2>&1; cat minfo; expect minfo "DVD-RW restricted overwrite"\n'
            + WRITE_AFTER.format(how=""),
        )
    overwrite = DVD_BD[3]
    for program, mode, command in (
        ("cdrskin", "blank=deformat_sequential", 'cdrskin -v dev="$SR" blank=deformat_sequential'),
        ("dvd+rw-format", "-blank=full", 'dvd+rw-format -blank=full "$SR"'),
        ("xorriso", "-blank deformat", 'xorriso -outdev "$SR" -blank deformat'),
    ):
        yield overwrite.case(
            BLANKING,
            program,
            mode,
            f'{command}\nreload\ncdrskin dev="$SR" -minfo >minfo 2>&1; cat minfo; expect minfo "DVD-RW sequential"\n'
            + WRITE_AFTER.format(how="-tao"),
        )
    for disc in (DVD_BD[4], DVD_BD[5], DVD_BD[8]):
        for program, mode, command in (
            ("cdrskin", "blank=format_if_needed", 'cdrskin -v dev="$SR" blank=format_if_needed'),
            ("dvd+rw-format", "first format", 'dvd+rw-format "$SR"'),
            ("dvd+rw-format", "-force", 'dvd+rw-format -force "$SR"\nreload\ndvd+rw-format -force "$SR"'),
            ("xorriso", "-format as_needed", 'xorriso -outdev "$SR" -format as_needed'),
            ("xorriso", "-format full", 'xorriso -outdev "$SR" -format full'),
            ("xorriso", "-blank fast", 'xorriso -outdev "$SR" -format as_needed -blank fast'),
        ):
            if disc.medium == "dvd-ram" and mode != "-force" and program != "cdrskin":
                continue
            yield disc.case(BLANKING, program, mode, f"{command}\nreload\n" + WRITE_AFTER.format(how=""))
    bd_r = DVD_BD[6]
    for program, mode, command in (
        ("cdrskin", "blank=format_defectmgt_max", 'cdrskin -v dev="$SR" blank=format_defectmgt_max'),
        ("cdrskin", "blank=format_defectmgt_min", 'cdrskin -v dev="$SR" blank=format_defectmgt_min'),
        ("dvd+rw-format", "-ssa=default", 'dvd+rw-format -ssa=default "$SR"'),
        ("dvd+rw-format", "-ssa=max", 'dvd+rw-format -ssa=max "$SR"'),
        ("dvd+rw-format", "-pow", 'dvd+rw-format -pow "$SR"'),
        ("xorriso", "-format as_needed", 'xorriso -outdev "$SR" -format as_needed'),
    ):
        yield attrs.evolve(
            bd_r.case(BLANKING, program, mode, f"{command}\nreload\n" + WRITE_AFTER.format(how="")),
            variant="",
        )


# --- looking ---------------------------------------------------------------------------------------------

PROFILES = {
    "cd-r": ("CD-R$", "CD-R"),
    "cd-rw": ("CD-RW$", "CD-RW"),
    "dvd-r": ("DVD-R sequential", "DVD-R sequential"),
    "dvd-rw sequential": ("DVD-RW sequential", "DVD-RW sequential"),
    "dvd-rw restricted overwrite": ("DVD-RW [Rr]estricted overwrite", "DVD-RW restricted overwrite"),
    "dvd+r": ("DVD[+]R", "DVD[+]R"),
    "dvd+rw": ("DVD[+]RW", "DVD[+]RW"),
    "dvd-ram": ("DVD-RAM", "DVD-RAM"),
    "bd-r without spare": ("BD-R SRM", "BD-R sequential"),
    "bd-r with spare": ("BD-R SRM", "BD-R sequential"),
    "bd-re": ("BD-RE", "BD-RE"),
}
"""Column -> what sg_get_config calls the profile, and what libburn does."""

MEDIAINFO = {
    "dvd-r": "Mounted Media: +11h, DVD-R Sequential",
    "dvd-rw sequential": "Mounted Media: +14h, DVD-RW Sequential",
    "dvd-rw restricted overwrite": "Mounted Media: +13h, DVD-RW Restricted Overwrite",
    "dvd+r": "Mounted Media: +1Bh, DVD[+]R",
    "dvd+rw": "Mounted Media: +1Ah, DVD[+]RW",
    "dvd-ram": "Mounted Media: +12h, DVD-RAM",
    "bd-r without spare": "Mounted Media: +41h, BD-R SRM",
    "bd-r with spare": "Mounted Media: +41h, BD-R SRM",
    "bd-re": "Mounted Media: +43h, BD-RE",
}


def looking() -> Iterator[Case]:
    """What programs show of each disc, blank and written. The cells come from the script itself."""
    for disc in (Disc("cd-r"), Disc("cd-rw"), *DVD_BD):
        column = f"{disc.medium} {disc.variant}".strip()
        cd = disc.medium in CDS
        burn = (
            'cdrskin dev="$SR" -tao padsize=150s "$DATA/one.iso"'
            if cd
            else 'cdrskin dev="$SR" blank=as_needed "$DATA/one.iso"'
        )
        script = _look(disc, column, written=False) + f"burn_quietly {burn}\nreload\n"
        yield disc.case(LOOKING, "all", "all", script + _look(disc, column, written=True), limit_s=400)


def _look(disc: Disc, column: str, *, written: bool) -> str:
    mode = "written" if written else "blank"
    cd = disc.medium in CDS
    config, libburn = PROFILES[column]
    status = "closed|complete" if written and not disc.overwritable else "blank|appendable|complete|other"
    burner = "is (closed|written|appendable|blank|empty|readable|not)"
    lines = [
        f"cell sg_inq '{mode}' 'Vendor identification: AIOIMAPI;;PDT=5' sg_inq \"$SG\"",
        f"cell sg_get_config '{mode}' 'Current profile: {config}' sg_get_config --current \"$SR\"",
        f"cell sg_modes '{mode}' 'Read-Write error recovery|CD/DVD capabilities' sg_modes --all \"$SG\"",
        f"cell 'cdrskin -minfo' '{mode}' 'Mounted media type:? +{libburn}' cdrskin dev=\"$SR\" -minfo",
        f"cell 'xorriso -toc' '{mode}' 'Media current: {libburn};;Media status : {burner}' "
        'xorriso -outdev "$SR" -toc',
    ]
    if cd:
        lines += [
            f"cell 'cdrskin -atip' '{mode}' 'ATIP info from disk;;Is {'not ' * (disc.medium == 'cd-r')}erasable;;"
            'ATIP start of lead in;;ATIP start of lead out: +359849\' cdrskin dev="$SR" -atip',
            f"cell 'wodim -atip' '{mode}' 'ATIP info from disk;;ATIP start of lead out: 359849' "
            'wodim dev="$SG" -atip',
            f"cell 'cdrdao disk-info' '{mode}' 'CD-RW +: +{'yes' if disc.medium == 'cd-rw' else 'no'};;"
            f"Total Capacity +: +{'n/a' if written else '79:57:74 .359849 blocks'};;"
            f"CD-R empty +: +{'no' if written else 'yes'}' "
            'cdrdao disk-info --device "$SR" --driver generic-mmc',
        ]
    else:
        lines.append(
            f"cell dvd+rw-mediainfo '{mode}' '{MEDIAINFO[column]};;Disc status: +({status})' "
            'dvd+rw-mediainfo "$SR"'
        )
    # libburn has no table of contents of what can be overwritten; libcdio looks no further into DVDs.
    toc = "Media summary: 0 sessions, 0 tracks, blank" if disc.overwritable else "track: +1 lba: +0"
    dvd = disc.medium.startswith("dvd")
    known = "Disc mode is listed as: DVD" if dvd else "CD-ROM Track List .1 - 1.;;ISO 9660"
    if written:
        lines += [
            f"cell 'cdrskin -toc' '{mode}' '{toc}' cdrskin dev=\"$SR\" -toc",
            f"cell_whatever cd-info '{mode}' '{known}' cd-info -C \"$SR\" --no-cddb",
            f"cell readom '{mode}' 'Read +speed' bash -c 'readom dev=\"$SG\" f=back.iso sectors=0-300 2>&1; "
            'cmp -n 614400 back.iso "$DATA/one.iso"\'',
        ]
    return "\n".join(lines) + "\n"


# --- attaching -------------------------------------------------------------------------------------------

READ_ONLY = (Disc("cd-rom"), Disc("dvd-rom"), Disc("bd-rom"))

LOOK_AT_IT = """
reload
blockdev --getsz "$SR"
sg_turs "$SG"
sg_inq "$SG" >/dev/null
"""


def attaching() -> Iterator[Case]:
    """The kernel's own drivers and each medium: nothing in dmesg but that there is no disc, or a blank one."""
    for disc in (Disc("cd-r"), Disc("cd-rw"), *DVD_BD, *LAYERED):
        case = disc.case(ATTACHING, "sr and sg", "blank", "")
        yield attrs.evolve(case, script=LOOK_AT_IT)
    media = {
        disc.medium: Disc(disc.medium)
        for disc in (*READ_ONLY, Disc("cd-r"), Disc("cd-rw"), *DVD_BD, *LAYERED)
    }
    for disc in media.values():
        yield disc.case(
            ATTACHING,
            "sr and sg",
            "written",
            LOOK_AT_IT + 'same_sectors "$DATA/one.iso"\nequal iso9660 "$DATA/one"\n',
            source="one.iso",
        )


# --- faults ----------------------------------------------------------------------------------------------

GROWISOFS_PLAIN = 'growisofs -use-the-force-luke=notray -dvd-compat -Z "$SR=$DATA/one.iso"'
CDRSKIN_PLAIN = 'cdrskin -v dev="$SR" -tao "$DATA/one.iso"'
AIOIMAPI_PLAIN = '"$AIOIMAPI" burn "$DATA/one.iso" --drive "$SR" --verify full --json'
BURNERS = {"growisofs": GROWISOFS_PLAIN, "cdrskin": CDRSKIN_PLAIN, "aioimapi": AIOIMAPI_PLAIN}

REPORTED = """
if {command} >said 2>&1; then
  tail -n 20 said
  echo "it saw nothing"
  false
fi
tail -n 20 said
expect said {words}
"""

SURVIVED = """
{command}
same_sectors "$DATA/one.iso"
"""

DAMAGED = """
{command}
reload
if cmp -n "$(stat -c %s "$DATA/one.iso")" "$DATA/one.iso" "$SR"; then
  echo "nothing is damaged"
  false
fi
"""


@attrs.frozen
class Expected:
    """What a fault of the virtual drive makes of a burn.

    Attributes:
        fault: As in the URL.
        name: What it is, for people.
        growisofs: What it says of it; None where it cannot notice, and the bytes on the disc tell.
        cdrskin: What it says of it.
        error: The type of our error, and a part of its message; empty where the burn goes well.
        limit_s: The time limit.
    """

    fault: str
    name: str
    growisofs: str | None
    cdrskin: str | None
    error: tuple[str, str] | None
    limit_s: int = 200


FINE = ""

FAULTS_EXPECTED = (
    Expected(
        "3/0c/00@write:4",
        "write error",
        "WRITE@LBA=.* failed with SK=3h/(WRITE ERROR|ASC=0Ch)",
        "SCSI error on write.*3 0C 00",
        ("RecordingError", "MEDIUM ERROR, write error .3/0C/00."),
    ),
    Expected(
        "deferred:3/0c/00@write:4",
        "deferred write error",
        "failed with SK=3h/(WRITE ERROR|ASC=0Ch)",
        "3 0C 00",
        ("RecordingError", "deferred MEDIUM ERROR, write error"),
    ),
    Expected("notready:3@write:4", "not ready, three commands", "failed with SK=2h/", FINE, None),
    Expected("notready:2s@write:4", "not ready for a while", "failed with SK=2h/", FINE, None),
    Expected("slow:2s@write:4", "slow", FINE, FINE, None),
    Expected(
        "6/28/00@write:4",
        "disc changed",
        "failed with SK=6h",
        FINE,  # it sends a command that ended with a unit attention again
        ("RecordingError", "UNIT ATTENTION"),
    ),
    Expected(
        "4/44/00@write:4",
        "drive broken",
        "failed with SK=4h",
        "4 44 00",
        ("RecordingError", "HARDWARE ERROR"),
    ),
    Expected(
        "unplug@write:4",
        "unplugged",
        "WRITE@LBA=.* failed|Input/output error|No such",
        "SCSI error|[Ff]ailed|host",
        ("RecordingError", "unplugged|gone|lost|no such|No such"),
    ),
    Expected(
        "hang@close:1",
        "no answer",
        "CLOSE.*failed|LOGICAL UNIT COMMUNICATION TIMEOUT",
        "[Tt]imeout|failed|error",
        ("(CommandTimeoutError|RecordingError)", "no answer|time-out"),
        limit_s=300,
    ),
    Expected(
        "lie@write:4", "GOOD, and nothing is written", None, None, ("VerificationError", "does not read back")
    ),
    Expected(
        "corrupt@write:4", "other bytes are written", None, None, ("VerificationError", "does not read back")
    ),
    Expected(
        "5/72/03@close:1",
        "session cannot be closed",
        "CLOSE (TRACK|SESSION|DISC).*failed",
        "5 72 03",
        ("RecordingError", "session fixation error"),
    ),
)


def faults() -> Iterator[Case]:
    """Each fault that the virtual drive can have, seen by growisofs, by cdrskin, and by our own driver."""
    disc = Disc("dvd+r")
    for expected in FAULTS_EXPECTED:
        for program, command in BURNERS.items():
            if (program, expected.name) == ("cdrskin", "no answer"):
                continue  # it waits for 200 s
            if program == "aioimapi":
                words = (
                    None
                    if expected.error is None
                    else f"'\"type\": \"{expected.error[0]}\"' '{expected.error[1]}'"
                )
                script = SURVIVED if words is None else REPORTED
            else:
                said = expected.growisofs if program == "growisofs" else expected.cdrskin
                words = None if said is None else f"'{said}'"
                script = DAMAGED if said is None else REPORTED if said else SURVIVED
            yield disc.case(
                FAULTS,
                program,
                expected.name,
                script.format(command=command, words=words),
                options=f"&fault={expected.fault}",
                limit_s=expected.limit_s,
            )
    yield disc.case(
        FAULTS,
        "the kernel",
        "bad sector",
        f'{GROWISOFS_PLAIN}\nreload\nif dd if="$SR" of=/dev/null bs=2048 skip=300 count=1; then false; fi\n'
        'dmesg | grep -E "${SR##*/}.*(Medium Error|critical medium error|Sense Key : 0x3)"\n',
        options="&fault=3/11/05@read.lba:300",
    )
    yield disc.case(
        FAULTS,
        "xorriso -check_media",
        "bad sector",
        f'{GROWISOFS_PLAIN}\nreload\nxorriso -indev "$SR" -check_media use=indev what=disc -- >said 2>&1 || true\n'
        "cat said\nexpect said 'Media region : +[0-9]+ , +[0-9]+ , - '\n",
        options="&fault=3/11/05@read.lba:300",
    )
    yield disc.case(
        FAULTS,
        "aioimapi",
        "bad sector",
        REPORTED.format(
            command=AIOIMAPI_PLAIN,
            words="'\"type\": \"VerificationError\"' 'cannot be read; the first is LBA 300'",
        ),
        options="&fault=3/11/05@read.lba:300",
    )


CASES: tuple[Case, ...] = (
    *faults(),
    *attaching(),
    *data_cds(),
    *audio_cds(),
    *dvd_and_bd(),
    *kernel_writes(),
    *trial_burns(),
    *blanking(),
    *looking(),
)
"""Every case; those that wait for time limits come first."""
