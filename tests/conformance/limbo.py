"""x509-limbo: certification paths with descriptions of what is wrong with them (Apache-2.0).

The suite asks about a peer's name as well. Matching host names is no part of this toolkit, which judges signing
certificates; :func:`_names_peer` does the little that is needed to ask the suite's whole question.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.path_rules import ValidationPolicy
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.errors import InputError
from egov_sign.verdict import Indication, Report

NOT_OUR_RULES = {
    "rfc5280::aki::cross-signed-root-missing-aki": "who issued a trust anchor is no part of the path",
    "webpki::aki::root-with-aki-missing-keyidentifier": "browsers' rule on what roots may contain",
    "webpki::aki::root-with-aki-authoritycertissuer": "browsers' rule on what roots may contain",
    "webpki::aki::root-with-aki-authoritycertserialnumber": "browsers' rule on what roots may contain",
    "webpki::aki::root-with-aki-all-fields": "browsers' rule on what roots may contain",
    "webpki::aki::root-with-aki-ski-mismatch": "browsers' rule on what roots may contain",
    "webpki::cn::ipv4-hex-mismatch": "browsers' rule on the common name of web servers",
    "webpki::cn::ipv4-leading-zeros-mismatch": "browsers' rule on the common name of web servers",
    "webpki::cn::ipv6-uppercase-mismatch": "browsers' rule on the common name of web servers",
    "webpki::cn::ipv6-uncompressed-mismatch": "browsers' rule on the common name of web servers",
    "webpki::cn::ipv6-non-rfc5952-mismatch": "browsers' rule on the common name of web servers",
    "webpki::cn::punycode-not-in-san": "browsers' rule on the common name of web servers",
    "webpki::cn::utf8-vs-punycode-mismatch": "browsers' rule on the common name of web servers",
    "webpki::cn::not-in-san": "browsers' rule on the common name of web servers",
    "webpki::cn::case-mismatch": "browsers' rule on the common name of web servers",
    "webpki::eku::ee-anyeku": "browsers' rule on the extended key usage of web servers",
    "webpki::eku::ee-critical-eku": "browsers' rule on the extended key usage of web servers",
    "webpki::eku::ee-without-eku": "browsers' rule on the extended key usage of web servers",
    "webpki::eku::root-has-eku": "browsers' rule on what roots may contain",
    "webpki::san::public-suffix-wildcard-san": "needs the list of public suffixes of the web",
    "webpki::san::public-suffix-multi-label-wildcard-san": "needs the list of public suffixes of the web",
    "webpki::san::public-suffix-private-namespace-wildcard-san": "needs the list of public suffixes of the web",
    "webpki::san::san-critical-with-nonempty-subject": "RFC 5280 says SHOULD; browsers demand it of web servers",
    "webpki::forbidden-dsa-root": "browsers know no DSA; ETSI TS 119 312 allows these keys until 2029",
    "webpki::forbidden-dsa-leaf": "browsers know no DSA; ETSI TS 119 312 allows these keys until 2029",
    "webpki::ee-basicconstraints-ca": "browsers' rule: a CA may not be a web server",
    "webpki::ca-as-leaf": "browsers' rule: a CA may not be a web server; rfc5280::ca-as-leaf must be accepted",
}
"""Cases that the suite rejects and we accept, outside those that concern RFC 5280, each with its reason."""

_WHEN_NONE_IS_GIVEN = "2024-06-01T00:00:00+00:00"
_USAGES = {"serverAuth": "1.3.6.1.5.5.7.3.1", "clientAuth": "1.3.6.1.5.5.7.3.2"}


@dataclass(frozen=True)
class Case:
    """One case of the suite."""

    id: str
    expected: str
    fields: dict[str, Any]

    @property
    def concerns_rfc5280(self) -> bool:
        """Whether it is one of the 133 that are not about web hosts, nor pedantic."""
        features = self.fields["features"]
        return (
            self.id.split("::")[0] not in {"webpki", "online"}
            and not any(feature.startswith("pedantic-") for feature in features)
            and "rfc5280-incompatible-with-webpki" not in features
        )


def cases(suites: Path) -> list[Case]:
    """All cases of the suite."""
    rows = json.loads((suites / "limbo" / "limbo.json").read_text(encoding="utf-8"))["testcases"]
    return [Case(row["id"], row["expected_result"], row) for row in rows]


def judge(case: Case) -> Report | None:
    """Judge a case's peer certificate; ``None`` if a certificate cannot be read or does not name the peer."""
    fields = case.fields
    try:
        trust = TrustStore([Certificate.load(pem.encode()) for pem in fields["trusted_certs"]])
        intermediates = [Certificate.load(pem.encode()) for pem in fields["untrusted_intermediates"]]
        peer = Certificate.load(fields["peer_certificate"].encode())
        if not _names_peer(peer, fields["expected_peer_name"]):
            return None
    except InputError:
        return None
    policy = ValidationPolicy(
        check_revocation=bool(fields["crls"]),
        max_intermediates=fields["max_chain_depth"],
        extended_key_usage=frozenset(_USAGES[usage] for usage in fields["extended_key_usage"]),
    )
    revocation = Revocation(RevocationSources(crls=[pem.encode() for pem in fields["crls"]]))
    validator = CertificateValidator(trust, intermediates=intermediates, revocation=revocation, policy=policy)
    moment = fields["validation_time"] or _WHEN_NONE_IS_GIVEN
    return validator.validate(peer, datetime.fromisoformat(moment))


def passes(case: Case) -> bool:
    """Tell whether the verdict is the expected one."""
    return accepts(case) == (case.expected == "SUCCESS")


def accepts(case: Case) -> bool:
    """Tell whether a case's peer certificate is VALID."""
    report = judge(case)
    return report is not None and report.indication is Indication.VALID


def _names_peer(certificate: Certificate, peer: dict[str, str] | None) -> bool:
    if peer is None:
        return True
    names = [(name.kind, name.content) for name in certificate.alternative_names]
    if peer["kind"] == "IP":
        return (7, ipaddress.ip_address(peer["value"]).packed) in names
    if peer["kind"] == "RFC822":
        return (1, peer["value"].encode()) in names
    host = peer["value"].lower()
    wildcard = "*." + host.partition(".")[2]
    return any(kind == 2 and content.lower() in (host.encode(), wildcard.encode()) for kind, content in names)
