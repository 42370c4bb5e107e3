"""A FHIR R4 transaction in the making: entries, references between them, and the data types they share.

A transaction, not a collection: it can be posted to a server as it is, and the server sets the references right. It can
be posted again without harm. What other systems own (people, organisations) is created only if the server has nobody
with that identifier (``If-None-Exist``); what belongs to the case is replaced (conditional update), since it goes on;
what has no identifier in R4 (AuditEvent, Provenance) has an ``id`` of its own.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from egov_sign.clock import as_utc
from egov_sign.verdict import Json

SYSTEM = "urn:egov-sign"
"""Beginning of the project's own systems of identifiers and codes; Kazakhstan has published none for FHIR."""
IIN, BIN = f"{SYSTEM}:iin", f"{SYSTEM}:bin"
NUMBER, DRAFT = f"{SYSTEM}:request-number", f"{SYSTEM}:request-id"
MESSAGE = f"{SYSTEM}:gateway-message"
SHA256 = f"{SYSTEM}:sha256"
SERVICE = f"{SYSTEM}:service"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"

Resource = dict[str, Json]
Kept = Literal["shared", "case"]


class Bundle:
    """Collects resources; each is known by a name of ours and gets a ``urn:uuid:`` that never changes.

    Args:
        case: identifier of the request, a random UUID: nobody can guess an IIN from what is derived from it.
        changed: when the case changed last; ``meta.lastUpdated`` of its resources.
    """

    def __init__(self, case: str, changed: datetime) -> None:
        self._case = case
        self._changed = stamp(changed)
        self._entries: dict[str, Json] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def uuid(self, name: str) -> str:
        """Return the UUID of the resource called ``name``, the same in every export of this case."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{SYSTEM}:{self._case}:{name}"))

    def reference(self, name: str) -> Resource:
        """Return a reference to the resource called ``name``."""
        return {"reference": f"urn:uuid:{self.uuid(name)}"}

    def add(self, name: str, kind: str, kept: Kept = "case", /, **fields: Json) -> Resource:
        """Add a resource and return a reference to it; fields that hold nothing are left out (R4: no empty values).

        Args:
            name: ours, unique in the bundle.
            kind: resource type.
            kept: whether it is created once for all cases, or replaced with each export of this one.
            fields: of the resource; the first ``identifier`` is what a server finds it by.
        """
        own = without_nothing(fields)
        meta: Resource = {"lastUpdated": self._changed}
        given = own.pop("meta", None)
        resource: Resource = {"resourceType": kind, "meta": meta | (given if isinstance(given, dict) else {})}
        query = _query(own)
        if not query:
            resource["id"] = self.uuid(name)
        resource |= own
        request: Resource
        if not query:
            request = {"method": "PUT", "url": f"{kind}/{self.uuid(name)}"}
        elif kept == "shared":
            request = {"method": "POST", "url": kind, "ifNoneExist": query}
        else:
            request = {"method": "PUT", "url": f"{kind}?{query}"}
        full_url = f"urn:uuid:{self.uuid(name)}"
        self._entries[name] = {"fullUrl": full_url, "resource": resource, "request": request}
        return {"reference": full_url}

    def finish(self, number: Resource, now: datetime) -> Resource:
        """Return the bundle, identified by the case's number and made at ``now``."""
        return {
            "resourceType": "Bundle",
            "meta": {"lastUpdated": self._changed},
            "identifier": number,
            "type": "transaction",
            "timestamp": stamp(now),
            "entry": list(self._entries.values()),
        }


def stamp(moment: datetime) -> str:
    """Write ``moment`` as a FHIR instant in UTC."""
    return as_utc(moment).isoformat().replace("+00:00", "Z")


def identifier(system: str, value: str) -> Resource:
    """Return an identifier."""
    return {"system": system, "value": value}


def coding(system: str, code: str, display: str = "") -> Resource:
    """Return a code of a system; one without ``urn:`` or ``http`` is of HL7's terminology."""
    uri = system if system.startswith(("urn:", "http")) else f"{_TERMINOLOGY}/{system}"
    return without_nothing({"system": uri, "code": code, "display": display})


def concept(*codings: Resource, text: str = "") -> Resource:
    """Return a concept with its codes and its words."""
    return without_nothing({"coding": list(codings), "text": text})


def period(start: datetime | None, end: datetime | None) -> Resource:
    """Return a period; an end that is not known is left out."""
    return {name: stamp(moment) for name, moment in (("start", start), ("end", end)) if moment}


def without_nothing(fields: dict[str, Json]) -> Resource:
    """Return ``fields`` without those that hold nothing; FHIR forbids empty values."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def _query(fields: Resource) -> str:
    """Return the search that finds this resource on a server; empty for one without an identifier."""
    found = fields.get("identifier")
    first = found[0] if isinstance(found, list) else found
    if not isinstance(first, dict):
        return ""
    return f"identifier={quote(str(first['system']), safe=':/')}%7C{quote(str(first['value']), safe='')}"
