"""Fuzz the readers of signed XML, canonicalisation and the judges behind them, with atheris.

How to run it: :mod:`tests.fuzz.common`.

Anything but :class:`egov_sign.errors.InputError` while reading is a finding. So is a document that is VALID and says
anything else than a seed, and two canonical forms of one document that differ.
"""

from __future__ import annotations

from contextlib import suppress

from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import FrozenClock
from egov_sign.docs import c14n
from egov_sign.docs.c14n_whole import WholeDocument
from egov_sign.docs.judged import XmlRules
from egov_sign.docs.nodeset import Everything, write
from egov_sign.docs.timestamp_authority import TimestampAuthority
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xades_sign import add_archive_timestamp, add_timestamp, counter_sign, signed_properties
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_element, sign_enveloped, sign_enveloping
from egov_sign.errors import InputError
from egov_sign.verdict import Indication
from egov_sign_pki import World
from tests.fuzz.common import run

REQUEST = (
    '<q:Order xmlns:q="urn:q" xmlns="urn:d" Id="o" xml:lang="kk"><IIN>850412110000</IIN><Note Id="n">Ә</Note></q:Order>'
)
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
WORLD = World.build(kind="ec")
VALIDATOR = XmlValidator(
    CertificateValidator(
        TrustStore(Certificate.load(anchor) for anchor in WORLD.anchors),
        intermediates=[Certificate.load(item) for item in WORLD.intermediates],
        revocation=Revocation(RevocationSources(crls=[WORLD.crl(label) for label in WORLD.authorities])),
    ),
    rules=XmlRules(xpath=True),
)


def seeds() -> list[bytes]:
    """Return good documents of every shape."""
    person, other = WORLD.signer("person"), WORLD.signer("other-person")
    extra = signed_properties(person, WORLD.at)
    authority = TimestampAuthority(WORLD.signer("tsa"), policy="1.2.3", clock=FrozenClock(WORLD.at), serial=lambda: 1)
    document = REQUEST.encode()
    advanced = sign_enveloped(document, person, extra=extra)
    stamped = sign_enveloped(document, person, extra=signed_properties(person, WORLD.at, timestamps=authority))
    return [
        sign_enveloped(document, person),
        sign_enveloped(sign_enveloped(document, person), other),
        sign_element(document, person, "o"),
        sign_element(document, person, "n"),
        sign_enveloping(b"octets", person),
        sign_enveloping(parse(document), person),
        add_timestamp(advanced, authority),
        add_archive_timestamp(add_timestamp(stamped, authority), authority),
        counter_sign(advanced, other),
    ]


def said(data: bytes) -> set[bytes]:
    """Return what the signatures of a VALID document cover as a whole, without the signatures in it."""
    verdict = VALIDATOR.examine(data, WORLD.at)
    verdict.report.to_dict()
    found = set()
    if verdict.report.indication is Indication.VALID:
        for judged in verdict.signatures:
            root = judged.signed_root()
            if root is not None:
                for signature in root.findall(SIGNATURE):
                    root.remove(signature)
                found.add(c14n.canonicalize(root, c14n.EXCLUSIVE))
    return found


KNOWN = set().union(*map(said, seeds()))


def one_input(data: bytes) -> None:
    """Read, canonicalise and judge ``data``; raise if anything fails otherwise than it says."""
    with suppress(InputError):
        assert said(data) <= KNOWN
    try:
        root = parse(data)
    except InputError:
        return
    elements = list(root.iter("*"))[:8]
    nodes: list[c14n.Node] = [root.getroottree(), *elements]
    for method in c14n.METHODS.values():
        for node in nodes:
            _compare(node, method)
    for element in elements:
        _compare_cut(WholeDocument(root), element)


def _compare_cut(whole: WholeDocument, element: etree._Element) -> None:
    for method in (c14n.INCLUSIVE, c14n.INCLUSIVE_11):
        alone = whole.alone(element, version_11=method.version_11)
        assert alone is None or alone == write(element, method, Everything(), comments=False)
    if element.getparent() is not None:
        rest = whole.without([element])
        assert rest in {
            None,
            write(element.getroottree(), c14n.INCLUSIVE, Everything(), exclude=[element], comments=False),
        }


def _compare(node: c14n.Node, method: c14n.C14nMethod) -> None:
    with suppress(InputError):
        assert c14n.canonicalize(node, method) == write(node, method, Everything())


if __name__ == "__main__":
    run(seeds, one_input)
