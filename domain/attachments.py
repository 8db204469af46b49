"""What may be attached (附件) to a case: kinds of content, how large each may be, and how many an act and a case take."""

from __future__ import annotations

from dataclasses import dataclass

from domain.vocabulary import Act, Word

MEBIBYTE = 1024 * 1024


class Family(Word):
    """What a kind of content shows of a person."""

    PICTURE = "picture", "图片", "a picture: it may show a face"
    SOUND = "sound", "录音", "a recording: it holds a voice"
    FILM = "film", "视频", "a film: face and voice"
    DOCUMENT = "document", "文档", "a document"


@dataclass(frozen=True)
class Kind:
    """A kind of content: `media` is what it is served as, `endings` are its names to whoever recognises it."""

    code: str
    media: str
    family: Family
    most: int
    """Bytes, as sent and as kept."""
    endings: tuple[str, ...]


_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_P, _S, _F, _D = Family.PICTURE, Family.SOUND, Family.FILM, Family.DOCUMENT

KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("jpeg", "image/jpeg", _P, 20 * MEBIBYTE, (".jpg", ".jpeg", ".jfif")),
        Kind("png", "image/png", _P, 20 * MEBIBYTE, (".png",)),
        Kind("webp", "image/webp", _P, 20 * MEBIBYTE, (".webp",)),
        Kind("mp3", "audio/mpeg", _S, 50 * MEBIBYTE, (".mp3", ".mpga")),
        Kind("m4a", "audio/mp4", _S, 50 * MEBIBYTE, (".m4a",)),
        Kind("wav", "audio/wav", _S, 100 * MEBIBYTE, (".wav",)),
        Kind("amr", "audio/amr", _S, 20 * MEBIBYTE, (".amr",)),
        Kind("mp4", "video/mp4", _F, 200 * MEBIBYTE, (".mp4",)),
        Kind("mov", "video/quicktime", _F, 200 * MEBIBYTE, (".mov",)),
        Kind("pdf", "application/pdf", _D, 20 * MEBIBYTE, (".pdf",)),
        Kind("docx", f"{_OPEN_XML}.wordprocessingml.document", _D, 20 * MEBIBYTE, (".docx",)),
        Kind("xlsx", f"{_OPEN_XML}.spreadsheetml.sheet", _D, 20 * MEBIBYTE, (".xlsx",)),
        Kind("odt", "application/vnd.oasis.opendocument.text", _D, 20 * MEBIBYTE, (".odt",)),
    )
}
"""Every kind that is taken. No kind of it is run by a browser; what is none of them is refused."""

OF_A_PERSON = frozenset({Family.PICTURE, Family.SOUND, Family.FILM})
"""What shows a person, and goes to nobody who is not told who asked (Art. 15)."""

LARGEST = max(kind.most for kind in KINDS.values())

PIXELS = 50_000_000
"""A picture of more is refused before it is unpacked."""

PARTS = 2_000
"""In how many parts an upload comes at most: of the largest kind each is a tenth of a mebibyte at least."""

AN_ACT, A_CASE = 10, 50
"""How many an act brings at most, and how many a case holds."""

BRINGING = frozenset({Act.REGISTER, Act.SUPPLEMENT, Act.FEEDBACK, Act.ATTEMPT})
"""The acts that bring attachments: intake, supplement, the unit's reply, the callback."""

ALLOWED = ", ".join(f"{kind.code} ({kind.most // MEBIBYTE} MiB)" for kind in KINDS.values())
"""What whoever is refused is told."""
