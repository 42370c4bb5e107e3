"""The authority's side of RFC 3161: answering requests with tokens, for fixture worlds and loopback services."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from egov_sign.clock import Clock
from egov_sign.crypto import der_write
from egov_sign.crypto.signer import Signer
from egov_sign.docs import cms
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_sign import Parts, sign
from egov_sign.docs.timestamp import MessageImprint, ResponseStatus, TimestampInfo, TimestampRequest
from egov_sign.errors import InputError, UnsupportedError

BAD_ALGORITHM, BAD_REQUEST, UNACCEPTED_POLICY = 0, 2, 15
"""Bits of PKIFailureInfo (RFC 3161, 2.4.2)."""


class TimestampAuthority:
    """Stamps what it is asked to, in this process.

    It is a :class:`egov_sign.docs.timestamp_client.TimestampSource`, too.

    Args:
        signer: its key and certificate.
        policy: dotted identifier of the policy it stamps under.
        clock: tells it the time.
        serial: gives the number of the next token.
        digests: names of the digests it stamps.
        accuracy: how exact it says its clock is; ``None`` says nothing.
    """

    def __init__(
        self,
        signer: Signer,
        *,
        policy: str,
        clock: Clock,
        serial: Callable[[], int],
        digests: Collection[str] = ("sha256", "sha384", "sha512", "streebog256", "streebog512"),
        accuracy: timedelta | None = timedelta(seconds=1),
    ) -> None:
        self._signer = signer
        self._policy = policy
        self._clock = clock
        self._serial = serial
        self._digests = digests
        self._accuracy = accuracy

    def respond(self, request: bytes) -> bytes:
        """Return the DER TimeStampResp to a DER TimeStampReq; an unusable request is refused in it."""
        try:
            asked = TimestampRequest.load(request)
        except UnsupportedError:
            return refuse(BAD_ALGORITHM)
        except InputError:
            return refuse(BAD_REQUEST)
        if asked.imprint.digest not in self._digests:
            return refuse(BAD_ALGORITHM)
        if asked.policy not in ("", self._policy):
            return refuse(UNACCEPTED_POLICY)
        return grant(self._issue(asked))

    def stamp(self, data: bytes) -> bytes:
        """Return a DER TimeStampToken over the SHA-256 of ``data``."""
        return self._issue(TimestampRequest(MessageImprint.of(data)))

    def _issue(self, asked: TimestampRequest) -> bytes:
        info = TimestampInfo(
            policy=self._policy,
            imprint=asked.imprint,
            serial=self._serial(),
            gen_time=self._clock.now(),
            accuracy=self._accuracy,
            nonce=asked.nonce,
        )
        return issue_token(info, self._signer, certificate=asked.certificate)


def issue_token(info: TimestampInfo, signer: Signer, *, certificate: bool = True) -> bytes:
    """Return the DER TimeStampToken that says ``info``, signed by ``signer``.

    Args:
        info: what it says; extensions are not written.
        signer: the authority.
        certificate: whether its certificate is sent along.

    Raises:
        UnsupportedError: ``CMS_ALGORITHM``.
    """
    token = sign(encode_info(info), signer, signing_time=info.gen_time, content_type=cms.TST_INFO)
    if certificate:
        return token
    return replace(Parts.of(SignedData.load(token)), certificates=frozenset()).encode()


def encode_info(info: TimestampInfo) -> bytes:
    """Return the DER TSTInfo without extensions (RFC 3161, 2.4.2)."""
    return der_write.sequence(
        der_write.integer(1),
        der_write.oid(info.policy),
        info.imprint.encode(),
        der_write.integer(info.serial),
        _time(info.gen_time),
        b"" if info.accuracy is None else _accuracy(info.accuracy),
        der_write.TRUE if info.ordering else b"",
        b"" if info.nonce is None else der_write.integer(info.nonce),
        b"" if info.tsa is None else der_write.tagged(0, der_write.tagged(4, info.tsa)),
    )


def grant(token: bytes) -> bytes:
    """Return the DER TimeStampResp that brings ``token``."""
    return der_write.sequence(der_write.sequence(der_write.integer(ResponseStatus.GRANTED)), token)


def refuse(failure: int) -> bytes:
    """Return the DER TimeStampResp that refuses, with the PKIFailureInfo bit ``failure``."""
    status = der_write.integer(ResponseStatus.REJECTION)
    return der_write.sequence(der_write.sequence(status, der_write.named_bits(failure)))


def _time(moment: datetime) -> bytes:
    """Return a GeneralizedTime with the fraction of a second that ``moment`` has, without trailing zeros."""
    whole = moment.astimezone(UTC)
    fraction = f".{whole.microsecond:06d}".rstrip("0").rstrip(".")
    return der_write.tlv(0x18, f"{whole:%Y%m%d%H%M%S}{fraction}Z".encode())


def _accuracy(accuracy: timedelta) -> bytes:
    seconds = accuracy.days * 86400 + accuracy.seconds
    millis, micros = divmod(accuracy.microseconds, 1000)
    return der_write.sequence(
        der_write.integer(seconds) if seconds else b"",
        _limb(0, millis),
        _limb(1, micros),
    )


def _limb(number: int, value: int) -> bytes:
    return der_write.implicit(number, der_write.integer(value)[2:]) if value else b""
