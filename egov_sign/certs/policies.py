"""Certificate policies along a path (RFC 5280, 6.1, in the bounded form of RFC 9618).

RFC 5280 grows a tree of policies whose size can double with every certificate. Nothing of that tree is needed but its
lowest level, and for each node there the policies of the trust anchor's domain that it goes back to. So that is all
that is kept: one entry per policy, however many ways lead to it, and nothing to prune.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from egov_sign.certs.extension_ids import ANY_POLICY

_ANY = frozenset({ANY_POLICY})


@dataclass(frozen=True, slots=True)
class PolicyNode:
    """A valid policy at one certificate.

    Attributes:
        expected: the policies that the next certificate may assert for it.
        origins: the policies of the trust anchor's domain that it was mapped from.
    """

    expected: frozenset[str]
    origins: frozenset[str]


PolicyLevel: TypeAlias = Mapping[str, PolicyNode]
"""The nodes at one certificate by policy; an empty level is the NULL tree of RFC 5280."""

INITIAL: PolicyLevel = {ANY_POLICY: PolicyNode(_ANY, _ANY)}


def process(level: PolicyLevel, policies: Iterable[str] | None, *, any_policy_counts: bool) -> PolicyLevel:
    """Return the level after a certificate that asserts ``policies`` (6.1.3 (d) and (e)).

    Args:
        level: the level before it.
        policies: its certificate policies; ``None`` if it has no such extension.
        any_policy_counts: whether its anyPolicy has a meaning (inhibitAnyPolicy, self-issued).
    """
    if policies is None or not level:
        return {}
    asserted = frozenset(policies)
    wildcard = level.get(ANY_POLICY)
    origins_of: dict[str, frozenset[str]] = {}
    for node in level.values():
        for policy in node.expected:
            origins_of[policy] = origins_of.get(policy, frozenset()) | node.origins
    following: dict[str, PolicyNode] = {}
    for policy in asserted - _ANY:
        if policy in origins_of:
            following[policy] = PolicyNode(frozenset({policy}), origins_of[policy])
        elif wildcard is not None:
            following[policy] = PolicyNode(frozenset({policy}), frozenset({policy}))
    if ANY_POLICY in asserted and any_policy_counts:
        for policy in origins_of.keys() - following.keys():
            following[policy] = PolicyNode(frozenset({policy}), origins_of[policy])
    return following


def apply_mappings(level: PolicyLevel, mappings: Iterable[tuple[str, str]], *, allowed: bool) -> PolicyLevel:
    """Return the level after the policy mappings of a certificate that has them (6.1.4 (b)).

    Args:
        level: the level of that certificate.
        mappings: pairs of issuer domain policy and subject domain policy.
        allowed: whether mapping is still allowed; if not, mapped policies are lost.
    """
    targets: dict[str, frozenset[str]] = {}
    for source, target in mappings:
        targets[source] = targets.get(source, frozenset()) | {target}
    following = dict(level)
    for source, expected in targets.items():
        if not allowed:
            following.pop(source, None)
        elif source in level:
            following[source] = PolicyNode(expected, level[source].origins)
        elif ANY_POLICY in level:
            following[source] = PolicyNode(expected, frozenset({source}))
    return following


def accepted(level: PolicyLevel, wanted: frozenset[str]) -> frozenset[str]:
    """Return which of the ``wanted`` policies the whole path is valid under (6.1.5 (g)).

    With anyPolicy among ``wanted``: all policies it is valid under.
    """
    established = frozenset(origin for node in level.values() for origin in node.origins)
    if ANY_POLICY in wanted:
        return established
    return wanted if ANY_POLICY in established else wanted & established
