"""A small authority for tests of revocation: EC keys derived from numbers, everything it issues in one line each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs import issue_names as names
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import Authority, issue_certificate
from egov_sign.certs.issue_crl import RevokedEntry, issue_crl
from egov_sign.certs.issue_ocsp import GOOD, Answer, cert_id, issue_ocsp
from egov_sign.certs.reasons import Reason
from egov_sign.crypto import der_write as der
from egov_sign.crypto.keys import PycaPrivateKey

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CA_USAGE = ("keyCertSign", "cRLSign")


def key(number: int) -> PycaPrivateKey:
    return PycaPrivateKey(ec.derive_private_key(1_000_000_007 + number, ec.SECP256R1()))


def entry(serial: int, at: datetime = AT - DAY, reason: Reason | None = None, **more: object) -> RevokedEntry:
    return RevokedEntry(serial, at, reason, **more)  # type: ignore[arg-type]


def point_elsewhere(url: str, crl_issuer: bytes) -> bytes:
    """Return cRLDistributionPoints whose list ``crl_issuer`` (DER Name) signs (RFC 5280, 4.2.1.13)."""
    point = der.sequence(der.tagged(0, der.tagged(0, names.uri(url))), der.tagged(2, names.directory_name(crl_issuer)))
    return ext.extension("2.5.29.31", der.sequence(point))


class SmallCa:
    """An authority with a self-signed certificate, or one below ``parent``."""

    def __init__(
        self,
        title: str = "CA",
        number: int = 1,
        *,
        parent: SmallCa | None = None,
        usage: tuple[str, ...] = CA_USAGE,
        ca: bool = True,
        extensions: Iterable[bytes] = (),
        serial: int = 1,
    ) -> None:
        self.name = names.name([("CN", title), ("C", "KZ")])
        bare = Authority.of(self.name, key(number))
        issuer = parent.authority if parent else bare
        self.certificate = Certificate.load(
            issue_certificate(
                issuer,
                subject=self.name,
                spki=bare.spki,
                serial=serial,
                not_before=AT - 1000 * DAY,
                not_after=AT + 1000 * DAY,
                extensions=(ext.basic_constraints(ca=ca), ext.key_usage(*usage), *extensions),
            )
        )
        self.authority: Authority = Authority.of(self.name, key(number), certificate=self.certificate.der)

    def leaf(
        self, serial: int = 77, *extensions: bytes, number: int = 900, until: datetime | None = None
    ) -> Certificate:
        """Return a person's certificate."""
        return Certificate.load(
            issue_certificate(
                self.authority,
                subject=names.name([("CN", f"ТЕСТОВ {serial}"), ("C", "KZ")]),
                spki=key(number).public_key().spki,
                serial=serial,
                not_before=AT - 300 * DAY,
                not_after=until or AT + 300 * DAY,
                extensions=(ext.key_usage("digitalSignature"), *extensions),
            )
        )

    def crl(
        self,
        *entries: RevokedEntry,
        number: int = 5,
        this_update: datetime = AT - HOUR,
        next_update: datetime | None = AT + DAY,
        base_number: int | None = None,
        extensions: Iterable[bytes] = (),
    ) -> bytes:
        """Return a list that is fresh at :data:`AT`."""
        return issue_crl(
            self.authority,
            entries,
            number=number,
            this_update=this_update,
            next_update=next_update,
            base_number=base_number,
            extensions=extensions,
        )

    def responder(
        self,
        *extensions: bytes,
        number: int = 500,
        title: str = "OCSP",
        not_before: datetime = AT - 100 * DAY,
        not_after: datetime = AT + 100 * DAY,
        usages: tuple[str, ...] = ("1.3.6.1.5.5.7.3.9",),
        no_check: bool = True,
        serial: int = 5000,
    ) -> Authority:
        """Return a delegated OCSP responder."""
        subject = names.name([("CN", title), ("C", "KZ")])
        certificate = issue_certificate(
            self.authority,
            subject=subject,
            spki=key(number).public_key().spki,
            serial=serial,
            not_before=not_before,
            not_after=not_after,
            extensions=(
                ext.key_usage("digitalSignature"),
                *((ext.extended_key_usage(*usages),) if usages else ()),
                *((ext.ocsp_no_check(),) if no_check else ()),
                *extensions,
            ),
        )
        return Authority.of(subject, key(number), certificate=certificate)

    def answer(
        self,
        serial: int = 77,
        status: bytes = GOOD,
        *,
        this_update: datetime = AT - HOUR / 2,
        next_update: datetime | None = AT + DAY,
        digest: str = "sha1",
        extensions: tuple[bytes, ...] = (),
    ) -> Answer:
        """Return what is said about the certificate ``serial`` of this authority."""
        identifier = cert_id(self.name, self.certificate.spki, serial, digest)
        return Answer(identifier, status, this_update, next_update, extensions)

    def ocsp(
        self,
        *answers: Answer,
        responder: Authority | None = None,
        produced_at: datetime = AT - HOUR / 2,
        extensions: Iterable[bytes] = (),
        by_name: bool = False,
    ) -> bytes:
        """Return a response signed by ``responder``, or by the authority itself."""
        return issue_ocsp(
            responder or self.authority,
            answers or (self.answer(),),
            produced_at=produced_at,
            certificates=(responder.certificate,) if responder else (),
            extensions=extensions,
            by_name=by_name,
        )
