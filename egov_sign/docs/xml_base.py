"""Joining of URI references as Canonical XML 1.1 defines it."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def join_references(base: str, reference: str) -> str:
    """Return ``reference`` resolved against ``base``, which may itself be relative.

    RFC 3986, section 5.2, as changed by Canonical XML 1.1, section 2.4: a base without scheme is allowed, the base's
    last segment ``..`` counts as a folder, leading ``..`` segments stay, and fragments are dropped from the base.
    """
    scheme, authority, path, query, fragment = urlsplit(reference)
    base_scheme, base_authority, base_path, base_query, _ = urlsplit(base)
    if scheme or authority:
        return urlunsplit((scheme or base_scheme, authority, _without_dots(path), query, fragment))
    scheme, authority = base_scheme, base_authority
    if not path:
        path, query = base_path, query or base_query
    elif not path.startswith("/"):
        if base_path.endswith("/..") or base_path == "..":
            base_path += "/"
        folder = base_path[: base_path.rfind("/") + 1] or ("/" if authority else "")
        path = folder + path
    return urlunsplit((scheme, authority, _without_dots(path), query, fragment))


def _without_dots(path: str) -> str:
    """Remove ``.`` and ``name/..`` segments; keep what climbs above a relative start; squeeze double slashes."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments[:-1] if path else []:
        if segment == ".." and kept and kept[-1] not in {"", ".."}:
            kept.pop()
        elif segment == ".." and path.startswith("/"):
            continue
        elif segment not in {"", "."}:
            kept.append(segment)
    last = segments[-1]
    if last == "..":
        if kept and kept[-1] != "..":
            kept.pop()
        elif not path.startswith("/"):
            kept.append("..")
    ends_as_folder = last in {"", ".", ".."}
    if not ends_as_folder:
        kept.append(last)
    start = "/" if path.startswith("/") else ""
    end = "/" if ends_as_folder and kept else ""
    return start + "/".join(kept) + end
