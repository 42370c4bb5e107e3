"""RFC 3161 time-stamps: requests, responses and tokens, written and read; nothing is judged here.

A token is CMS signed data whose content says that some bytes, known by their digest, existed at a time. Whether it is
to be believed is the business of :mod:`egov_sign.docs.timestamp_validation`; :mod:`egov_sign.docs.timestamp_client`
asks an authority for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from egov_sign.clock import shifted
from egov_sign.crypto import der, der_write, digests
from egov_sign.crypto.der import Reader
from egov_sign.docs import cms
from egov_sign.docs.cms import SignedData
from egov_sign.errors import InputError, LimitError, UnsupportedError
from egov_sign.limits import DEFAULT_LIMITS, Limits

REQUEST_TYPE = "application/timestamp-query"
_GENERALIZED_TIME = re.compile(rb"(\d{14})(?:\.(\d*[1-9]))?Z")


@dataclass(frozen=True, slots=True)
class MessageImprint:
    """The digest of what is stamped.

    Attributes:
        digest: name of the digest (:mod:`egov_sign.crypto.digests`).
        value: the digest itself.
    """

    digest: str
    value: bytes

    @classmethod
    def of(cls, data: bytes, digest: str = "sha256") -> MessageImprint:
        """Return the imprint of ``data``.

        Raises:
            UnsupportedError: ``DIGEST_UNKNOWN``.
        """
        return cls(digest, digests.digest(digest, data))

    def encode(self) -> bytes:
        """Return the DER MessageImprint."""
        algorithm = der_write.sequence(der_write.oid(digests.OIDS[self.digest]), der_write.NULL)
        return der_write.sequence(algorithm, der_write.octet_string(self.value))

    @classmethod
    def read(cls, fields: Reader) -> MessageImprint:
        """Take a MessageImprint from ``fields``.

        Raises:
            InputError: ``DER_*``.
            UnsupportedError: ``DIGEST_UNKNOWN``.
        """
        inner = fields.enter()
        algorithm = inner.enter()
        name = digests.by_oid(algorithm.oid())
        if algorithm.maybe(der.NULL):
            raise der.error("DER_VALUE", "a NULL with contents", inner.position)
        algorithm.finish()
        value = inner.take(der.OCTET_STRING)
        inner.finish()
        return cls(name, value)


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    """What an authority is asked (RFC 3161, 2.4.1).

    Attributes:
        imprint: of what is to be stamped.
        nonce: a number the answer must repeat; ``None`` leaves it out.
        policy: dotted identifier of the policy the token must be issued under; empty leaves the choice to them.
        certificate: whether the token should bring its signer's certificate.
    """

    imprint: MessageImprint
    nonce: int | None = None
    policy: str = ""
    certificate: bool = True

    def encode(self) -> bytes:
        """Return the DER TimeStampReq."""
        return der_write.sequence(
            der_write.integer(1),
            self.imprint.encode(),
            der_write.oid(self.policy) if self.policy else b"",
            b"" if self.nonce is None else der_write.integer(self.nonce),
            der_write.TRUE if self.certificate else b"",
        )

    @classmethod
    def load(cls, data: bytes) -> TimestampRequest:
        """Read a DER TimeStampReq; one with extensions is refused, because none is known here.

        Raises:
            InputError: ``TIMESTAMP_MALFORMED``.
            UnsupportedError: ``DIGEST_UNKNOWN``.
        """
        try:
            whole = Reader(data)
            fields = whole.enter()
            whole.finish()
            _expect_version_1(fields)
            imprint = MessageImprint.read(fields)
            policy = fields.oid() if fields.peek() == der.OID else ""
            nonce = fields.integer() if fields.peek() == der.INTEGER else None
            certificate = fields.boolean() if fields.peek() == der.BOOLEAN else False
            fields.finish()
        except UnsupportedError:
            raise
        except InputError as error:
            raise _malformed("request", error) from error
        return cls(imprint, nonce, policy, certificate)


@dataclass(frozen=True, slots=True)
class TimestampInfo:
    """What a token says (TSTInfo, RFC 3161, 2.4.2).

    Attributes:
        policy: dotted identifier of the authority's policy.
        imprint: of what was stamped.
        serial: number of the token.
        gen_time: when, UTC.
        accuracy: how far off that may be, either way; ``None`` if it is not said.
        ordering: whether tokens of this authority can be put in order by ``gen_time`` alone.
        nonce: repeated from the request; ``None`` if there was none.
        tsa: DER Name of the authority; ``None`` if it is not given as a directory name.
        critical_extensions: identifiers of critical extensions; none is known here.
    """

    policy: str
    imprint: MessageImprint
    serial: int
    gen_time: datetime
    accuracy: timedelta | None = None
    ordering: bool = False
    nonce: int | None = None
    tsa: bytes | None = None
    critical_extensions: tuple[str, ...] = ()

    @property
    def latest(self) -> datetime:
        """The last moment at which the token can have been made: what it stamps existed by then."""
        return shifted(self.gen_time, self.accuracy or timedelta())


@dataclass(frozen=True, slots=True)
class TimestampToken:
    """A time-stamp token.

    Attributes:
        encoded: the whole DER ContentInfo.
        signed_data: the signed message.
        info: what it says.
    """

    encoded: bytes
    signed_data: SignedData
    info: TimestampInfo

    @classmethod
    def load(cls, data: bytes, limits: Limits = DEFAULT_LIMITS) -> TimestampToken:
        """Read a DER TimeStampToken.

        Raises:
            InputError: ``TIMESTAMP_MALFORMED``, ``CMS_MALFORMED``.
            UnsupportedError: ``DIGEST_UNKNOWN``, ``CMS_KIND``.
            LimitError: ``TIMESTAMP_TOO_LARGE``, ``CMS_TOO_MANY``.
        """
        _check_size(data, limits)
        signed_data = SignedData.load(data, limits)
        if signed_data.content_type != cms.TST_INFO or signed_data.content is None:
            raise InputError("TIMESTAMP_MALFORMED", "a signed message that is not a time-stamp token")
        try:
            info = _read_info(signed_data.content)
        except UnsupportedError:
            raise
        except InputError as error:
            raise _malformed("token", error) from error
        return cls(data, signed_data, info)


class ResponseStatus(IntEnum):
    """PKIStatus of a response (RFC 3161, 2.4.2)."""

    GRANTED = 0
    GRANTED_WITH_MODS = 1
    REJECTION = 2
    WAITING = 3
    REVOCATION_WARNING = 4
    REVOCATION_NOTIFICATION = 5


_FAILURES = {
    0: "badAlg",
    2: "badRequest",
    5: "badDataFormat",
    14: "timeNotAvailable",
    15: "unacceptedPolicy",
    16: "unacceptedExtension",
    17: "addInfoNotAvailable",
    25: "systemFailure",
}


@dataclass(frozen=True, slots=True)
class TimestampResponse:
    """What an authority answers.

    Attributes:
        status: whether it granted a token.
        text: what it says to people, if anything.
        failures: why it did not, as the names of RFC 3161.
        token: the token; ``None`` unless one was granted.
    """

    status: ResponseStatus
    text: str
    failures: tuple[str, ...]
    token: TimestampToken | None

    @classmethod
    def load(cls, data: bytes, limits: Limits = DEFAULT_LIMITS) -> TimestampResponse:
        """Read a DER TimeStampResp.

        Raises:
            InputError: ``TIMESTAMP_MALFORMED``, also for a granting answer without a token or a refusal with one.
            UnsupportedError: see :meth:`TimestampToken.load`.
            LimitError: ``TIMESTAMP_TOO_LARGE``.
        """
        _check_size(data, limits)
        try:
            whole = Reader(data)
            fields = whole.enter()
            whole.finish()
            status, text, failures = _read_status(fields.enter())
            encoded = fields.element() if fields else None
            fields.finish()
        except InputError as error:
            raise _malformed("response", error) from error
        granted = status in (ResponseStatus.GRANTED, ResponseStatus.GRANTED_WITH_MODS)
        if granted != (encoded is not None):
            raise InputError("TIMESTAMP_MALFORMED", "a response whose status and token contradict each other")
        token = None if encoded is None else TimestampToken.load(encoded, limits)
        return cls(status, text, failures, token)


def bare_token(data: bytes, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the token in ``data`` if it is the whole response of an authority; anything else as it is.

    Raises:
        InputError: ``TIMESTAMP_REFUSED`` for a response without a token.
    """
    try:
        answer = TimestampResponse.load(data, limits)
    except InputError:
        return data
    if answer.token is None:
        raise InputError("TIMESTAMP_REFUSED", "this is the refusal of an authority, without a token")
    return answer.token.encoded


