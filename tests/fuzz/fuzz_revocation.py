"""Fuzz the readers of CRLs and OCSP responses, and the judgement over them, with atheris.

How to run it: :mod:`tests.fuzz.common`.

Anything but :class:`egov_sign.errors.EgovSignError` is a finding, and so is a certificate that its issuer revoked and
that is found good.
"""

from __future__ import annotations

from contextlib import suppress

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.crl import Crl
from egov_sign.certs.evidence import evidence_in
from egov_sign.certs.issue_ocsp import UNKNOWN, refuse, revoked
from egov_sign.certs.ocsp import OcspResponse, ResponseStatus
from egov_sign.certs.reasons import Reason
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.crypto import der_write as der
from egov_sign.errors import EgovSignError
from egov_sign.verdict import Indication
from tests.certs import paths_double
from tests.certs.small_ca import AT, DAY, SmallCa, entry
from tests.fuzz.common import run

CA = SmallCa()
REVOKED = CA.leaf(77, ext.crl_distribution_points("http://a.test/"))
"""The authority never signed anything that calls this certificate good."""


def seeds() -> list[bytes]:
    """Return lists and responses of every kind that the readers know."""
    reasons = [entry(number, reason=reason) for number, reason in enumerate(Reason, 70)]
    indirect = ext.issuing_distribution_point(url="http://a.test/", indirect=True)
    partial = ext.issuing_distribution_point(only_user=True, only_reasons=(Reason.KEY_COMPROMISE,))
    other = SmallCa("Other", 2)
    responder = CA.responder()
    gone = CA.answer(status=revoked(AT - DAY, Reason.CA_COMPROMISE))
    return [
        CA.crl(entry(77), entry(78, invalidity_date=AT - DAY), next_update=None),
        CA.crl(*reasons, base_number=4, extensions=(ext.freshest_crl("http://b.test/"),)),
        CA.crl(entry(77), entry(1, certificate_issuer=other.name), entry(2), extensions=(indirect,)),
        CA.crl(entry(77), extensions=(partial, ext.extension("1.2.398.99", der.NULL, critical=True))),
        CA.crl(entry(2**158), entry(-1), entry(77, AT - 20_000 * DAY)),
        CA.ocsp(gone),
        CA.ocsp(gone, CA.answer(78), responder=responder, extensions=(ext.ocsp_nonce(b"nonce"),), by_name=True),
        CA.ocsp(CA.answer(78, UNKNOWN, next_update=None, digest="sha256"), extensions=(ext.ocsp_extended_revoke(),)),
        *(refuse(status) for status in ResponseStatus),
    ]


def one_input(data: bytes) -> None:
    """Read ``data`` in every way and judge with it; raise if anything fails otherwise than it says."""
    with suppress(EgovSignError):
        crl = Crl.load(data)
        assert crl.find(77) is not None or 77 not in crl or crl.is_indirect
        str(crl)
    with suppress(EgovSignError):
        OcspResponse.load(data)
    sources = RevocationSources()
    sources.offer(data, "fuzzed")
    report = paths_double.check(Revocation(sources), REVOKED, CA.certificate, AT)
    assert report.indication is not Indication.VALID
    report.to_dict()
    evidence_in(report)


if __name__ == "__main__":
    run(seeds, one_input)
