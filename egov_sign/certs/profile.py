"""Who a certificate of the country's PKI was issued to, and for what.

The subject carries the holder's names and numbers in fixed attributes (R405, R532): CN is surname and given name, SN
the surname, G the **patronymic**, serialNumber ``IIN`` and twelve digits, O the organisation, one OU ``BIN`` and twelve
digits. Some certificates carry ``BIN…`` in serialNumber. Certificates of information systems have no IIN. Roles, the
way the holder was identified and the key's storage are object identifiers under 1.2.398.3.3.

A number counts only in its attribute, in its exact spelling and alone; everything else is a finding, not a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import TypeVar

from egov_sign.caching import lazy
from egov_sign.certs import extensions as ext
from egov_sign.certs import name as names
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.iin import Bin, Iin
from egov_sign.errors import InputError
from egov_sign.native import Open
from egov_sign.verdict import Report, SubIndication


class Holder(StrEnum):
    """Kinds of holders."""

    PERSON = "person"
    ORGANISATION = "organisation"
    """A person who acts for an organisation."""
    SYSTEM = "system"
    AUTHORITY = "authority"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What the holder may do, by extended key usage."""

    PERSON = "person"
    ORGANISATION = "organisation"
    HEAD = "head"
    RIGHT_TO_SIGN = "right-to-sign"
    FINANCE = "finance"
    HR = "hr"
    EMPLOYEE = "employee"
    SYSTEM = "system"
    TREASURY = "treasury"
    NCA_ADMINISTRATOR = "nca-administrator"
    NCA_MANAGER = "nca-manager"
    NCA_OPERATOR = "nca-operator"


class Purpose(StrEnum):
    """What the key is for."""

    SIGNING = "signing"
    AUTHENTICATION = "authentication"


_KZ = "1.2.398.3.3"
ROLES = {
    f"{_KZ}.4.1.1": Role.PERSON,
    f"{_KZ}.4.1.1.1": Role.SYSTEM,
    f"{_KZ}.4.1.2": Role.ORGANISATION,
    f"{_KZ}.4.1.2.1": Role.HEAD,
    f"{_KZ}.4.1.2.2": Role.RIGHT_TO_SIGN,
    f"{_KZ}.4.1.2.3": Role.FINANCE,
    f"{_KZ}.4.1.2.4": Role.HR,
    f"{_KZ}.4.1.2.5": Role.EMPLOYEE,
    f"{_KZ}.4.1.2.6": Role.SYSTEM,
    "1.2.398.5.19.1.2.2.1": Role.TREASURY,
    f"{_KZ}.4.2.1": Role.NCA_ADMINISTRATOR,
    f"{_KZ}.4.2.2": Role.NCA_MANAGER,
    f"{_KZ}.4.2.3": Role.NCA_OPERATOR,
}
_SYSTEM_ROLES = f"{_KZ}.4.1.2.6."
IDENTIFICATION = {
    f"{_KZ}.4.3.1": "service-centre",
    f"{_KZ}.4.3.2": "remote",
    f"{_KZ}.4.3.2.1": "digital-id",
    f"{_KZ}.4.3.2.2": "ai",
}
KEY_STORAGE = {
    f"{_KZ}.5.1.1": "pkcs12",
    f"{_KZ}.5.2.1": "id-card",
    f"{_KZ}.5.2.2": "kaztoken",
    f"{_KZ}.5.3.1": "cloud",
}
KEY_STORAGE_EXTENSION = f"{_KZ}.5"
POLICY_2022 = f"{_KZ}.2"
SIGNING_POLICIES = frozenset({f"{_KZ}.2.1", f"{_KZ}.2.3"})
AUTHENTICATION_POLICIES = frozenset({f"{_KZ}.2.2", f"{_KZ}.2.4"})
_KINDS_OF_USAGE = 256
"""Sets of extended key usages that are remembered."""
_CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"