def _check_size(data: bytes, limits: Limits) -> None:
    if len(data) > limits.timestamp_bytes:
        raise LimitError("TIMESTAMP_TOO_LARGE", f"a time-stamp of more than {limits.timestamp_bytes} bytes")


def _malformed(what: str, error: InputError) -> InputError:
    return InputError("TIMESTAMP_MALFORMED", f"not a time-stamp {what}: {error.message}", where=error.where)


def _expect_version_1(fields: Reader) -> None:
    if fields.integer() != 1:
        raise der.error("DER_VALUE", "an unknown version", fields.position)


def _read_status(fields: Reader) -> tuple[ResponseStatus, str, tuple[str, ...]]:
    number = fields.integer()
    if number not in ResponseStatus.__members__.values():
        raise der.error("DER_VALUE", "an unknown status", fields.position)
    lines = []
    free_text = fields.maybe_enter(der.SEQUENCE)
    while free_text:
        lines.append(free_text.take(der.UTF8_STRING).decode("utf-8", "replace"))
    bits = fields.named_bits() if fields else frozenset()
    fields.finish()
    return ResponseStatus(number), "\n".join(lines), tuple(_FAILURES.get(bit, str(bit)) for bit in sorted(bits))


def _read_info(data: bytes) -> TimestampInfo:
    whole = Reader(data)
    fields = whole.enter()
    whole.finish()
    _expect_version_1(fields)
    policy = fields.oid()
    imprint = MessageImprint.read(fields)
    serial = fields.integer()
    gen_time = _generalized_time(fields.take(der.GENERALIZED_TIME))
    accuracy = fields.maybe_enter(der.SEQUENCE)
    info = TimestampInfo(
        policy=policy,
        imprint=imprint,
        serial=serial,
        gen_time=gen_time,
        accuracy=None if accuracy is None else _read_accuracy(accuracy),
        ordering=fields.boolean() if fields.peek() == der.BOOLEAN else False,
        nonce=fields.integer() if fields.peek() == der.INTEGER else None,
        tsa=_read_tsa(fields.maybe_enter(der.explicit(0))),
        critical_extensions=_read_extensions(fields.maybe_enter(der.explicit(1))),
    )
    fields.finish()
    return info


