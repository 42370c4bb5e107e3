"""Recognising the certificates of the National Certification Authority by the facts in ``nca.toml``."""

from __future__ import annotations

import hashlib
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name import COMMON_NAME


@dataclass(frozen=True, slots=True)
class KnownAuthority:
    """What is known of one authority.

    Attributes:
        label: our name for it, e.g. ``nca-rsa-2022``.
        kind: ``root`` or ``issuer``.
        name: its subject (RFC 4514).
        certificate: SHA-256 of its certificate, in hexadecimal digits.
        key: SHA-256 of its SubjectPublicKeyInfo, in hexadecimal digits.
    """

    label: str
    kind: str
    name: str
    certificate: str
    key: str

    @property
    def common_name(self) -> str:
        """The common name in :attr:`name`."""
        return next(part[3:] for part in self.name.split(",") if part.startswith("CN="))


class Recognition(StrEnum):
    """What a certificate is, compared with the known authorities."""

    KNOWN = "known"
    """It is one of them: the same name and the same key."""
    LOOK_ALIKE = "look-alike"
    """It bears the name of one of them, or one that reads the same, with another key."""
    UNKNOWN = "unknown"


@cache
def known_authorities() -> tuple[KnownAuthority, ...]:
    """Return what is known of the authorities, roots and issuers."""
    tables = tomllib.loads(resources.files(__package__).joinpath("nca.toml").read_text(encoding="utf-8"))
    return tuple(KnownAuthority(label, **table) for label, table in tables.items())


def recognise(certificate: Certificate) -> tuple[Recognition, KnownAuthority | None]:
    """Tell whether ``certificate`` is one of the known authorities' or merely looks like one, and which.

    Raises:
        InputError: ``NAME_MALFORMED``.
    """
    name = certificate.subject.rfc4514()
    key = hashlib.sha256(certificate.spki).hexdigest()
    for known in known_authorities():
        if known.key == key and known.name == name:
            return Recognition.KNOWN, known
    skeletons = {skeleton(text) for text in certificate.subject.values(COMMON_NAME)}
    for known in known_authorities():
        if known.key == key or skeleton(known.common_name) in skeletons:
            return Recognition.LOOK_ALIKE, known
    return Recognition.UNKNOWN, None


_READS_AS = str.maketrans(
    {
        **dict(zip("авеіјкмнорстухѕһԛԝьғ", "abeijkmhopctyxshqwbг", strict=True)),
        **dict(zip("ұүқңө", "yykho", strict=True)),
        **dict(zip("αβεικμνορτυχə", "abeikmhoptyxә", strict=True)),
        **dict(zip("01l|¥", "oiiiy", strict=True)),
    }
)


def skeleton(text: str) -> str:
    """Return ``text`` reduced to how it reads: letters of different scripts that look alike become the same one.

    Case, spaces, punctuation, marks on letters and invisible characters do not count.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(one for one in decomposed if one.isalnum() or one in "|¥")
    return plain.translate(_READS_AS)