class Identity(Open):
    """What a certificate says of its holder; nothing here says that the certificate is valid.

    Nothing is raised for a subject of another shape: what is missing is empty or ``None``, what is wrong a finding.

    Args:
        certificate: is read; names when they are first asked for.

    Attributes:
        iin: the holder's number; ``None`` if absent or not established.
        bin: the organisation's number; ``None`` if absent or not established.
        roles: what the holder may do.
        purposes: what the key is for (R406).
        key_storage: where the key lives, as far as it is said.
        policies: certificate policies, dotted.
        findings: what is wrong or remarkable with all this.
    """

    def __init__(self, certificate: Certificate) -> None:
        report = Report("identity")
        self._certificate = certificate
        self._attributes = _attributes(certificate, report)
        self.iin, self.bin = _numbers(self._attributes, report)
        self._usages: tuple[str, ...] = _or_malformed(_EKU, certificate, report) or ()
        self.policies: tuple[str, ...] = _or_malformed(_POLICIES, certificate, report) or ()
        self.roles = _roles(self._usages)
        self.purposes = _purposes(certificate, self._usages, self.policies, report)
        self.key_storage = _key_storage(certificate, report)
        self.findings = tuple(report.findings)

    @lazy
    def _texts(self) -> dict[str, str]:
        """The text of the first attribute of each type."""
        return {attribute.oid: attribute.text for attribute in reversed(self._attributes)}

    @property
    def common_name(self) -> str:
        """Surname and given name, or the name of a system or authority."""
        return self._texts.get(names.COMMON_NAME, "")

    @property
    def surname(self) -> str:
        """The surname; empty if absent."""
        return self._texts.get(names.SURNAME, "")

    @property
    def given_name(self) -> str:
        """What the common name adds to the surname; empty if that cannot be told."""
        start = self.surname + " "
        return self.common_name.removeprefix(start) if self.surname and self.common_name.startswith(start) else ""

    @property
    def patronymic(self) -> str:
        """The patronymic; empty if absent."""
        return self._texts.get(names.GIVEN_NAME, "")

    @property
    def full_name(self) -> str:
        """Surname, given name and patronymic, as on a document."""
        return " ".join(part for part in (self.common_name, self.patronymic) if part)

    @property
    def organisation(self) -> str:
        """The organisation; empty if absent."""
        return self._texts.get(names.ORGANIZATION, "")

    @property
    def email(self) -> str:
        """The address; empty if absent."""
        return self._texts.get(names.EMAIL, "")

    @property
    def identification(self) -> tuple[str, ...]:
        """How the holder was identified, as far as it is said."""
        return tuple(IDENTIFICATION[oid] for oid in self._usages if oid in IDENTIFICATION)

    @property
    def can_sign(self) -> bool:
        """Whether the key is for signing documents (R406)."""
        return Purpose.SIGNING in self.purposes

    @lazy
    def holder(self) -> Holder:
        """Kind of holder."""
        return _holder(self._certificate, self.roles, self.iin, self.bin, self.common_name)


def identify(certificate: Certificate) -> Identity:
    """Read from ``certificate`` who holds it and what for."""
    return Identity(certificate)


_S = TypeVar("_S")
_T = TypeVar("_T")
_EKU = attrgetter("eku")
_POLICIES = attrgetter("policies")
_KEY_USAGE = attrgetter("key_usage")


def _or_malformed(read: Callable[[_S], _T], source: _S, report: Report) -> _T | None:
    try:
        return read(source)
    except InputError as error:
        report.fail("CERT_EXTENSION_MALFORMED", SubIndication.FORMAT_FAILURE, reason=error.message)
        return None


def _attributes(certificate: Certificate, report: Report) -> tuple[names.Attribute, ...]:
    try:
        return certificate.subject.attributes
    except InputError as error:
        report.fail("CERT_NAME_MALFORMED", SubIndication.FORMAT_FAILURE, reason=error.message)
        return ()


@lru_cache(_KINDS_OF_USAGE)
def _roles(usages: tuple[str, ...]) -> frozenset[Role]:
    return frozenset(role for oid in usages if (role := _role(oid)))


def _role(oid: str) -> Role | None:
    return Role.SYSTEM if oid.startswith(_SYSTEM_ROLES) else ROLES.get(oid)


_EXACT = re.compile(r"(IIN|BIN)([0-9]{12})")
_EXACT_LENGTHS = frozenset({15, 30, 60})
"""Of such a text in bytes, whatever the type of string."""
_LOOK_ALIKE = re.compile(r"(?:[iіı1lи]{2}[nнп]|[bвб][iіı1lи][nн])\d")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_NUMBER_ATTRIBUTES = frozenset({names.SERIAL_NUMBER, names.ORGANIZATIONAL_UNIT})


