"""CMS beside a peer: ``python -m bench.bench_cms [DOCUMENTS]``.

Attached signatures over 4.4 KB, RSA-2048, each by another signer under one issuer with a CRL. Our full verdict
(signature, path, revocation, identity, policy) is timed against pyHanko's validation of the same messages with the same
anchors and lists. Both run in turn on the same documents; the best processor time of several rounds counts.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from bench.bench_xml import IIN, make, measure
from bench.timing import BUILD
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs.cms_sign import sign
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.docs.judged import Required
from egov_sign.verdict import Indication
from egov_sign_pki import World

Check = Callable[[bytes, KeySigner], bool]


def ours(world: World) -> Check:
    """Return our full verdict; the validator is one for all messages, as in a batch."""
    judge = CertificateValidator(
        TrustStore(Certificate.load(anchor) for anchor in world.anchors),
        intermediates=[Certificate.load(item) for item in world.intermediates],
        revocation=Revocation(RevocationSources(crls=[world.crl(label) for label in world.authorities])),
    )
    validator = CmsValidator(judge)

    def check(data: bytes, signer: KeySigner) -> bool:
        return validator.validate(data, world.at, required=Required(iin=IIN)).indication is Indication.VALID

    return check


def pyhanko(world: World) -> Check:
    """Return pyHanko's validation with revocation."""
    from asn1crypto import cms, crl, x509
    from pyhanko.sign.validation import async_validate_cms_signature
    from pyhanko_certvalidator import ValidationContext

    load_message: Any = cms.ContentInfo.load
    load_certificate: Any = x509.Certificate.load
    load_list: Any = crl.CertificateList.load
    context = ValidationContext(
        trust_roots=[load_certificate(anchor) for anchor in world.anchors],
        other_certs=[load_certificate(item) for item in world.intermediates],
        crls=[load_list(world.crl(label)) for label in world.authorities],
        moment=world.at,
        allow_fetching=False,
        revocation_mode="hard-fail",
    )

    def check(data: bytes, signer: KeySigner) -> bool:
        signed_data = load_message(data)["content"]
        status = asyncio.run(async_validate_cms_signature(signed_data, validation_context=context))
        return bool(status.intact and status.valid and status.trusted)

    return check


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    world, documents = make(count)
    content = documents[0][0]
    made = [(sign(content, signer, signing_time=world.at), signer) for _, signer in documents]
    print(f"egov-sign is {BUILD}; {count} messages of {len(made[0][0])} bytes, {count} signers, RSA-2048")
    measure({"egov-sign, full verdict": ours(world), "pyHanko, with revocation": pyhanko(world)}, made)


if __name__ == "__main__":
    main()
