"""Fuzz the readers of signed XML, canonicalisation and the judges behind them, with atheris.

Not part of the test run. In an environment with this project and ``pip install atheris``::

    python tests/fuzz/fuzz_xml.py --seeds corpus/          # write the seeds, made by code
    python tests/fuzz/fuzz_xml.py corpus/ -max_total_time=600 -timeout=10 -rss_limit_mb=1024

Anything but :class:`egov_sign.errors.InputError` while reading is a finding. So is a document that is VALID and says
anything else than a seed, and two canonical forms of one document that differ. Findings become tests beside those of
the module at fault.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from pathlib import Path

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import FrozenClock
from egov_sign.docs import c14n
from egov_sign.docs.nodeset import Everything, write
from egov_sign.docs.timestamp_authority import TimestampAuthority
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xades_sign import add_timestamp, counter_sign, signed_properties
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_element, sign_enveloped, sign_enveloping
from egov_sign.errors import InputError
from egov_sign.verdict import Indication
from egov_sign_pki import World

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
    xpath=True,
)


def seeds() -> list[bytes]:
    """Return good documents of every shape."""
    person, other = WORLD.signer("person"), WORLD.signer("other-person")
    extra = signed_properties(person, WORLD.at)
    authority = TimestampAuthority(WORLD.signer("tsa"), policy="1.2.3", clock=FrozenClock(WORLD.at), serial=lambda: 1)
    document = REQUEST.encode()
    advanced = sign_enveloped(document, person, extra=extra)
    return [
        sign_enveloped(document, person),
        sign_enveloped(sign_enveloped(document, person), other),
        sign_element(document, person, "o"),
        sign_element(document, person, "n"),
        sign_enveloping(b"octets", person),
        sign_enveloping(parse(document), person),
        add_timestamp(advanced, authority),
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
    nodes: list[c14n.Node] = [root.getroottree(), *list(root.iter("*"))[:8]]
    for method in c14n.METHODS.values():
        for node in nodes:
            _compare(node, method)


def _compare(node: c14n.Node, method: c14n.C14nMethod) -> None:
    with suppress(InputError):
        assert c14n.canonicalize(node, method) == write(node, method, Everything())


def main(arguments: list[str]) -> None:
    """Write the seeds, or fuzz."""
    if arguments[1:2] == ["--seeds"]:
        folder = Path(arguments[2])
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds()):
            (folder / f"seed-{number:02}.xml").write_bytes(seed)
        return
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(arguments, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
