"""Signed XML beside its peers: ``python -m bench.bench_xml [DOCUMENTS]``.

Documents of 4.4 KB in the country's enveloped shape, RSA-2048, each by another signer under one issuer with a CRL. The
full verdict (signature, path, revocation, identity, policy) is timed against the bare signature check of its peers
with the key given: signxml, and python-xmlsec where it is installed. All run in turn on the same documents; the best
processor time of several rounds counts. Signers share a few keys, as making keys takes long; their certificates are
all different.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives import serialization
from lxml import etree

from bench.timing import BUILD
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import issue_certificate
from egov_sign.certs.issue_names import name
from egov_sign.certs.issue_profiles import extensions, person_subject, profile
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.crypto.algorithms import by_name
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs.judged import Required
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.verdict import Indication
from egov_sign_pki import World

KEYS = 10
ROUNDS = 5
IIN = "123456789011"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


def make(count: int) -> tuple[World, list[tuple[bytes, KeySigner]]]:
    """Return a world and ``count`` signed documents of as many signers under its issuer."""
    world = World.build(kind="rsa")
    issuer = world.authority("issuer")
    keys = [world.key(label) for label in world.labels[:KEYS]]
    made = []
    for number in range(count):
        key = keys[number % len(keys)]
        certificate = issue_certificate(
            issuer,
            subject=name(person_subject("ТЕСТОВ", f"ТЕСТ {number}", IIN)),
            spki=key.public_key().spki,
            serial=10_000_000 + number,
            not_before=world.at - timedelta(days=100),
            not_after=world.at + timedelta(days=200),
            extensions=extensions(profile("person"), world.services("issuer")),
        )
        signer = KeySigner(key, certificate, by_name("rsa-sha256"))
        rows = "".join(f'<c:Row n="{row}"><c:Text>Шағымдары {number}</c:Text></c:Row>' for row in range(17))
        document = (
            f'<rq:ServiceRequest xmlns:rq="urn:egov-sign:phc:request:1" xmlns:c="urn:egov-sign:phc:common:1" Id="req">'
            f"<rq:Applicant><c:IIN>{IIN}</c:IIN></rq:Applicant>{rows}</rq:ServiceRequest>"
        )
        made.append((sign_enveloped(document.encode(), signer), signer))
    return world, made


def ours(world: World) -> Callable[[bytes, KeySigner], bool]:
    """Return our full verdict; the validator is one for all documents, as in a batch."""
    judge = CertificateValidator(
        TrustStore(Certificate.load(anchor) for anchor in world.anchors),
        intermediates=[Certificate.load(item) for item in world.intermediates],
        revocation=Revocation(RevocationSources(crls=[world.crl(label) for label in world.authorities])),
    )
    validator = XmlValidator(judge)
    required = Required(iin=IIN, root="*")

    def check(data: bytes, signer: KeySigner) -> bool:
        return validator.validate(data, world.at, required=required).indication is Indication.VALID

    return check


def signxml_check(world: World) -> Callable[[bytes, KeySigner], bool]:
    """Return signxml's bare check with the certificate given."""
    from signxml import SignatureConfiguration, XMLVerifier

    configuration = SignatureConfiguration(verification_time=world.at)

    def check(data: bytes, signer: KeySigner) -> bool:
        pem = etree.fromstring(data).findtext(f".//{DS}X509Certificate") or ""
        certificate = f"-----BEGIN CERTIFICATE-----\n{pem.strip()}\n-----END CERTIFICATE-----\n"
        XMLVerifier().verify(data, x509_cert=certificate, id_attribute="Id", expect_config=configuration)
        return True

    return check


def signxml_path_check(world: World, folder: Path) -> Callable[[bytes, KeySigner], bool]:
    """Return signxml's check with the path of the certificate in the document, the nearest it has to a verdict.

    It asks about no revocation, no identity and no purpose.
    """
    from cryptography import x509
    from signxml import SignatureConfiguration, XMLVerifier

    anchors = folder / "anchors.pem"
    certificates = map(x509.load_der_x509_certificate, (*world.anchors, *world.intermediates))
    anchors.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates))
    configuration = SignatureConfiguration(verification_time=world.at)
    anything = x509.verification.ExtensionPolicy.permit_all()
    authority = anything.require_present(x509.BasicConstraints, x509.verification.Criticality.AGNOSTIC, None)

    def check(data: bytes, signer: KeySigner) -> bool:
        XMLVerifier().verify(
            data,
            ca_pem_file=str(anchors),
            id_attribute="Id",
            expect_config=configuration,
            ee_policy=anything,
            ca_policy=authority,
        )
        return True

    return check


def xmlsec_check() -> Callable[[bytes, KeySigner], bool] | None:
    """Return python-xmlsec's bare check with the key given, if it is installed."""
    try:
        import xmlsec  # type: ignore[import-not-found]
    except ImportError:
        return None

    def check(data: bytes, signer: KeySigner) -> bool:
        root = etree.fromstring(data)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(signer.certificate, xmlsec.constants.KeyDataFormatCertDer, None)
        context.verify(root.find(f"{DS}Signature"))
        return True

    return check


def measure(checks: dict[str, Callable[[bytes, KeySigner], bool]], made: list[tuple[bytes, KeySigner]]) -> None:
    """Print the best time per document of each check, and its ratio to the first."""
    best = dict.fromkeys(checks, float("inf"))
    for _ in range(ROUNDS):
        for label, check in checks.items():
            start = time.process_time()
            if not all(check(data, signer) for data, signer in made):
                raise SystemExit(f"{label}: a document does not verify")
            best[label] = min(best[label], (time.process_time() - start) / len(made))
    first = next(iter(best.values()))
    for label, seconds in best.items():
        print(f"{label:<40} {seconds * 1000:7.3f} ms per document   {seconds / first:5.2f} x")


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    world, made = make(count)
    print(f"egov-sign is {BUILD}; {count} documents of {len(made[0][0])} bytes, {count} signers, RSA-2048")
    checks = {"egov-sign, full verdict": ours(world), "signxml, bare check": signxml_check(world)}
    xmlsec = xmlsec_check()
    if xmlsec:
        checks["python-xmlsec, bare check"] = xmlsec
    with TemporaryDirectory() as folder:
        checks["signxml, with the certificate's path"] = signxml_path_check(world, Path(folder))
        measure(checks, made)


if __name__ == "__main__":
    main()
