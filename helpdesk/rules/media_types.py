"""What a file is by how its bytes begin: a name or a sender's word proves nothing."""

import mimetypes

# What a page may show as a picture.
PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
SHOWN = frozenset({media_type for _mark, media_type in PICTURES} | {"image/webp"})
_OTHERS = (
    (b"%PDF-", "application/pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
)
# Many kinds of file are one of these; then the name says which.
_CONTAINERS = {
    "application/zip": (
        *("application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument."),
        *("application/epub+zip", "application/java-archive", "application/vnd.android.package-archive"),
    ),
    "application/x-ole-storage": ("application/msword", "application/vnd.ms-", "application/x-msi"),
    "application/gzip": ("application/x-tar",),
}


def picture_of(start: bytes) -> str | None:
    """The media type of a picture that a page may show, by a file's first 16 bytes; None for any other."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for mark, media_type in PICTURES if start.startswith(mark)), None)


def media_type_of(name: str, start: bytes) -> str:
    """What a file is by its first 16 bytes, where they tell, else by its name, never as a picture."""
    if picture := picture_of(start):
        return picture
    named = mimetypes.guess_type(name)[0] or ""
    sniffed = next((media_type for mark, media_type in _OTHERS if start.startswith(mark)), "")
    if sniffed:
        return named if named.startswith(_CONTAINERS.get(sniffed, ())) else sniffed
    return "application/octet-stream" if named.startswith("image/") or not named else named
