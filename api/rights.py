"""RIGHTS: which roles may use which route; ROLES: which may do which act; OWNERSHIP: of which cases.

The guard of every route, docs/rights.md and the negative tests derive from these tables. Who may do an act follows from
`domain.lifecycle.MOVES`; what of a case somebody sees, `api.sight` says, by OWNERSHIP.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.attachments import BRINGING
from domain.joint import CARRIED
from domain.lifecycle import HANDLER, MOVES
from domain.opinions import MOVES as HEARD
from domain.partners import MOVES as MEMBERSHIP
from domain.vocabulary import Act, Purpose, Role, Word

R = Role

NOBODY = frozenset({R.SYSTEM, R.REQUESTER})
"""Roles that sign in nowhere: the workflow, and who comes by number and tracking code."""
SIGNED_IN = frozenset(R) - NOBODY
UNITS = frozenset(HANDLER)
"""Roles that act for a unit, which their sign-in names; no other sign-in names one."""

KEYED = frozenset({R.CHANNEL, R.UNIT, R.PARTNER})
"""Roles of systems, which sign in by an API key; people sign in by the provider."""


class Ownership(Word):
    """Which cases are a role's business."""

    EVERY = "every", "全部", "every case, whole"
    CODES = "codes", "全部代码", "every case by its codes: no person, no text"
    ESCALATED = "escalated", "报请指定的", "what was escalated; never who asked"
    PART = "own part", "本单位承办部分", "its own part of what was assigned to it, and nothing that complains of it"
    REFERRAL = "own referral", "推荐给本企业的", "the same of what was referred to it as a partner"
    REGISTERED = "registered", "本渠道登记的", "what it registered, or brings the person's tracking code for"
    CODE = "own case", "凭查询码", "the case that the tracking code opens"
    NONE = "none", "无", "no case"


OWNERSHIP: Mapping[Role, Ownership] = {
    R.CHANNEL: Ownership.REGISTERED,
    R.REQUESTER: Ownership.CODE,
    R.AGENT: Ownership.EVERY,
    R.SUPERVISOR: Ownership.EVERY,
    R.UNIT: Ownership.PART,
    R.UNIT_LEAD: Ownership.PART,
    R.PARTNER: Ownership.REFERRAL,
    R.OFFICE: Ownership.ESCALATED,
    R.CALLER: Ownership.EVERY,
    R.ANALYST: Ownership.CODES,
    R.AUDITOR: Ownership.EVERY,
    R.ADMINISTRATOR: Ownership.NONE,
    R.SYSTEM: Ownership.NONE,
}

ROLES: Mapping[Act, frozenset[Role]] = {
    act: frozenset(roles)
    for act in dict.fromkeys(m.act for m in MOVES)
    if (roles := {role for m in MOVES if m.act is act for role in m.roles} - {R.SYSTEM})
}
"""Who may ever do an act: anybody else gets a 403, whatever the case's standing."""

CENTRE = frozenset({R.AGENT, R.SUPERVISOR})
READERS = CENTRE | UNITS | {R.OFFICE, R.CALLER, R.ANALYST, R.AUDITOR}


def path_of(act: Act) -> str:
    """The last part of an act's path."""
    return act.value.replace("_", "-")


UPLOADERS = CENTRE | {R.CHANNEL} | frozenset(role for act in BRINGING if act in ROLES for role in ROLES[act])
"""Whoever may do an act that brings attachments."""

UPLOADING = (("POST", "/uploads"), ("HEAD", "/uploads/{upload}"), ("PATCH", "/uploads/{upload}"))

PURPOSES: Mapping[Purpose, frozenset[Role]] = {
    Purpose.CONTACT: CENTRE | UNITS,
    Purpose.VERIFY: CENTRE | UNITS,
    Purpose.CALLBACK: CENTRE | {R.CALLER},
    Purpose.VISIT: UNITS,
    Purpose.AUDIT: frozenset({R.AUDITOR}),
    Purpose.IDENTIFY: frozenset({R.SUPERVISOR}),
}
"""Who may read a person's full identity, for what."""

SHIELDED: Mapping[Purpose, frozenset[Role]] = {
    Purpose.CALLBACK: frozenset({R.CALLER}),
    Purpose.AUDIT: frozenset({R.AUDITOR}),
    Purpose.IDENTIFY: frozenset({R.SUPERVISOR}),
}
"""The same where the person is shielded (Art. 9 ¶2); to identify them asks for a reason."""


JOINED = CENTRE | UNITS | {R.OFFICE, R.AUDITOR}

