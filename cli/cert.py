"""``egov-sign cert …``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import click

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import Identity, identify
from egov_sign.clock import format_time
from egov_sign.errors import InputError
from egov_sign.messages import Language, describe, text
from egov_sign.verdict import Json, Severity

from .keys import certificates_in
from .options import at_option, output_options, password_options
from .output import Output, plain

INSPECT_SCHEMA = "egov-sign/certificates/1"


@click.command("inspect", epilog="Example: egov-sign cert inspect person.p12 --password-file password.txt")
@click.argument("file")
@output_options
@at_option
@password_options
def inspect_command(file: str, at: datetime, password: Callable[[], str], output: Output) -> None:
    """Show holder, IIN, BIN, role, usage and validity of certificates.

    FILE is PEM, DER or PKCS#12; "-" reads standard input. What is shown is what the certificate says; it is not
    judged: that is the business of "cert verify".
    """
    found = certificates_in(file, password)
    if output.as_json:
        rows: list[Json] = [_as_json(certificate, has_key, at) for certificate, has_key in found]
        output.json({"schema": INSPECT_SCHEMA, "file": file, "certificates": rows})
        return
    for number, (certificate, has_key) in enumerate(found):
        if number:
            output.data("")
        for line in _as_text(certificate, has_key, at, output.language):
            output.data(line)


def _validity(certificate: Certificate, at: datetime) -> str:
    if at < certificate.not_before:
        return "VALIDITY_FUTURE"
    return "VALIDITY_EXPIRED" if at > certificate.not_after else "VALIDITY_NOW"


def _usages(certificate: Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return key usages and extended key usages; of a malformed extension nothing, the findings tell of it."""
    try:
        return tuple(sorted(certificate.key_usage or ())), certificate.eku or ()
    except InputError:
        return (), ()


def _key_words(certificate: Certificate) -> str:
    try:
        key = certificate.public_key
    except InputError as error:
        return error.code
    return " ".join(part for part in (key.key_type.value, str(key.bits), key.curve) if part)


def _signed_with(certificate: Certificate) -> str:
    try:
        return certificate.signature_algorithm.name
    except InputError as error:
        return error.code


def _strings(values: Iterable[str]) -> Json:
    return [str(value) for value in values]


def _as_json(certificate: Certificate, has_key: bool, at: datetime) -> dict[str, Json]:
    identity = identify(certificate)
    key_usage, extended_key_usage = _usages(certificate)
    return {
        "holder": identity.holder.value,
        "name": identity.full_name,
        "common_name": identity.common_name,
        "surname": identity.surname,
        "given_name": identity.given_name,
        "patronymic": identity.patronymic,
        "iin": str(identity.iin) if identity.iin else None,
        "bin": str(identity.bin) if identity.bin else None,
        "organisation": identity.organisation,
        "email": identity.email,
        "roles": _strings(sorted(identity.roles)),
        "purposes": _strings(sorted(identity.purposes)),
        "key_storage": list(identity.key_storage),
        "policies": list(identity.policies),
        "key_usage": list(key_usage),
        "extended_key_usage": list(extended_key_usage),
        "subject": str(certificate.subject),
        "issuer": str(certificate.issuer),
        "serial": f"{certificate.serial:x}",
        "not_before": format_time(certificate.not_before),
        "not_after": format_time(certificate.not_after),
        "validity": _validity(certificate, at).removeprefix("VALIDITY_").lower(),
        "key": _key_words(certificate),
        "algorithm": _signed_with(certificate),
        "sha256": certificate.fingerprint,
        "private_key": has_key,
        "findings": [finding.to_dict() for finding in identity.findings],
    }


def _as_text(certificate: Certificate, has_key: bool, at: datetime, language: Language) -> Iterator[str]:
    identity = identify(certificate)
    rows = list(_rows(certificate, identity, has_key, at, language))
    width = max(len(text(label, language)) for label, _ in rows)
    yield click.style(plain(identity.full_name or str(certificate.subject)), bold=True)
    for label, value in rows:
        yield f"  {text(label, language):<{width}}  {plain(value)}"
    for finding in identity.findings:
        mark = "·" if finding.severity is Severity.NOTE else "!"
        yield f"  {mark} {plain(describe(finding, language))} {click.style(finding.code, dim=True)}"


def _rows(
    certificate: Certificate, identity: Identity, has_key: bool, at: datetime, language: Language
) -> Iterator[tuple[str, str]]:
    key_usage, extended_key_usage = _usages(certificate)
    moment = text(_validity(certificate, at), language)
    rows = {
        "LABEL_HOLDER_KIND": identity.holder.value,
        "LABEL_IIN": str(identity.iin or ""),
        "LABEL_BIN": str(identity.bin or ""),
        "LABEL_ORGANISATION": identity.organisation,
        "LABEL_EMAIL": identity.email,
        "LABEL_ROLES": ", ".join(sorted(identity.roles)),
        "LABEL_PURPOSE": ", ".join(sorted(identity.purposes)),
        "LABEL_KEY_USAGE": ", ".join(key_usage),
        "LABEL_EXTENDED_KEY_USAGE": ", ".join(extended_key_usage),
        "LABEL_POLICIES": ", ".join(identity.policies),
        "LABEL_KEY_STORAGE": ", ".join(identity.key_storage),
        "LABEL_VALIDITY": f"{format_time(certificate.not_before)} – {format_time(certificate.not_after)} ({moment})",
        "LABEL_KEY": _key_words(certificate),
        "LABEL_ALGORITHM": _signed_with(certificate),
        "LABEL_PRIVATE_KEY": text("PRESENT", language) if has_key else "",
        "LABEL_SUBJECT": str(certificate.subject),
        "LABEL_ISSUER": str(certificate.issuer),
        "LABEL_SERIAL": f"{certificate.serial:x}",
        "LABEL_FINGERPRINT": certificate.fingerprint,
    }
    return ((label, value) for label, value in rows.items() if value)
