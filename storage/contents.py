"""Contents: what a file is, by what it holds and never by its name; and pictures without what the camera added."""

from __future__ import annotations

from collections.abc import Mapping
from io import SEEK_END, BytesIO
from typing import BinaryIO
from zipfile import ZipFile

import puremagic
from PIL import Image

from domain.attachments import KINDS, PIXELS, Family, Kind

HEAD = 8192
"""Bytes by which a kind is recognised."""

PACKED: dict[str, tuple[str, bytes]] = {
    "docx": ("[Content_Types].xml", b"wordprocessingml.document.main+xml"),
    "xlsx": ("[Content_Types].xml", b"spreadsheetml.sheet.main+xml"),
    "odt": ("mimetype", b"application/vnd.oasis.opendocument.text"),
}
"""Kinds that are ZIP files: the member that says so, and what it says. With macros it says something else."""

MOST_PACKED = max(KINDS[code].most for code in PACKED)
"""Bytes; the list of what a larger ZIP file holds is not read."""

SAVED: dict[str, dict[str, int | bool]] = {
    "jpeg": {"quality": 90, "optimize": True},
    "png": {"optimize": False},
    "webp": {"quality": 90},
}
"""How a picture is written anew."""


ORIENTATION = 0x0112
"""The tag of Exif that says how the camera was held."""

TURNS: Mapping[int | None, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Its value -> how the picture is brought upright; 1 is upright."""


class Damaged(Exception):
    """The picture cannot be read, moves, or has more than `PIXELS`."""


def recognised(file: BinaryIO) -> Kind | None:
    """The kind of a content; None: none that is taken."""
    file.seek(0)
    head = file.read(HEAD)
    if head.startswith(b"PK"):
        if file.seek(0, SEEK_END) > MOST_PACKED:
            return None
        return next((KINDS[code] for code, says in PACKED.items() if _says(file, *says)), None)
    try:
        found = puremagic.magic_stream(BytesIO(head))
    except (puremagic.PureError, ValueError):
        return None
    endings = {ending: kind for code, kind in KINDS.items() if code not in PACKED for ending in kind.endings}
    return next((endings[each.extension] for each in found if each.extension in endings), None)


def _says(file: BinaryIO, member: str, what: bytes) -> bool:
    """The member is read in part: what is packed may be a thousand times as long."""
    try:
        with ZipFile(file) as packed, packed.open(member) as told:
            return what in told.read(64 * 1024)
    except Exception:  # whatever a reader makes of hostile bytes: no such member, a broken stream, an unknown packing
        return False


def stripped(file: BinaryIO, kind: Kind) -> BinaryIO:
    """A picture written anew, upright: its pixels, and nothing of place, device or what was appended. Else the file."""
    if kind.family is not Family.PICTURE:
        return file
    file.seek(0)
    try:
        with Image.open(file, formats=[kind.code]) as picture:
            if picture.width * picture.height > PIXELS or getattr(picture, "n_frames", 1) > 1:
                raise Damaged
            return _anew(picture, kind)
    except Exception as error:  # whatever a decoder makes of hostile bytes
        raise Damaged from error


def _upright(picture: Image.Image) -> Image.Image:
    """As the camera was held. What the camera added may be broken: the picture is taken as it lies then."""
    try:
        turn = TURNS.get(picture.getexif().get(ORIENTATION))
    except Exception:
        turn = None
    return picture.transpose(turn) if turn is not None else picture


def _anew(picture: Image.Image, kind: Kind) -> BinaryIO:
    upright = _upright(picture)
    upright.info = {name: value for name, value in upright.info.items() if name == "transparency"}
    made = BytesIO()  # into a file on a full disk, Pillow writes what fits and says nothing
    upright.save(made, kind.code, **SAVED[kind.code])
    return made
