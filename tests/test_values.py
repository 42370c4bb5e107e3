"""What an integrator keeps or hands to another process can be copied and pickled, compiled or not."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.iin import Iin
from egov_sign.certs.path_rules import ValidationPolicy
from egov_sign.certs.profile import Role
from egov_sign.crypto.algorithms import by_name
from egov_sign.docs.judged import Required, XmlRules
from egov_sign.verdict import Finding, Report, Severity, SubIndication
from egov_sign_pki import World

PERSON = Certificate.load(World.build(world="minimal").certificate("person"))
REPORT = Report("document", "a name", facts={"number": 1}, children=[Report("signature")])
REPORT.fail("XML_MALFORMED", SubIndication.FORMAT_FAILURE, "there", reason="why")

VALUES = [
    Finding("XML_MALFORMED", Severity.INVALID, SubIndication.FORMAT_FAILURE, {"reason": "why"}, "there"),
    REPORT,
    PERSON,
    PERSON.subject,
    Iin.parse("123456789011"),
    by_name("rsa-sha256"),
    Required(iin="123456789011", roles=frozenset({Role.PERSON}), root="*"),
    XmlRules(xpath=True),
]
WAYS = [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]


@pytest.mark.parametrize("again", WAYS, ids=["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_equal_to_its_copy(value: object, again: Callable[[Any], Any]) -> None:
    assert again(value) == value
    assert type(again(value)) is type(value)


@pytest.mark.parametrize("again", WAYS, ids=["copy", "deepcopy", "pickle"])
def test_a_policy_decides_as_its_copy(again: Callable[[Any], Any]) -> None:
    policy = ValidationPolicy(check_revocation=False)
    assert again(policy).check_revocation is False
    assert again(policy).algorithms.title == policy.algorithms.title
