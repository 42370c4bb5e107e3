"""The QR code of a document that a person holds: its payload, and the picture.

The payload names the document and binds the paper to the signed XML: ``egov-sign:1:NUMBER:SHA-256`` (the digest of the
signed XML, in hexadecimal). It proves nothing alone, since anybody can print a QR code; together with the signed
document it shows whether both are of one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from io import BytesIO

from egov_sign.errors import InputError
from egov_sign.verdict import Report, SubIndication

_FORM = re.compile(r"egov-sign:1:([A-Za-z0-9._:\-]{1,64}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class QrPayload:
    """What a QR code says.

    Attributes:
        number: of the certificate or refusal.
        digest: SHA-256 of the signed XML, lower-case hexadecimal.
    """

    number: str
    digest: str

    def __str__(self) -> str:
        return f"egov-sign:1:{self.number}:{self.digest}"

    @classmethod
    def of(cls, number: str, signed_xml: bytes) -> QrPayload:
        """Return the payload for a document."""
        return cls(number, hashlib.sha256(signed_xml).hexdigest())

    @classmethod
    def parse(cls, text: str) -> QrPayload:
        """Read a payload as a scanner gives it.

        Raises:
            InputError: ``QR_FORMAT`` if it is not one of ours.
        """
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise InputError(
                "QR_FORMAT",
                "this is not the QR code of a document of these services",
                hint="egov-sign:1:NUMBER:SHA-256",
            )
        return cls(found[1], found[2])


def qr_svg(text: str) -> str:
    """Return ``text`` as a QR code in SVG, error correction M, black on nothing."""
    import segno  # noqa: PLC0415 - only who draws a document pays for it

    buffer = BytesIO()
    segno.make(text, error="m", boost_error=False, micro=False).save(buffer, kind="svg", border=0, xmldecl=False)
    return buffer.getvalue().decode()


def report_qr(scanned: QrPayload, expected: QrPayload, report: Report) -> None:
    """Hold a scanned code against the one that the document should bear."""
    if scanned.number != expected.number:
        report.fail(
            "QR_NUMBER", SubIndication.HASH_FAILURE, number=scanned.number, expected=expected.number
        )  # fmt: skip
    if scanned.digest != expected.digest:
        report.fail("QR_DIGEST", SubIndication.HASH_FAILURE)
    if scanned == expected:
        report.note("QR_SAME", number=scanned.number)


def judge_payload(scanned: QrPayload) -> Report:
    """Return what a payload tells without its document: which one to ask for, and that nothing is proven yet."""
    report = Report("document", scanned.number, facts={"number": scanned.number, "digest": scanned.digest})
    report.fail("QR_ALONE", SubIndication.SIGNED_DATA_NOT_FOUND, number=scanned.number)
    return report
