"""Name constraints (RFC 5280, 4.2.1.10 and 6.1.3 (b), (c)) for every kind of name that they are defined for.

Where a name or a constraint cannot be compared with certainty (a wildcard that could stand for an excluded host, a
kind of name without a rule), the answer is that the name is not allowed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from egov_sign.certs import name as names
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.extensions import GeneralName, NameConstraints
from egov_sign.certs.name import Name
from egov_sign.errors import InputError, LimitError

EMAIL, DNS, DIRECTORY, URI, IP = 1, 2, 4, 6, 7

_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\\\]]+|\"[^\"\\\r\n]+\"")
_URI_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")
"""RFC 3986, section 2."""


def constrained_names(certificate: Certificate) -> tuple[GeneralName, ...]:
    """Return the names of ``certificate`` that constraints apply to.

    These are the subject unless it is empty, the subject alternative names, and, where none of those is an e-mail
    address, the addresses in the subject.
    """
    alternatives = certificate.alternative_names
    found = list(alternatives)
    if not certificate.subject.is_empty:
        found.append(GeneralName(DIRECTORY, certificate.subject.der))
    if not any(item.kind == EMAIL for item in alternatives):
        found += [GeneralName(EMAIL, text.encode()) for text in certificate.subject.values(names.EMAIL)]
    return tuple(found)


def check_form(constraints: NameConstraints) -> None:
    """Make sure that every subtree can be applied.

    Raises:
        InputError: ``NAME_CONSTRAINT_MALFORMED``.
    """
    for base in (*(constraints.permitted or ()), *(constraints.excluded or ())):
        well_formed = _WELL_FORMED.get(base.kind)
        if well_formed is not None and not well_formed(base.content):
            raise InputError("NAME_CONSTRAINT_MALFORMED", f"a malformed name constraint: {base.text}")


def violation(
    found: Iterable[GeneralName], constraints: Sequence[NameConstraints], max_comparisons: int
) -> GeneralName | None:
    """Return the first of the names ``found`` that the ``constraints`` of a path do not allow, ``None`` if all are.

    Raises:
        LimitError: ``NAME_CONSTRAINTS_TOO_MANY`` if there are more than ``max_comparisons`` to make.
    """
    left = max_comparisons
    for item in found:
        for one in constraints:
            permitted = [base for base in one.permitted or () if base.kind == item.kind]
            excluded = [base for base in one.excluded or () if base.kind == item.kind]
            left -= len(one.permitted or ()) + len(one.excluded or ())
            if left < 0:
                raise LimitError("NAME_CONSTRAINTS_TOO_MANY", "too many names and name constraints to compare")
            if not permitted and not excluded:
                continue
            within = _WITHIN.get(item.kind)
            if within is None:
                return item
            if permitted and not any(within(item.content, base.content, False) for base in permitted):
                return item
            if any(within(item.content, base.content, True) for base in excluded):
                return item
    return None


# Each of the following tells whether a name lies within a subtree. ``doubt`` is the answer where that cannot be told:
# True when the subtree is excluded, False when it is permitted.


def _within_directory(content: bytes, base: bytes, doubt: bool) -> bool:
    if not (_is_directory(content) and _is_directory(base)):
        return doubt
    return Name(content).starts_with(Name(base))


def _within_dns(content: bytes, base: bytes, doubt: bool) -> bool:
    host, subtree = _ascii(content).lower(), _ascii(base).lower()
    if not is_host(host.removeprefix("*.")):
        return doubt
    if host.startswith("*."):
        # The wildcard may stand for any label: it lies within a subtree only if its parent does, and may meet it if
        # the subtree lies one label or more below its parent.
        parent = host[2:]
        return _below(parent, subtree) or (doubt and _below(subtree, parent))
    return _below(host, subtree)


def _below(host: str, subtree: str) -> bool:
    return not subtree or host == subtree or host.endswith("." + subtree)


def _within_email(content: bytes, base: bytes, doubt: bool) -> bool:
    address, subtree = _ascii(content), _ascii(base)
    local, at, host = address.rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or not is_host(host):
        return doubt
    if "@" in subtree:
        wanted_local, _, wanted_host = subtree.rpartition("@")
        return local.strip('"') == wanted_local.strip('"') and host.lower() == wanted_host.lower()
    return _host_matches(host, subtree)


def _within_uri(content: bytes, base: bytes, doubt: bool) -> bool:
    text = _ascii(content)
    if not _URI_CHARACTERS.fullmatch(text):
        return doubt  # readers differ about where the host ends
    try:
        host = urlsplit(text).hostname or ""
    except ValueError:
        return doubt
    # RFC 5280: a URI without a fully qualified host must be rejected where URIs are constrained.
    if not is_host(host) or _is_address(host):
        return doubt
    return _host_matches(host, _ascii(base))


def _host_matches(host: str, subtree: str) -> bool:
    """Match as e-mail and URI constraints do: ``.example.kz`` means hosts below, ``example.kz`` that host alone."""
    host, subtree = host.lower(), subtree.lower()
    return host.endswith(subtree) if subtree.startswith(".") else host == subtree


def _within_ip(content: bytes, base: bytes, doubt: bool) -> bool:
    half = len(base) // 2
    if len(content) not in (4, 16):
        return doubt
    if len(content) != half:
        return False
    return all(octet & mask == net & mask for octet, net, mask in zip(content, base[:half], base[half:], strict=True))


_WITHIN: dict[int, Callable[[bytes, bytes, bool], bool]] = {
    EMAIL: _within_email,
    DNS: _within_dns,
    DIRECTORY: _within_directory,
    URI: _within_uri,
    IP: _within_ip,
}


def _ascii(content: bytes) -> str:
    return content.decode("ascii", "backslashreplace")


def is_host(text: str) -> bool:
    """Tell whether ``text`` is a host name in the preferred syntax (RFC 1034, 3.5; RFC 1123, 2.1)."""
    return len(text) <= 253 and _HOST.fullmatch(text) is not None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_ip_subtree(content: bytes) -> bool:
    if len(content) not in (8, 32):
        return False
    mask = int.from_bytes(content[len(content) // 2 :], "big")
    inverted = mask ^ ((1 << len(content) * 4) - 1)
    return inverted & (inverted + 1) == 0


def _is_email_subtree(content: bytes) -> bool:
    text = _ascii(content)
    local, at, host = text.rpartition("@")
    return is_host(host.removeprefix(".") if not at else host) and (not at or bool(_LOCAL_PART.fullmatch(local)))


def _is_directory(content: bytes) -> bool:
    try:
        return bool(Name(content).rdns) or Name(content).is_empty
    except InputError:
        return False


_WELL_FORMED: dict[int, Callable[[bytes], bool]] = {
    EMAIL: _is_email_subtree,
    DNS: lambda content: not content or is_host(_ascii(content)),
    DIRECTORY: _is_directory,
    URI: lambda content: is_host(_ascii(content).removeprefix(".")),
    IP: _is_ip_subtree,
}


def is_well_formed(item: GeneralName) -> bool:
    """Tell whether a subject alternative name has the form that RFC 5280, 4.2.1.6 demands of its kind."""
    text = _ascii(item.content)
    if item.kind == EMAIL:
        local, at, host = text.rpartition("@")
        return bool(at) and _LOCAL_PART.fullmatch(local) is not None and is_host(host)
    if item.kind == DNS:
        return is_host(text.removeprefix("*.")) and not _is_address(text)
    return item.kind != IP or len(item.content) in (4, 16)
