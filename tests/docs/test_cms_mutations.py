"""Signed messages changed at random, byte by byte and element by element: nothing that was signed ever changes.

``EGOV_SIGN_MUTATIONS=10000`` runs as many examples of each kind instead of a few hundred.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egov_sign.clock import parse_time
from egov_sign.docs import cms_sign
from egov_sign.docs.cades import add_evidence, add_timestamps
from egov_sign.docs.cades_archive import add_archive_timestamps
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_validation import CmsValidator, CmsVerdict
from egov_sign.errors import EgovSignError
from egov_sign.verdict import Indication
from tests.docs.archiving import RENEWED, SIGNED, evidence, stamper, validator, world
from tests.docs.mutating import bytes_changed, elements_changed

EXAMPLES = int(os.environ.get("EGOV_SIGN_MUTATIONS", "100"))
CONTENT = b"content"
NEEDS_THE_ARCHIVE = datetime(2028, 3, 1, tzinfo=UTC)
"""Signer and first authority have expired: only the archive time-stamp keeps the signature good."""
often = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
changes = pytest.mark.parametrize("change", [bytes_changed, elements_changed])


@cache
def originals() -> list[bytes]:
    """Return good messages of every shape, judged at the time of signing; the last one only as an archive."""
    person, other = world().signer("person"), world().signer("other-person")
    plain = cms_sign.sign(CONTENT, person, signing_time=SIGNED)
    stamped = SignedData.load(add_timestamps(SignedData.load(plain), stamper(SIGNED)))
    kept = SignedData.load(add_evidence(stamped, evidence(SIGNED, "tsa")))
    return [
        plain,
        cms_sign.add_signer(SignedData.load(plain), other, signing_time=SIGNED),
        cms_sign.countersign(stamped, 0, other, signing_time=SIGNED),
        kept.encoded,
        add_archive_timestamps(kept, stamper(RENEWED)),
    ]


def examine(data: bytes, number: int) -> CmsVerdict | None:
    at = NEEDS_THE_ARCHIVE if number == len(originals()) - 1 else SIGNED
    try:
        return CmsValidator(validator(at).judge).examine(data, at)
    except EgovSignError:
        return None


def said(verdict: CmsVerdict) -> set[tuple[object, ...]]:
    """Return what each signature of a VALID message says, and by whom."""
    return {
        (
            verdict.content,
            one.certificate.der if one.certificate else b"",
            one.report.facts.get("claimed_signing_time"),
            one.report.facts.get("algorithm"),
        )
        for one in verdict.signatures
    }


@pytest.mark.parametrize("number", range(5))
def test_the_originals_are_valid(number: int) -> None:
    verdict = examine(originals()[number], number)
    assert verdict is not None
    assert verdict.report.indication is Indication.VALID, verdict.report.to_dict()
    assert all(signature.certificate for signature in verdict.signatures)


@changes
@often
@given(number=st.integers(0, 4), data=st.data())
def test_nothing_signed_changes(
    change: Callable[[bytes, st.DataObject], bytes], number: int, data: st.DataObject
) -> None:
    original = examine(originals()[number], number)
    assert original is not None
    changed = change(originals()[number], data)
    verdict = examine(changed, number)
    if verdict is None or verdict.report.indication is not Indication.VALID:
        return
    assert verdict.signatures
    assert said(verdict) <= said(original), changed.hex()
    # Nor does a signature become older than it was proven to be.
    proven = {str(one.report.facts["best_signature_time"]) for one in original.signatures}
    for one in verdict.signatures:
        assert parse_time(str(one.report.facts["best_signature_time"])) >= min(map(parse_time, proven))