def _numbers(attributes: tuple[names.Attribute, ...], report: Report) -> tuple[Iin | None, Bin | None]:
    """Find the IIN in serialNumber and the BIN in OU or serialNumber (R405)."""
    serials = [attribute.oid for attribute in attributes].count(names.SERIAL_NUMBER)
    if serials > 1:
        report.fail("IDENTITY_SEVERAL_SERIAL_NUMBERS", SubIndication.SIG_CONSTRAINTS_FAILURE, count=serials)
        return None, None
    iins: list[str] = []
    bins: list[str] = []
    for attribute in attributes:
        exact = _EXACT.fullmatch(attribute.text) if len(attribute.raw) in _EXACT_LENGTHS else None
        if exact is None:
            if attribute.oid in _NUMBER_ATTRIBUTES:
                _warn_look_alike(attribute, report)
        elif attribute.oid == names.SERIAL_NUMBER:
            (iins if exact[1] == "IIN" else bins).append(exact[2])
        elif attribute.oid == names.ORGANIZATIONAL_UNIT and exact[1] == "BIN":
            bins.append(exact[2])
        else:
            report.warn("IDENTITY_NUMBER_MISPLACED", attribute.label, kind=exact[1])
    return _established(iins, Iin.parse, "IIN", report), _established(bins, Bin.parse, "BIN", report)


def _warn_look_alike(attribute: names.Attribute, report: Report) -> None:
    """Tell of a text that a person would read as ``IIN…`` or ``BIN…`` though it is spelled otherwise."""
    plain = _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", attribute.text).lower())
    if _LOOK_ALIKE.match(plain):
        report.warn("IDENTITY_NUMBER_MISSPELLED", attribute.label)


_N = TypeVar("_N", Iin, Bin)


def _established(digits: list[str], parse: Callable[[str], _N], kind: str, report: Report) -> _N | None:
    if not digits:
        return None
    if len(set(digits)) > 1:
        report.fail("IDENTITY_NUMBERS_CONTRADICT", SubIndication.SIG_CONSTRAINTS_FAILURE, kind=kind)
        return None
    try:
        number = parse(digits[0])
    except InputError as error:
        report.fail("IDENTITY_NUMBER_WRONG", SubIndication.SIG_CONSTRAINTS_FAILURE, kind=kind, reason=error.code)
        return None
    if number.is_test:
        report.note("IDENTITY_TEST_NUMBER", kind=kind)
    return number


def _holder(
    certificate: Certificate, roles: frozenset[Role], iin: Iin | None, bin_: Bin | None, common_name: str
) -> Holder:
    if Role.SYSTEM in roles or (iin is None and common_name.startswith("ИС ")):
        return Holder.SYSTEM
    if bin_ is not None or roles - {Role.PERSON}:
        return Holder.ORGANISATION
    if iin is not None or roles:
        return Holder.PERSON
    try:
        return Holder.AUTHORITY if certificate.is_ca else Holder.UNKNOWN
    except InputError:
        return Holder.UNKNOWN


def _purposes(
    certificate: Certificate, usages: tuple[str, ...], policies: tuple[str, ...], report: Report
) -> frozenset[Purpose]:
    """Tell what the key is for: the key usage decides, the policies of the old profile may restrict it (R406)."""
    key_usage: frozenset[str] = _or_malformed(_KEY_USAGE, certificate, report) or frozenset()
    signs = SIGNING_POLICIES.intersection(policies)
    authenticates = AUTHENTICATION_POLICIES.intersection(policies)
    purposes = set()
    if "nonRepudiation" in key_usage:
        if authenticates and not signs:
            report.warn("IDENTITY_PURPOSES_CONTRADICT")
        else:
            purposes.add(Purpose.SIGNING)
    if "digitalSignature" in key_usage and (authenticates or POLICY_2022 in policies or _CLIENT_AUTH in usages):
        purposes.add(Purpose.AUTHENTICATION)
    return frozenset(purposes)


def _key_storage(certificate: Certificate, report: Report) -> tuple[str, ...]:
    extension = certificate.extensions.get(KEY_STORAGE_EXTENSION)
    if extension is None:
        return ()
    places = _or_malformed(ext.oids, extension.value, report) or ()
    return tuple(KEY_STORAGE.get(oid, oid) for oid in places)
