"""A thousand EC person certificates, against raw ``cryptography`` builders; and whole worlds from a cold start.

The builders get the same subject, extensions and validity, prepared outside the clock as far as they allow; both sides
make a new key for each certificate. Best of five rounds that alternate.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from egov_sign.certs.issue import Authority, issue_certificate
from egov_sign.certs.issue_names import name
from egov_sign.certs.issue_profiles import PRACTICE_STATEMENT, Services, extensions, person_subject, profile
from egov_sign.crypto.keys import PycaPrivateKey
from egov_sign_pki import World
from egov_sign_pki.seeds import derive_key, serial_number

COUNT = 1000
AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
UNTIL = AT + timedelta(days=365)
KIND = profile("person-sign")
SERVICES = Services("http://127.0.0.1/a.crl", "http://127.0.0.1/d.crl", "http://127.0.0.1/o", "http://127.0.0.1/a.cer")
PERSON = ("ТЕСТОВ", "ТЕСТ", "ТЕСТОВИЧ")
_KINDS = {"CN": NameOID.COMMON_NAME, "SN": NameOID.SURNAME, "serialNumber": NameOID.SERIAL_NUMBER,
          "C": NameOID.COUNTRY_NAME, "G": NameOID.GIVEN_NAME, "description": ObjectIdentifier("2.5.4.13")}  # fmt: skip


def ours(issuer: Authority) -> list[bytes]:
    """Issue the certificates with keys derived from a seed."""
    made = []
    surname, given, patronymic = PERSON
    for number in range(COUNT):
        label = str(number)
        key = derive_key("ec256", "bench", label)
        made.append(
            issue_certificate(
                issuer,
                subject=name(person_subject(surname, given, f"{number:012}", patronymic=patronymic)),
                spki=key.public_key().spki,
                serial=serial_number("bench", label),
                not_before=AT,
                not_after=UNTIL,
                extensions=extensions(KIND, SERVICES),
            )
        )
    return made


def builders(issuer: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> list[bytes]:
    """Issue the same with ``cryptography``'s builders."""
    common = _common_extensions(issuer)
    made = []
    surname, given, patronymic = PERSON
    for number in range(COUNT):
        holder = ec.generate_private_key(ec.SECP256R1())
        subject = person_subject(surname, given, f"{number:012}", patronymic=patronymic)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(_KINDS[kind], value) for kind, value in subject]))
            .issuer_name(issuer.subject)
            .public_key(holder.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(AT)
            .not_valid_after(UNTIL)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(holder.public_key()), critical=False)
        )
        for extension, critical in common:
            builder = builder.add_extension(extension, critical)
        made.append(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    return made


def _common_extensions(issuer: x509.Certificate) -> list[tuple[x509.ExtensionType, bool]]:
    def uri(address: str) -> x509.UniformResourceIdentifier:
        return x509.UniformResourceIdentifier(address)

    def point(address: str) -> x509.DistributionPoint:
        return x509.DistributionPoint([uri(address)], None, None, None)

    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    policies = [x509.PolicyInformation(ObjectIdentifier(oid), [PRACTICE_STATEMENT]) for oid in KIND.policies]
    access = [
        x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.CA_ISSUERS, uri(SERVICES.certificate)),
        x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.OCSP, uri(SERVICES.ocsp)),
    ]
    key_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return [
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), False),
        (usage, True),
        (x509.ExtendedKeyUsage([ObjectIdentifier(oid) for oid in KIND.extended]), False),
        (x509.CertificatePolicies(policies), False),
        (x509.CRLDistributionPoints([point(SERVICES.crl)]), False),
        (x509.FreshestCRL([point(SERVICES.delta)]), False),
        (x509.AuthorityInformationAccess(access), False),
    ]


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cold_start(kinds: str) -> float:
    """Return the seconds that a new process takes to build and write the ready world of each of ``kinds``."""
    code = (
        "import sys; from pathlib import Path; from egov_sign_pki import World\n"
        "from egov_sign_pki.serving import running_services\n"
        "for kind in sys.argv[2].split(','):\n"
        "    world = World.build(kind=kind); world.write(Path(sys.argv[1]) / kind)\n"
        "    with running_services(world): pass\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        return timed(lambda: subprocess.run([sys.executable, "-c", code, folder, kinds], check=True))


def main() -> None:
    """Print the numbers."""
    world = World.build(kind="ec")
    authority = world.authority("issuer")
    certificate = x509.load_der_x509_certificate(world.certificate("issuer"))
    key = world.key("issuer")
    assert isinstance(key, PycaPrivateKey)
    raw = serialization.load_der_private_key(key.pkcs8(), None)
    assert isinstance(raw, ec.EllipticCurvePrivateKey)
    rounds = [(timed(lambda: ours(authority)), timed(lambda: builders(certificate, raw))) for _ in range(5)]
    mine, theirs = (min(column) for column in zip(*rounds, strict=True))
    each = 1000 / COUNT
    print(f"{COUNT} EC person certificates: ours {mine * each:.3f} ms each, cryptography {theirs * each:.3f} ms each")
    print(f"ratio {mine / theirs:.2f} (at most 1.5)")
    for kinds in ("ec,gost", "rsa"):
        seconds = min(cold_start(kinds) for _ in range(3))
        print(f"ready world with services and PKCS#12 from a cold start, {kinds}: {seconds:.2f} s")


if __name__ == "__main__":
    main()