def _generalized_time(content: bytes) -> datetime:
    """Read a GeneralizedTime with or without fractions of a second; those beyond microseconds are cut off."""
    match = _GENERALIZED_TIME.fullmatch(content)
    if match is None:
        raise InputError("DER_VALUE", "a malformed time")
    whole = der.decode_time(der.GENERALIZED_TIME, match[1] + b"Z")
    fraction = int((match[2] or b"0")[:6].ljust(6, b"0"))
    return whole.astimezone(UTC) + timedelta(microseconds=fraction)


def _read_accuracy(fields: Reader) -> timedelta:
    seconds = fields.integer() if fields.peek() == der.INTEGER else 0
    millis = fields.integer(der.implicit(0)) if fields.peek() == der.implicit(0) else 0
    micros = fields.integer(der.implicit(1)) if fields.peek() == der.implicit(1) else 0
    fields.finish()
    if not 0 <= seconds < 2**31 or not 0 <= millis < 1000 or not 0 <= micros < 1000:
        raise der.error("DER_VALUE", "an impossible accuracy", fields.position)
    return timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)


def _read_tsa(wrapper: Reader | None) -> bytes | None:
    if wrapper is None:
        return None
    name = wrapper.enter(der.explicit(4)).element(der.SEQUENCE) if wrapper.peek() == der.explicit(4) else None
    if name is None:
        wrapper.element()
    wrapper.finish()
    return name


def _read_extensions(sequence: Reader | None) -> tuple[str, ...]:
    """Return the identifiers of the critical ones among the extensions."""
    critical = []
    while sequence:
        fields = sequence.enter()
        oid = fields.oid()
        if fields.peek() == der.BOOLEAN and fields.boolean():
            critical.append(oid)
        fields.take(der.OCTET_STRING)
        fields.finish()
    return tuple(critical)