OWNED: dict[str, frozenset[Role]] = {
    "GET /joints": JOINED,
    "GET /joints/{id}": JOINED,
    "POST /joints": CENTRE,
    "POST /joints/{id}/join": CENTRE,
    "POST /joints/{id}/close": CENTRE,
    **{f"POST /joints/{{id}}/{path_of(act)}": ROLES[act] - {R.REQUESTER} for act in sorted(CARRIED)},
    "GET /cases": READERS,
    "GET /cases/{number}": READERS,
    "GET /cases/{number}/entries": READERS,
    "GET /cases/{number}/why": READERS,
    "GET /cases/{number}/archive": READERS,
    "GET /cases/{number}/deeds": READERS - {R.ANALYST},
    "POST /cases/{number}/person": CENTRE | UNITS | {R.CALLER, R.AUDITOR},
    "GET /cases/{number}/disclosures": frozenset({R.SUPERVISOR, R.AUDITOR}),
    "POST /cases/{number}/consent": CENTRE,
    "POST /cases/{number}/publications": CENTRE,
    "POST /tracking/{number}/consent": frozenset({R.REQUESTER}),
    "GET /tracking/{number}/disclosures": frozenset({R.REQUESTER}),
    "POST /tracking/{number}/erasure": frozenset({R.REQUESTER}),
    "POST /searches/texts": READERS - {R.OFFICE, R.ANALYST},
    "POST /searches/phone": CENTRE,
    "GET /cases/{number}/alike": CENTRE | {R.AUDITOR},
    "GET /cases/{number}/suggestions": CENTRE | {R.AUDITOR},
    "GET /findings": frozenset({R.SUPERVISOR, R.AUDITOR}),
    "GET /assignments": CENTRE | UNITS | {R.ANALYST, R.AUDITOR},
    "GET /designations": CENTRE | {R.OFFICE, R.ANALYST, R.AUDITOR},
    "GET /callbacks": CENTRE | {R.CALLER, R.ANALYST, R.AUDITOR},
    "POST /cases/{number}/offers": CENTRE,
    "POST /cases/{number}/checks/{seq}": frozenset({R.SUPERVISOR}),
    "GET /cases/{number}/offers": CENTRE | {R.AUDITOR},
    "GET /answers": CENTRE | {R.AUDITOR},
    "GET /handovers": CENTRE | {R.ANALYST, R.AUDITOR},
    "GET /dispatches": frozenset({R.SUPERVISOR, R.AUDITOR}),
    "POST /dispatches/{id}/resend": frozenset({R.SUPERVISOR}),
    "GET /notices": CENTRE | UNITS | {R.OFFICE, R.AUDITOR},
    **{f"POST /cases/{{number}}/{path_of(act)}": roles - {R.REQUESTER} for act, roles in ROLES.items()},
    "GET /cases/{number}/attachments": READERS - {R.ANALYST},
    "GET /cases/{number}/attachments/{id}": READERS - {R.ANALYST},
    "GET /tracking/{number}": frozenset({R.REQUESTER}),
    "GET /tracking/{number}/attachments": frozenset({R.REQUESTER}),
    "GET /tracking/{number}/attachments/{id}": frozenset({R.REQUESTER}),
    **{f"{method} /tracking/{{number}}{path}": frozenset({R.REQUESTER}) for method, path in UPLOADING},
    **{
        f"POST /tracking/{{number}}/{path_of(act)}": frozenset({R.REQUESTER})
        for act, roles in ROLES.items()
        if R.REQUESTER in roles
    },
}
"""Routes that show or move cases: of those that are the caller's business."""

DISPOSING = frozenset({R.SUPERVISOR, R.OFFICE, R.AUDITOR})
"""Who proposes and appraises lists of disposal, who approves them (Art. 4: the Centre is under the office), who watches."""

AUTHORITIES = UNITS - {R.PARTNER}
"""Whose answers stand in the knowledge base, and whose duties in the catalogue: no partner enterprise's (Art. 5(1), 6)."""

WRITERS = CENTRE | UNITS | {R.OFFICE, R.CALLER}
"""Who writes replies, refusals and notices."""

PARTNERS = CENTRE | {R.PARTNER, R.OFFICE, R.ANALYST, R.AUDITOR}
"""Who reads the register of partners; a partner of itself."""

