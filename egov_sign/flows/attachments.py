"""Files attached to a request: their type is what their bytes say, their digest goes under the signature (R33, R410).

The name that the user gave is a label and never a path: files are kept under their digest (attack 62).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath, PureWindowsPath

from egov_sign.flows.refusals import reason
from egov_sign.flows.store import Data
from egov_sign.limits import Limits
from egov_sign.verdict import Finding

KINDS = ("identity", "representation", "power_of_attorney", "medical", "other")
_SIGNATURES = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
}
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)
"""Control characters, ends of lines, changes of direction, characters without a width."""
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that belongs to a request.

    Attributes:
        id: ``att-1``…, unique in the request.
        kind: what it proves: one of :data:`KINDS`.
        name: label for people.
        media_type: type, as its bytes say.
        size: in bytes.
        digest: SHA-256 in hexadecimal.
    """

    id: str
    kind: str
    name: str
    media_type: str
    size: int
    digest: str

    def to_data(self) -> Data:
        """Return what a store keeps of it."""
        return asdict(self)


def check_file(name: str, content: bytes, limits: Limits) -> list[Finding]:
    """Return what is wrong with a file; nothing if it can be attached."""
    findings = []
    label = clean_name(name)
    if not content or media_type(content) is None:
        findings.append(reason("FORM_ATTACHMENT_TYPE", label, name=label))
    if len(content) > limits.attachment_bytes:
        findings.append(reason("FORM_ATTACHMENT_SIZE", label, name=label))
    return findings


def describe_file(number: int, kind: str, name: str, content: bytes) -> AttachedFile:
    """Return the description of a file that :func:`check_file` found nothing wrong with."""
    return AttachedFile(
        f"att-{number}",
        kind if kind in KINDS else "other",
        clean_name(name),
        media_type(content) or "application/octet-stream",
        len(content),
        hashlib.sha256(content).hexdigest(),
    )


def media_type(content: bytes) -> str | None:
    """Return the type that the first bytes show, or ``None`` if it is none of those accepted."""
    return next((kind for start, kind in _SIGNATURES.items() if content.startswith(start)), None)


def clean_name(name: str) -> str:
    """Return the last part of a file name without anything that could lead elsewhere or deceive the eye."""
    last = PurePosixPath(PureWindowsPath(name).as_posix()).name
    return _UNPRINTABLE.sub("", last)[-_LONGEST_NAME:].lstrip(".") or "document"
