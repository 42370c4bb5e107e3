"""The catalogue of services: exact names, legal basis, captions of the screens (R1, R6, R7, R9, R20)."""

from __future__ import annotations

from dataclasses import dataclass

from egov_sign.flows.model import Flow, flows

ORDER_BUTTON = "Заказать услугу online"
SEND_BUTTON = "отправить запрос"
SIGN_BUTTON = "подписать"
REFRESH_BUTTON = "обновить статус"
VIEW_BUTTON = "просмотр результата"
OPEN_BUTTON = "открыть"
"""Captions of the buttons, literally (R32, R35, R37, R40–R42)."""

CONTACT_CENTRE = ("1414", "8-800-080-7777")
PORTALS = {"astana": "www.e.gov.kz", "zhambyl": "www.egov.kz", "order272-2019": "www.egov.kz"}

_NAMES = {
    "CALL": {
        "ru": "Вызов врача на дом",
        "kk": "Дәрігерді үйге шақыру",
        "en": "Calling a doctor to the home",
    },
    "APPT": {
        "ru": "Запись на прием к врачу",
        "kk": "Дәрігердің қабылдауына жазылу",
        "en": "Making an appointment with a doctor",
    },
    "ATT": {
        "ru": "Прикрепление к медицинской организации, оказывающей первичную медико-санитарную помощь",
        "kk": "Медициналық-санитариялық алғашқы көмек көрсететін медициналық ұйымға бекіту",
        "en": "Attachment to a medical organisation that gives primary health care",
    },
}
_LEGAL_BASIS_2012 = (
    "Кодекс Республики Казахстан от 18 сентября 2009 года «О здоровье народа и системе здравоохранения»",
    "постановление Правительства Республики Казахстан от 1 ноября 2011 года № 1263",
    "постановление Правительства Республики Казахстан от 12 октября 2012 года № 1294",
)
_ORDER_272 = (
    "приказ Министра здравоохранения и социального развития Республики Казахстан от 27 апреля 2015 года № 272 "
    "(зарегистрирован 11 июня 2015 года № 11304)"
)
_LEGAL_BASIS = {"astana": _LEGAL_BASIS_2012, "zhambyl": (_ORDER_272,), "order272-2019": (_ORDER_272,)}
_PARTLY = "электронная (частично автоматизированная) и (или) бумажная"
_RESULTS = {
    "CALL": "справка о вызове врача на дом",
    "APPT": "справка о записи на прием к врачу",
    "ATT": "справка (талон) о прикреплении",
}


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """What a user reads about a service before ordering it.

    Attributes:
        code: ``CALL``, ``APPT`` or ``ATT``.
        profile: the regulation.
        name: exact name by language.
        automation: degree of automation (R6).
        legal_basis: acts (R7).
        free: free of charge (R9).
        channels: how it can be requested.
        results: the two possible results (R11–R13).
        contact_centre: telephone numbers (R20).
        portal: address of the portal, as the regulation has it (D32).
        flows: the steps by channel.
    """

    code: str
    profile: str
    name: dict[str, str]
    automation: str
    legal_basis: tuple[str, ...]
    free: bool
    channels: tuple[str, ...]
    results: tuple[str, str]
    contact_centre: tuple[str, ...]
    portal: str
    flows: dict[str, Flow]


def name_of(service: str, language: str = "ru") -> str:
    """Return the exact name of a service."""
    return _NAMES[service][language]


def result_title(service: str) -> str:
    """Return the title of the certificate that a service ends with: «Справка о вызове врача на дом»."""
    return _RESULTS[service][0].upper() + _RESULTS[service][1:]


def catalogue(profile: str) -> list[ServiceInfo]:
    """Return the services that the regulation ``profile`` provides."""
    return [_info(profile, code) for code in _NAMES if any((f.profile, f.service) == (profile, code) for f in flows())]


def _info(profile: str, code: str) -> ServiceInfo:
    own = {flow.channel: flow for flow in flows() if (flow.profile, flow.service) == (profile, code)}
    automated = profile == "astana" or (profile == "order272-2019" and code == "ATT")
    return ServiceInfo(
        code,
        profile,
        _NAMES[code],
        "полностью автоматизированная" if automated else _PARTLY,
        _LEGAL_BASIS[profile],
        True,
        tuple(own),
        (_RESULTS[code], "мотивированный ответ об отказе"),
        CONTACT_CENTRE,
        PORTALS[profile],
        own,
    )
