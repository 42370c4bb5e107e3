"""Documents that a person holds, as PDF/A-3 with the signed XML attached (R440, R533).

Rendered by typst from a template: A4, tagged for screen readers, with fonts of the renderer's own, so that the same
document gives the same bytes on any machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from egov_sign.docs.document import KAZAKHSTAN, PersonalDocument, read_document
from egov_sign.docs.qr import QrPayload, qr_svg
from egov_sign.errors import ConfigurationError
from egov_sign.messages import Language, text

if TYPE_CHECKING:
    import typst

ATTACHMENT = "document.xml"
"""Name of the signed XML inside the PDF."""
STANDARDS = ["a-3a", "ua-1"]


class PdfRenderer:
    """Turns signed XML into PDF; keep one for a batch, since it keeps fonts and the template.

    Args:
        template: a provider's own typst file instead of the built-in one; the folder it lies in is all it can read.
        languages: of captions and texts, the leading one first.
        zone: in which times are told (R438).
    """

    def __init__(
        self,
        template: Path | None = None,
        *,
        languages: Sequence[Language] = ("kk", "ru"),
        zone: tzinfo = KAZAKHSTAN,
    ) -> None:
        if not languages:
            raise ConfigurationError("PDF_LANGUAGES", "a document needs at least one language")
        self.template = template
        self.languages = tuple(languages)
        self.zone = zone

    def render(self, signed_xml: bytes, *, paper: bool = False) -> bytes:
        """Return the PDF of a result certificate or reasoned refusal.

        Args:
            signed_xml: the document; its signature is not checked here.
            paper: the talon that an employee prints and signs by hand (R432).

        Raises:
            InputError: as :func:`egov_sign.docs.document.read_document`.
            ConfigurationError: ``PDF_TEMPLATE`` if the template cannot be rendered.
        """
        inputs, moment = self.inputs(signed_xml, paper=paper)
        import typst  # noqa: PLC0415 - only who renders pays for it

        try:
            pdf = self._compiler.compile(
                self._source, sys_inputs=inputs, format="pdf", pdf_standards=STANDARDS,  # type: ignore[arg-type]
                timestamp=moment,
            )  # fmt: skip
        except typst.TypstError as error:
            raise ConfigurationError("PDF_TEMPLATE", f"the template cannot be rendered: {error.message}") from error
        assert isinstance(pdf, bytes)
        return pdf

    def inputs(self, signed_xml: bytes, *, paper: bool = False) -> tuple[dict[str, str], int]:
        """Return what a template finds in ``sys.inputs``, and the time of issue in seconds since 1970.

        Args: as :meth:`render`.
        """
        document = read_document(signed_xml, zone=self.zone)
        payload = QrPayload.of(document.number, signed_xml)
        data = json.dumps(self._data(document, payload, paper=paper), ensure_ascii=False)
        inputs = {"data": data, "qr": qr_svg(str(payload)), "xml": signed_xml.decode("utf-8")}
        return inputs, int(document.issued_at.timestamp())

    def render_all(self, documents: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the PDF of each document in turn."""
        return map(self.render, documents)

    @cached_property
    def _compiler(self) -> typst.Compiler:
        try:
            import typst  # noqa: PLC0415
        except ImportError as error:
            raise ConfigurationError(
                "PDF_EXTRA",
                "the PDF renderer is not installed",
                hint="in a checkout of egov-sign: pip install '.[pdf]'",
            ) from error
        return typst.Compiler(root=self.template.parent if self.template else None, ignore_system_fonts=True)

    @cached_property
    def _source(self) -> bytes:
        if self.template is None:
            return resources.files("egov_sign.docs").joinpath("templates/document.typ").read_bytes()
        try:
            return self.template.read_bytes()
        except OSError as error:
            raise ConfigurationError("PDF_TEMPLATE", "the template cannot be read", where=str(self.template)) from error

    def _data(self, document: PersonalDocument, payload: QrPayload, *, paper: bool) -> dict[str, Any]:
        """Return what the template shows; every text with its language, for screen readers."""
        talon = paper and document.kind == "attachment"
        title = "PDF_TITLE_TALON" if talon else f"PDF_TITLE_{document.kind.upper()}"
        parts = [("PDF_HOW_TO_FIX", document.advice), ("PDF_APPEAL", document.appeal)]
        return {
            "languages": self.languages,
            "title": self._say(title),
            "keywords": [document.number, document.request_number],
            "number": document.number,
            "date": f"{document.issued_at.astimezone(self.zone):%d.%m.%Y}",
            "provider": document.provider,
            "provider_line": f"{text('PDF_PROVIDER_BIN', self.languages[0])} {document.bin}",
            "statement": document.statement,
            "rows": [
                {"caption": self._say(row.caption), "value": self._value(row.caption, row.value), "strong": row.strong}
                for row in document.rows
                if row.caption not in ("PDF_NUMBER", "PDF_PROVIDER_BIN")
            ],
            "reasons_caption": self._say("PDF_REASONS"),
            "reasons": [
                {
                    "texts": self._pick(reason.texts),
                    "ground": self._say("PDF_GROUND", ground=reason.ground) if reason.ground else [],
                }
                for reason in document.reasons
            ],
            "parts": [{"caption": self._say(caption), "texts": self._pick(texts)} for caption, texts in parts if texts],
            "code_caption": self._say("PDF_CODE"),
            "code": document.code or document.number,
            "check": self._say("PDF_CHECK"),
            "digest_caption": self._say("PDF_DIGEST"),
            "digest": payload.digest,
            "qr_alt": text("PDF_QR", self.languages[0]),
            "signer_caption": self._say("PDF_SIGNED_BY"),
            "signer": document.signer,
            "position": document.position,
            "signature_caption": self._say("PDF_SIGN_BY_HAND" if paper else "PDF_SIGNED_HERE"),
            "legal": [] if paper else self._say("PDF_LEGAL"),
            "attachment": {
                "name": ATTACHMENT,
                "description": text("PDF_ATTACHMENT_DESCRIPTION", self.languages[0]),
            },
        }

    def _say(self, code: str, **values: str) -> list[dict[str, str]]:
        return [{"lang": language, "text": text(code, language, values)} for language in self.languages]

    def _pick(self, texts: dict[str, str]) -> list[dict[str, str]]:
        return [{"lang": language, "text": texts[language]} for language in self.languages if language in texts]

    def _value(self, caption: str, value: str) -> str:
        """Return a value as it is read: the code of a service becomes its name."""
        return text(f"PDF_SERVICE_{value}", self.languages[0]) if caption == "PDF_SERVICE" else value
