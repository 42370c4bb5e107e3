"""Paths: a leaf below a warm issuer against the bare RSA verification, a cold path against pyhanko-certvalidator.

    python -m bench.bench_paths

Everything is made in memory with RSA-2048 keys. Each pair is timed in turns in one run; what counts is the ratio.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pyhanko_certvalidator import CertificateValidator as PyhankoValidator
from pyhanko_certvalidator import ValidationContext

from bench.timing import BUILD
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import Authority, issue_certificate
from egov_sign.certs.issue_crl import RevokedEntry, issue_crl
from egov_sign.certs.issue_names import name
from egov_sign.certs.issue_profiles import PROFILES, Services, extensions
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.crypto.generate import generate_private_key
from egov_sign.verdict import Indication

AT = datetime(2024, 6, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
REVOKED = 100_000
SERVICES = Services(crl="http://crl.test.kz/issuer.crl", ocsp="http://ocsp.test.kz/")
"""What the issuer names in its certificates; nothing is fetched."""


def issue(issuer: Authority, title: str, kind: str, serial: int) -> Authority:
    """Return an authority or holder called ``title`` under ``issuer``, with a new key."""
    key = generate_private_key("rsa2048")
    number = f"IIN{850412110000 + serial}"  # nobody's, and different for everybody, as names are
    attributes = [("CN", title), ("SN", f"ТЕСТОВ{serial}"), ("serialNumber", number), ("C", "KZ"), ("G", "ТЕСТОВИЧ")]
    subject = name(attributes if kind.startswith("person") else attributes[:1] + attributes[3:4])
    holder = Authority.of(subject, key)
    encoded = issue_certificate(
        issuer if issuer.certificate else holder,
        subject=subject,
        spki=holder.spki,
        serial=serial,
        not_before=AT - YEAR,
        not_after=AT + YEAR,
        extensions=extensions(PROFILES[kind], SERVICES),
    )
    return replace(holder, certificate=encoded)


class World:
    """A root, an issuer, many holders, and the lists of both authorities."""

    def __init__(self, leaves: int, revoked: int) -> None:
        nobody = Authority.of(name([("CN", "root"), ("C", "KZ")]), generate_private_key("rsa2048"))
        self.root = issue(nobody, "root", "root", 1)
        self.issuer = issue(self.root, "issuer", "issuer", 2)
        self.leaves = [issue(self.issuer, f"ТЕСТОВ{n} ТЕСТ", "person", 10 + n).certificate for n in range(leaves)]
        entries = [RevokedEntry(10**30 + n, AT - timedelta(days=9)) for n in range(revoked)]
        since, until = AT - timedelta(days=1), AT + timedelta(days=1)
        self.crls = [
            issue_crl(self.root, [], number=1, this_update=since, next_update=until),
            issue_crl(self.issuer, entries, number=1, this_update=since, next_update=until),
        ]

    def validator(self) -> CertificateValidator:
        """Return a validator that knows nothing yet but the certificates and the lists."""
        return CertificateValidator(
            TrustStore([Certificate.load(self.root.certificate)]),
            intermediates=[Certificate.load(self.issuer.certificate)],
            revocation=Revocation(RevocationSources(crls=self.crls)),
        )


def best(work: Callable[[], object], repeat: int, rounds: int = 7) -> float:
    """Return the least processor time of one call in microseconds."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        for _ in range(repeat):
            work()
        times.append((time.process_time() - started) / repeat)
    return min(times) * 1e6


def warm(world: World) -> None:
    """Compare the whole judgement of leaves below a warm issuer with the bare verification of their signatures."""
    validator = world.validator()
    first = Certificate.load(world.leaves[0])
    assert validator.validate(first, AT).indication is Indication.VALID
    key = serialization.load_der_public_key(world.issuer.spki)
    assert isinstance(key, rsa.RSAPublicKey)
    parsed = [Certificate.load(leaf) for leaf in world.leaves]

    def verify() -> None:
        for leaf in parsed:
            key.verify(leaf.signature, leaf.tbs, padding.PKCS1v15(), hashes.SHA256())

    def judge() -> None:
        for leaf in world.leaves:
            validator.validate(Certificate.load(leaf), AT)

    bare, whole = best(verify, 20) / len(parsed), best(judge, 20) / len(parsed)
    print(f"egov-sign is {BUILD}; leaves of {len(world.leaves[0])} bytes, their issuer warm, its list of {REVOKED:,}:")
    print(f"  bare RSA-2048 verification {bare:7.1f} us")
    print(f"  parse and judge            {whole:7.1f} us   ratio {whole / bare:.2f}")


def cold(world: World) -> None:
    """Compare a path of three certificates with two lists, everything parsed anew, with pyhanko-certvalidator."""
    leaf = world.leaves[0]

    def ours() -> None:
        assert world.validator().validate(Certificate.load(leaf), AT).indication is Indication.VALID

    async def validate_by_pyhanko() -> None:
        context = ValidationContext(
            trust_roots=[asn1_x509.Certificate.load(world.root.certificate)],
            other_certs=[asn1_x509.Certificate.load(world.issuer.certificate)],
            crls=[asn1_crl.CertificateList.load(encoded) for encoded in world.crls],
            moment=AT,
            allow_fetching=False,
            revocation_mode="require",
        )
        await PyhankoValidator(asn1_x509.Certificate.load(leaf), validation_context=context).async_validate_path()

    def theirs() -> None:
        asyncio.run(validate_by_pyhanko())

    mine, peer = best(ours, 20), best(theirs, 20)
    print("cold path of three certificates with two lists:")
    print(f"  pyhanko-certvalidator      {peer:7.1f} us")
    print(f"  egov-sign                  {mine:7.1f} us   {peer / mine:.1f} times as fast")


if __name__ == "__main__":
    warm(World(leaves=20, revoked=REVOKED))
    cold(World(leaves=1, revoked=10))
