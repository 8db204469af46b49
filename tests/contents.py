"""Contents of every kind that is taken, and of some that are not: small, invented, made when asked for."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

PLACE = "SAMPLE-DEVICE-39.1N"
"""Stands in every piece of metadata of a picture."""


def picture(form: str, size: tuple[int, int] = (8, 4), place: bool = True) -> bytes:
    """A picture with place and device in EXIF, XMP and comment; on its side, by its orientation."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Orientation] = PLACE, 6
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef] = PLACE
    made = BytesIO()
    Image.new("RGB", size, "red").save(
        made, form, **({"exif": exif, "xmp": f"<x>{PLACE}</x>".encode(), "comment": PLACE} if place else {})
    )
    return made.getvalue()


def moving() -> bytes:
    """A picture of two frames."""
    frames, made = [Image.new("RGB", (8, 4), colour) for colour in ("red", "blue")], BytesIO()
    frames[0].save(made, "WEBP", save_all=True, append_images=frames[1:])
    return made.getvalue()


def packed(**members: str) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr({"types": "[Content_Types].xml"}.get(name, name), content)
    return made.getvalue()


def _brand(brand: bytes) -> bytes:
    return b"\0\0\0\x20ftyp" + brand + b"\0\0\2\0" + brand + b"mp42isom" + bytes(200)


OPEN_XML = "<Override ContentType='application/vnd.openxmlformats-officedocument.{}.main+xml'/>"
SAMPLES: dict[str, bytes] = {
    "jpeg": picture("JPEG"),
    "png": picture("PNG"),
    "webp": picture("WEBP"),
    "mp3": b"ID3\3\0\0\0\0\0\0\xff\xfb\x90\0" + bytes(400),
    "m4a": _brand(b"M4A "),
    "wav": b"RIFF\x34\0\0\0WAVEfmt \x10\0\0\0" + bytes(36),
    "amr": b"#!AMR\n" + bytes(64),
    "mp4": _brand(b"isom"),
    "mov": _brand(b"qt  "),
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n",
    "docx": packed(types=OPEN_XML.format("wordprocessingml.document")),
    "xlsx": packed(types=OPEN_XML.format("spreadsheetml.sheet")),
    "odt": packed(mimetype="application/vnd.oasis.opendocument.text"),
}
"""By the code of the kind."""

OTHERS: dict[str, bytes] = {
    "html": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
    "script": b"#!/bin/sh\nexit\n",
    "program": b"MZ" + bytes(300),
    "text": "样例".encode(),
    "gif": picture("GIF", place=False),
    "tiff": picture("TIFF", place=False),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
    "zip": packed(a="b"),
    "macros": packed(types="<Override ContentType='application/vnd.ms-word.document.macroEnabled.main+xml'/>"),
    "old office": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
    "damaged zip": b"PK\3\4" + bytes(100),
    "one byte": b"\0",
}
"""What is taken by no name."""
