"""How wide a text may come out, and where to break it; no font is asked.

A picture names only a generic font family, so every viewer takes its own font. The widths here are those of a wide
one (in the class of DejaVu Sans or Verdana), so that a text that fits by them fits by any usual font.
"""

from __future__ import annotations

_NARROW = frozenset("iljtf!'|.,:;()[]{}/\\ifІі·ґ I")
_WIDE = frozenset("mwMWшщмжюфыШЩМЖЮФЫДЪ@%—№ҚӨҮҰҺӘŚ")
_BROAD = frozenset("дцинплрвңқһbdhnpqu0123456789")
_NARROW_EM, _USUAL_EM, _BROAD_EM, _CAPITAL_EM, _WIDE_EM = 0.40, 0.62, 0.66, 0.78, 1.06
_BOLD = 1.12


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return an upper estimate of the width of ``text`` in the unit of ``size``."""
    width = 0.0
    for letter in text:
        if letter in _NARROW:
            width += _NARROW_EM
        elif letter in _WIDE:
            width += _WIDE_EM
        elif letter in _BROAD:
            width += _BROAD_EM
        elif letter.isupper():
            width += _CAPITAL_EM
        else:
            width += _USUAL_EM
    return width * size * (_BOLD if bold else 1.0)


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break ``text`` into lines no wider than ``width``, between words; a word that is wider alone is divided."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if text_width(longer, size, bold=bold) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *whole, line = _divide(word, width, size, bold=bold)
        lines.extend(whole)
    if line:
        lines.append(line)
    return lines


def _divide(word: str, width: float, size: float, *, bold: bool) -> list[str]:
    parts = [""]
    for letter in word:
        if parts[-1] and text_width(parts[-1] + letter + "-", size, bold=bold) > width:
            parts[-1] += "-"
            parts.append("")
        parts[-1] += letter
    return parts
