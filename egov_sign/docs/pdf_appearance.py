"""The visible block of a signature in a PDF: who signed, for whom, when, with which certificate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import identify
from egov_sign.docs.document import KAZAKHSTAN
from egov_sign.errors import ConfigurationError
from egov_sign.messages import Language, text

if TYPE_CHECKING:
    import typst

DOCUMENT_FRAME = (351.5, 56.7, 538.6, 113.4)
"""The frame that ``templates/document.typ`` leaves for a signature: left, bottom, right, top in points."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """Where and how a signature shows.

    Attributes:
        box: left, bottom, right, top in points from the lower left corner of the page.
        page: its number from 0; -1 is the last one.
        language: of the words.
        zone: in which the time is told (R438).
    """

    box: tuple[float, float, float, float] = DOCUMENT_FRAME
    page: int = -1
    language: Language = "ru"
    zone: tzinfo = KAZAKHSTAN

    def __post_init__(self) -> None:
        left, bottom, right, top = self.box
        if right - left < 120 or top - bottom < 40:
            raise ConfigurationError(
                "PDF_APPEARANCE", "the visible block of a signature needs at least 120 × 40 points"
            )


def render_appearance(appearance: Appearance, certificate: Certificate, signing_time: datetime) -> bytes:
    """Return a PDF of one page, of the size of the block, that shows who signed.

    Args:
        appearance: where and how.
        certificate: of the signer.
        signing_time: that the signature claims, timezone-aware.
    """
    left, bottom, right, top = appearance.box
    language = appearance.language
    identity = identify(certificate)
    until = certificate.not_after.astimezone(appearance.zone)
    data = {
        "width": right - left,
        "height": top - bottom,
        "language": language,
        "heading": text("PDF_STAMP_HEADING", language),
        "name": identity.full_name or str(certificate.subject),
        "lines": [
            line
            for line in (
                identity.organisation,
                text("PDF_STAMP_TIME", language, {"time": _moment(signing_time, appearance.zone)}),
                text("PDF_STAMP_CERTIFICATE", language, {"serial": f"{certificate.serial:X}"[:40]}),
                text("PDF_STAMP_UNTIL", language, {"date": f"{until:%d.%m.%Y}"}),
            )
            if line
        ],
    }
    compiler, template = _compiler()
    pdf = compiler.compile(template, sys_inputs={"data": json.dumps(data)}, format="pdf", timestamp=0)
    assert isinstance(pdf, bytes)
    return pdf


def _moment(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%d.%m.%Y %H:%M:%S %z}"


@cache
def _compiler() -> tuple[typst.Compiler, bytes]:
    try:
        import typst  # noqa: PLC0415 - only who shows a signature pays for it
    except ImportError as error:
        raise ConfigurationError(
            "PDF_EXTRA", "the PDF renderer is not installed", hint="in a checkout of egov-sign: pip install '.[pdf]'"
        ) from error
    template = resources.files("egov_sign.docs").joinpath("templates/signature.typ").read_bytes()
    return typst.Compiler(ignore_system_fonts=True), template
