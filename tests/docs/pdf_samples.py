"""Unsigned results and refusals in the form that the flows issue, for tests of what a person holds."""

from __future__ import annotations

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMES = 'xmlns:c="urn:egov-sign:phc:common:1"'
LEGAL_RU = "Данный документ равнозначен документу на бумажном носителе"
_RECIPIENT = """<c:IIN>123456789011</c:IIN><c:FullName>Әбдіғаппарұлы Ғұмар Өмірзақұлы</c:FullName>
<c:BirthDate>1985-03-21</c:BirthDate>"""
_PROVIDER = """<c:BIN>123456789011</c:BIN><c:Code>AST01</c:Code>
<c:Name>«№ 1 қалалық емхана» ШЖҚ МКК — ГКП на ПХВ «Городская поликлиника № 1»</c:Name>
<c:Address>город Астана, улица Кенесары, 40</c:Address><c:Phone>+7 7172 00 00 00</c:Phone>"""
_SIGNER = """<c:FullName>Сәрсенова Әйгерім Үкібайқызы</c:FullName><c:Position>Бас дәрігер — Главный врач</c:Position>
<c:EmployeeIIN>123456789011</c:EmployeeIIN>"""
_CONTENT = {
    "call": """<rs:HomeVisit><rs:Date>2024-03-05</rs:Date><rs:From>14:00</rs:From><rs:To>18:00</rs:To>
<rs:DoctorName>Нұрпейісова Құралай Іліясқызы</rs:DoctorName><rs:District>12</rs:District>
<rs:Address>город Астана, проспект Республики, дом 15, квартира 27</rs:Address>
<rs:JournalRow>2024-000317</rs:JournalRow></rs:HomeVisit>""",
    "appointment": """<rs:Visit><rs:Date>2024-03-06</rs:Date><rs:Time>09:40</rs:Time>
<rs:DoctorName>Нұрпейісова Құралай Іліясқызы</rs:DoctorName><rs:Specialty>терапевт</rs:Specialty>
<rs:Room>214</rs:Room><rs:JournalRow>2024-000318</rs:JournalRow></rs:Visit>""",
    "attachment": """<rs:AttachmentInfo><rs:Organisation>«Городская поликлиника № 1»</rs:Organisation>
<rs:District>12</rs:District><rs:StartDate>2024-03-06</rs:StartDate>
<rs:Text>Уважаемый (ая) Әбдіғаппарұлы Ғұмар Өмірзақұлы! Вы прикреплены к медицинской организации
«Городская поликлиника № 1».</rs:Text></rs:AttachmentInfo>""",
}


def result_xml(kind: str, number: str = "AST01-CALL-2024-000123") -> bytes:
    """Return a result certificate of ``kind``."""
    return (
        f'{_HEAD}<rs:ResultCertificate xmlns:rs="urn:egov-sign:phc:result:1" {_NAMES} Id="res" type="{kind}" '
        f'xml:lang="ru"><rs:Number>{number}-S</rs:Number><rs:RequestNumber>{number}</rs:RequestNumber>'
        f'<rs:RequestDigest alg="http://www.w3.org/2001/04/xmlenc#sha256">{"0" * 64}</rs:RequestDigest>'
        "<rs:RegisteredAt>2024-03-05T05:12:00Z</rs:RegisteredAt><rs:IssuedAt>2024-03-05T05:20:00Z</rs:IssuedAt>"
        f"<rs:Title>Справка</rs:Title><rs:Recipient>{_RECIPIENT}</rs:Recipient><rs:Provider>{_PROVIDER}</rs:Provider>"
        f"{_CONTENT[kind]}<rs:SignedBy>{_SIGNER}</rs:SignedBy><rs:Status>COMPLETED</rs:Status>"
        "<rs:VerificationCode>7KQ4-9MZT-2F</rs:VerificationCode>"
        f'<rs:LegalNote ru="{LEGAL_RU}" kk="Осы құжат қағаз құжатпен бірдей"/></rs:ResultCertificate>'
    ).encode()


def refusal_xml(number: str = "AST01-CALL-2024-000124", reasons: int = 2) -> bytes:
    """Return a reasoned refusal with ``reasons`` reasons."""

    def texts(name: str, ru: str, kk: str, en: str) -> str:
        three = (("ru", ru), ("kk", kk), ("en", en))
        return "".join(f'<rf:{name} xml:lang="{language}">{words}</rf:{name}>' for language, words in three)

    cutoff = texts(
        "Text",
        "Вызовы принимаются не позднее чем за 2 часа до окончания работы: до 18:00.",
        "Шақырулар жұмыс аяқталғанға дейін 2 сағат бұрын қабылданады: 18:00-ге дейін.",
        "Calls are accepted until two hours before closing: until 18:00.",
    )
    reason = f'<rf:Reason code="CALL_CUTOFF">{cutoff}<rf:Ground>A1 п.9</rf:Ground></rf:Reason>'
    advice = texts(
        "HowToFix", "Подайте заявку завтра с 8:00.", "Өтінімді ертең сағат 8:00-ден беріңіз.", "Apply tomorrow."
    )
    appeal = texts(
        "Appeal",
        "Руководителю организации или в Министерство здравоохранения; единый контакт-центр 1414.",
        "Ұйым басшысына немесе Денсаулық сақтау министрлігіне; бірыңғай байланыс орталығы 1414.",
        "To the head of the organisation or the Ministry of Health; contact centre 1414.",
    )
    return (
        f'{_HEAD}<rf:ReasonedRefusal xmlns:rf="urn:egov-sign:phc:refusal:1" {_NAMES} Id="ref" xml:lang="ru">'
        f"<rf:Number>{number}-R</rf:Number><rf:RequestNumber>{number}</rf:RequestNumber>"
        f'<rf:RequestDigest alg="http://www.w3.org/2001/04/xmlenc#sha256">{"0" * 64}</rf:RequestDigest>'
        "<rf:Service>CALL</rf:Service><rf:Stage>cond3</rf:Stage><rf:IssuedAt>2024-03-05T13:20:00Z</rf:IssuedAt>"
        f"<rf:Recipient>{_RECIPIENT}</rf:Recipient><rf:Provider>{_PROVIDER}</rf:Provider>{reason * reasons}"
        f"{advice}{appeal}<rf:SignedBy>{_SIGNER}</rf:SignedBy></rf:ReasonedRefusal>"
    ).encode()
