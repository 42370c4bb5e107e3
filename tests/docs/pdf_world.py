"""A small world for the tests of signed PDF files: signers, an authority for time-stamps, validators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from io import BytesIO
from itertools import count

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import FrozenClock
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs.pdf_render import PdfRenderer
from egov_sign.docs.pdf_sign import PdfSignature, sign_pdf
from egov_sign.docs.pdf_structure import PdfField, read_pdf
from egov_sign.docs.pdf_validation import PdfValidator
from egov_sign.docs.timestamp_authority import TimestampAuthority
from egov_sign.verdict import Report
from egov_sign_pki.world import World
from tests.docs.cms_world import AT, POLICY
from tests.docs.pdf_samples import result_xml

PLAIN = PdfSignature()


@cache
def pdf_world(kind: str = "ec") -> World:
    """Return the shared world; a test that revokes something builds its own."""
    return World.build(seed=f"pdf {kind}", at=AT, kind=kind)


@cache
def plain_pdf() -> bytes:
    """Return an unsigned document."""
    return PdfRenderer().render(result_xml("call"))


def authority(world: World, at: datetime = AT, label: str = "tsa") -> TimestampAuthority:
    numbers = count(1)
    return TimestampAuthority(world.signer(label), policy=POLICY, clock=FrozenClock(at), serial=lambda: next(numbers))


def judge(world: World, *, informed: bool = True) -> CertificateValidator:
    """Return a judge that trusts the roots of ``world``, and knows its lists and intermediates if ``informed``."""
    crls = [world.crl(label) for label in world.authorities] if informed else []
    return CertificateValidator(
        TrustStore(map(Certificate.load, world.anchors)),
        intermediates=map(Certificate.load, world.intermediates if informed else ()),
        revocation=Revocation(RevocationSources(crls=crls)),
    )


def validator(world: World, *, informed: bool = True) -> PdfValidator:
    return PdfValidator(judge(world, informed=informed))


def signed(world: World | None = None, signature: PdfSignature = PLAIN, pdf: bytes | None = None) -> bytes:
    """Return a document signed by the person of ``world``."""
    world = world or pdf_world()
    return sign_pdf(pdf or plain_pdf(), world.signer("person"), signing_time=AT, signature=signature)


def verdict(pdf: bytes, at: datetime = AT, world: World | None = None) -> Report:
    return validator(world or pdf_world()).validate(pdf, at)


def field(pdf: bytes, number: int = 0) -> PdfField:
    return read_pdf(pdf).fields[number]


def with_contents(pdf: bytes, contents: bytes, number: int = 0) -> bytes:
    """Return ``pdf`` with other contents in a signature; not a byte that is signed changes."""
    _, before, after, _ = field(pdf, number).byte_range
    room = (after - before - 2) // 2
    assert len(contents) <= room
    return pdf[: before + 1] + contents.hex().ljust(2 * room, "0").encode() + pdf[after - 1 :]


def updated(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """Return ``pdf`` with an incremental update that ``change`` makes."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    change(writer)
    output = BytesIO()
    writer.write(output)  # type: ignore[no-untyped-call]
    return output.getvalue()


def person(world: World | None = None) -> KeySigner:
    return (world or pdf_world()).signer("person")