PLAIN: dict[str, frozenset[Role]] = {
    "POST /cases": CENTRE | {R.CHANNEL},
    **{f"{method} {path}": UPLOADERS - {R.REQUESTER} for method, path in UPLOADING},
    "POST /notices/receipts": frozenset({R.CHANNEL}),
    "POST /disposals": frozenset({R.SUPERVISOR}),
    "POST /disposals/{id}/appraise": frozenset({R.SUPERVISOR}),
    "POST /disposals/{id}/approve": frozenset({R.OFFICE}),
    "GET /disposals": DISPOSING,
    "GET /disposals/{id}": DISPOSING,
    "GET /destructions": DISPOSING,
    "GET /publications": CENTRE | {R.AUDITOR},
    "GET /publications/{id}": CENTRE | {R.AUDITOR},
    "POST /publications/{id}/publish": frozenset({R.SUPERVISOR}),
    "POST /publications/{id}/refuse": frozenset({R.SUPERVISOR}),
    "POST /publications/{id}/withdraw": frozenset({R.SUPERVISOR}),
    "POST /knowledge": AUTHORITIES,
    "POST /knowledge/{id}/versions": AUTHORITIES,
    "POST /knowledge/{id}/release": frozenset({R.SUPERVISOR}),
    "POST /knowledge/{id}/refuse": frozenset({R.SUPERVISOR}),
    "POST /knowledge/{id}/withdraw": AUTHORITIES | {R.SUPERVISOR},
    "GET /knowledge": AUTHORITIES | CENTRE | {R.AUDITOR},
    "GET /knowledge/{id}": AUTHORITIES | CENTRE | {R.AUDITOR},
    "POST /searches/knowledge": CENTRE,
    "GET /questions": CENTRE | {R.AUDITOR},
    "POST /partners": CENTRE | {R.CHANNEL},
    "GET /partners": PARTNERS,
    "GET /partners/{partner}": PARTNERS,
    "GET /partners/{partner}/scores": PARTNERS,
    **{
        f"POST /partners/{{partner}}/{act}": frozenset(r for m in MEMBERSHIP if m.act is act for r in m.roles)
        for act in dict.fromkeys(m.act for m in MEMBERSHIP)
    },
    "POST /ratings": frozenset({R.PARTNER}),
    "GET /ratings": CENTRE | {R.PARTNER, R.AUDITOR},
    "POST /ratings/exclude": frozenset({R.SUPERVISOR}),
    "POST /ratings/restore": frozenset({R.SUPERVISOR}),
    "POST /duties": AUTHORITIES | {R.SUPERVISOR},
    "POST /duties/{id}/versions": AUTHORITIES | {R.SUPERVISOR},
    "POST /duties/{id}/accept": frozenset({R.SUPERVISOR}),
    "POST /duties/{id}/refuse": frozenset({R.SUPERVISOR}),
    "POST /duties/{id}/finding": frozenset({R.SUPERVISOR}),
    "GET /duties": AUTHORITIES | CENTRE | {R.OFFICE, R.AUDITOR},
    "GET /duties/{id}": AUTHORITIES | CENTRE | {R.OFFICE, R.AUDITOR},
    "GET /templates": WRITERS | {R.AUDITOR},
    "POST /templates/{id}/fill": WRITERS,
    "GET /public/cases": SIGNED_IN | {R.REQUESTER},
    "GET /changes": frozenset({R.AUDITOR, R.ADMINISTRATOR}),
    "POST /trainings": frozenset({R.SUPERVISOR}),
    "GET /trainings": CENTRE | {R.ANALYST, R.AUDITOR},
    "POST /checks": frozenset({R.SUPERVISOR}),
    "GET /checks": CENTRE | UNITS | {R.AUDITOR},
    "POST /opinions": CENTRE,
    "GET /opinions": CENTRE | AUTHORITIES | {R.OFFICE, R.AUDITOR},
    "GET /opinions/{id}": CENTRE | AUTHORITIES | {R.OFFICE, R.AUDITOR},
    **{
        f"POST /opinions/{{id}}/{act.value.replace('_', '-')}": frozenset(
            r for m in HEARD if m.act is act for r in m.roles
        )
        for act in dict.fromkeys(m.act for m in HEARD)
    },
    "GET /public/opinions": SIGNED_IN | {R.REQUESTER},
    "GET /public/figures": SIGNED_IN | {R.REQUESTER},
    "GET /credit-records": frozenset({R.SUPERVISOR, R.AUDITOR}),
    "POST /credit-records/{id}/resend": frozenset({R.SUPERVISOR}),
    "POST /searches/permits": CENTRE,
    "GET /reconciliations": frozenset({R.SUPERVISOR, R.AUDITOR, R.ADMINISTRATOR}),
    "GET /signin": frozenset({R.REQUESTER}) | SIGNED_IN,
    "GET /signin/callback": frozenset({R.REQUESTER}) | SIGNED_IN,
    "POST /signout": SIGNED_IN,
    "GET /me": SIGNED_IN,
    "GET /units": SIGNED_IN,
    "GET /vocabulary": SIGNED_IN | {R.REQUESTER},
    "GET /health": SIGNED_IN | {R.REQUESTER},
}
"""Routes that are nobody's case."""

RIGHTS: Mapping[str, frozenset[Role]] = OWNED | PLAIN
"""Every route of the API by method and path."""
