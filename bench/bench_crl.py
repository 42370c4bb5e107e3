"""A list of 100,000 entries beside ``cryptography`` and ``asn1crypto``: ``python -m bench.bench_crl``.

Loading is timed from bytes to the first answer: ``cryptography`` reads the frame at once and walks over the entries at
every look-up, ``asn1crypto`` builds objects. Then a look-up, and a whole check of a certificate's revocation (report
and evidence included) beside the bare RSA verification it comes on top of. Memory is what the index takes beyond the
bytes of the list.
"""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from asn1crypto import crl as asn1_crl
from cryptography import x509

from bench.timing import BUILD, best
from egov_sign.certs import issue_extensions as ext
from egov_sign.certs import issue_names as names
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.crl import Crl
from egov_sign.certs.issue import Authority, issue_certificate
from egov_sign.certs.issue_crl import RevokedEntry, issue_crl
from egov_sign.certs.name import Name
from egov_sign.certs.reasons import Reason
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.crypto.algorithms import by_name
from egov_sign.crypto.generate import generate_private_key
from egov_sign.crypto.keys import PublicKey
from egov_sign.verdict import Report

ENTRIES = 100_000
AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
REASONS = (None, Reason.SUPERSEDED, Reason.KEY_COMPROMISE, Reason.CESSATION_OF_OPERATION)


def authority() -> Authority:
    """Return a self-signed RSA authority."""
    bare = Authority.of(names.name([("CN", "Bench"), ("C", "KZ")]), generate_private_key("rsa2048"))
    certificate = issue_certificate(
        bare,
        subject=bare.name,
        spki=bare.spki,
        serial=1,
        not_before=AT - 999 * DAY,
        not_after=AT + 999 * DAY,
        extensions=(ext.basic_constraints(ca=True), ext.key_usage("keyCertSign", "cRLSign")),
    )
    return Authority.of(bare.name, bare.key, certificate=certificate)


def revocation_list(issuer: Authority) -> tuple[bytes, list[int]]:
    """Return a list with random serial numbers, and the numbers."""
    draw = random.Random(1)
    serials = [draw.getrandbits(158) + 1 for _ in range(ENTRIES)]
    entries = [RevokedEntry(serial, AT - DAY, draw.choice(REASONS)) for serial in serials]
    return issue_crl(issuer, entries, number=5, this_update=AT - DAY, next_update=AT + DAY), serials


def asn1crypto_find(data: bytes, serial: int) -> bool:
    """Look for ``serial`` as one does with ``asn1crypto``."""
    reader: Any = asn1_crl.CertificateList
    found = reader.load(data)["tbs_cert_list"]["revoked_certificates"]
    return any(entry["user_certificate"].native == serial for entry in found)


def leaves(issuer: Authority, count: int) -> list[bytes]:
    """Return end-entity certificates that are not listed."""
    spki = generate_private_key("rsa2048").public_key().spki
    issue = partial(issue_certificate, issuer, spki=spki, not_before=AT - DAY, not_after=AT + DAY)
    extensions = (ext.key_usage("digitalSignature"), ext.crl_distribution_points("http://127.0.0.1/ca.crl"))
    subjects = (names.name([("CN", f"Person {number}"), ("C", "KZ")]) for number in range(count))
    return [issue(subject=subject, serial=2**159 + n, extensions=extensions) for n, subject in enumerate(subjects)]


def lists(issuer: Authority) -> bytes:
    """Measure loading, memory and look-up; return the list."""
    data, serials = revocation_list(issuer)
    last = serials[-1]
    ours = best(lambda: Crl.load(data).find(last))
    pyca = best(lambda: x509.load_der_x509_crl(data).get_revoked_certificate_by_serial_number(last))
    objects = best(lambda: asn1crypto_find(data, last), repeat=1)
    print(f"egov-sign is {BUILD}; {ENTRIES} entries, {len(data) / 1e6:.1f} MB, to the first answer (the last entry):")
    print(f"  egov-sign {1000 * ours:8.1f} ms   cryptography {1000 * pyca:.1f} ms   asn1crypto {1000 * objects:.0f} ms")
    tracemalloc.start()
    crl = Crl.load(data)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"  memory of the index {held / 1e6:.1f} MB")
    loaded = x509.load_der_x509_crl(data)
    hit, miss = best(lambda: crl.find(last), 2000), best(lambda: crl.find(7), 2000)
    walk = best(lambda: loaded.get_revoked_certificate_by_serial_number(last), 3)
    print(f"a look-up in the loaded list: listed {1e6 * hit:.1f} µs, not listed {1e6 * miss:.2f} µs")
    print(f"  cryptography {1e6 * walk:.0f} µs: {walk / hit:.0f} times as long")
    return data


@dataclass
class Direct:
    """The path of a certificate whose issuer is the trust anchor."""

    anchor: Certificate
    issuer_key: PublicKey
    end_entity: bool = True

    def known(self, name: Name) -> Sequence[Certificate]:
        """Return the anchor if it has that name."""
        return [self.anchor] if self.anchor.subject == name else []

    def validate(self, signer: Certificate, candidates: Sequence[Certificate] = ()) -> Report:
        """Judge nobody: the anchor signs its lists itself."""
        raise AssertionError("the list is signed by the issuer itself", signer, candidates)


def checks(issuer: Authority, data: bytes) -> None:
    """Measure the check of one certificate after another under one issuer."""
    encoded = leaves(issuer, 300)
    anchor = Certificate.load(issuer.certificate)
    path = Direct(anchor, anchor.public_key)
    checker = Revocation(RevocationSources(crls=[data]))
    algorithm = by_name("rsa-sha256")
    rounds = iter([[Certificate.load(leaf) for leaf in encoded] for _ in range(11)])  # nothing is warm but the issuer

    def verify() -> None:
        for leaf in known:
            anchor.public_key.verify(leaf.signature, leaf.tbs, algorithm)

    def check() -> None:
        for leaf in next(rounds):
            checker.check(leaf, anchor, AT, path)

    known = next(rounds)
    floor, ours = best(verify, repeat=10) / len(encoded), best(check, repeat=10) / len(encoded)
    print(f"revocation of one certificate after another, report and evidence included: {1e6 * ours:.1f} µs")
    print(f"  beside its bare RSA-2048 verification, {1e6 * floor:.1f} µs: {ours / floor:.2f} of it")


def main() -> None:
    """Measure and print."""
    issuer = authority()
    checks(issuer, lists(issuer))


if __name__ == "__main__":
    main()
