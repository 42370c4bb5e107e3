"""The three health-care services of the regulations and what they run on.

Begin with :class:`~egov_sign.flows.services.Services` (store, clock, trust, keys), then the actors:
:class:`~egov_sign.flows.portal.Portal` (a recipient), :class:`~egov_sign.flows.desk.ServiceDesk` and
:mod:`~egov_sign.flows.reception` (an employee for a recipient), :class:`~egov_sign.flows.workstation.Workstation`
(decides and signs), :mod:`~egov_sign.flows.gateway` (between them).

What the regulations say is data: ``process.toml`` (steps), ``forms.toml``, ``refusals.toml``, ``holidays.toml``.
:mod:`~egov_sign.flows.model` and :mod:`~egov_sign.flows.engine` run the steps, :mod:`~egov_sign.flows.condition2` and
:mod:`~egov_sign.flows.grounds` are the conditions, :mod:`~egov_sign.flows.journal` is what remains of it all.
"""
