"""The second lock: PostgreSQL itself shows each kind of reader only its rows (Art. 7(4), 9 ¶2, 15). `api.sight` is the first.

One database role for each kind of reader, and one policy for each of its tables: a policy that joined them in one
expression would turn full-text search into a scan. The house writes as `APP`, which does not own the tables.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum

from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.case import CENTRE, OFFICE
from domain.legacy import OLDER
from domain.vocabulary import Hearing, Mark, Matter, Report, Review, Role, Text
from storage.destroy import DESTROY
from storage.tables import metadata

APP = "hotline_app"
"""Whom API, worker and tools sign in as."""

IMPORT = "hotline_import"
"""The import right (导入权限): who signs in as this role, and nobody else, writes an older system's cases."""


class Reader(StrEnum):
    """A kind of reader; its value is the role in the database."""

    CENTRE = "hotline_centre"
    AUDITOR = "hotline_auditor"
    UNIT = "hotline_unit"
    OFFICE = "hotline_office"
    ANALYST = "hotline_analyst"
    REQUESTER = "hotline_requester"
    HOUSE = "hotline_house"


READER: Mapping[Role, Reader] = {
    Role.AGENT: Reader.CENTRE,
    Role.SUPERVISOR: Reader.CENTRE,
    Role.CALLER: Reader.CENTRE,
    Role.AUDITOR: Reader.AUDITOR,
    Role.UNIT: Reader.UNIT,
    Role.UNIT_LEAD: Reader.UNIT,
    Role.PARTNER: Reader.UNIT,
    Role.OFFICE: Reader.OFFICE,
    Role.ANALYST: Reader.ANALYST,
    Role.REQUESTER: Reader.REQUESTER,
    Role.CHANNEL: Reader.HOUSE,
    Role.ADMINISTRATOR: Reader.HOUSE,
    Role.SYSTEM: Reader.HOUSE,
}
"""What nobody's case is (units, vocabulary) the house reads for everybody; a channel and an administrator read no more."""

EVERY = "true"
OF_A_JOINT_CASE_IN_SIGHT = "EXISTS (SELECT FROM cases c WHERE c.joint = {})"
"""Whoever sees one part of it."""
OF_A_CASE_IN_SIGHT = "EXISTS (SELECT FROM cases c WHERE c.number = case_number)"
"""The policy of `cases` holds in it."""

_UNIT = "nullif(current_setting('app.unit', true), '')"
_COMPLAINED_OF = (
    f"coalesce(matter = '{Matter.STAFF}'"
    " AND respondent = ANY (string_to_array(current_setting('app.above', true), ',')), false)"
)
_PART_OF_UNIT = f"EXISTS (SELECT FROM assignments a WHERE a.case_number = number AND a.unit = {_UNIT})"
_THE_ONE = "= nullif(current_setting('app.number', true), '')"

POLICIES: Mapping[Reader, Mapping[str, str]] = {
    Reader.CENTRE: dict.fromkeys(
        ("cases", "people", "notes", "attachments", "entries", "deeds", "assignments", "clocks", "notices", "handovers",
         "archives", "disclosures", "erasures", "disposal_lists", "disposal_items", "disposals",
         "publications", "joints", "joint_acts", "knowledge", "questions", "dispatches", "reconciliations",
         "partners", "partner_steps", "offers", "rating_steps", "credit_records", "opinions", "opinion_steps",
         "trainings", "checks", "duties", "models"),
        EVERY,
    ),
    Reader.AUDITOR: dict.fromkeys(
        ("cases", "people", "notes", "attachments", "entries", "deeds", "assignments", "clocks", "notices", "handovers",
         "archives", "changes", "disclosures", "erasures", "disposal_lists", "disposal_items", "disposals",
         "publications", "joints", "joint_acts", "knowledge", "questions", "dispatches", "reconciliations",
         "partners", "partner_steps", "offers", "rating_steps", "credit_records", "opinions", "opinion_steps",
         "trainings", "checks", "duties", "models"),
        EVERY,
    ),
    Reader.UNIT: {
        "cases": f"{_PART_OF_UNIT} AND NOT {_COMPLAINED_OF}",
        "assignments": f"unit = {_UNIT} AND NOT complained_of(case_number)",
        "entries": f"(unit IS NULL OR unit = {_UNIT}) AND {OF_A_CASE_IN_SIGHT}",
        "deeds": f"unit = {_UNIT} AND {OF_A_CASE_IN_SIGHT}",
        "clocks": f"owner IN ({_UNIT}, '{CENTRE}', '{OFFICE}') AND {OF_A_CASE_IN_SIGHT}",
        "notices": f"unit = {_UNIT} AND {OF_A_CASE_IN_SIGHT}",
        "notes": f"kind <> '{Text.INTERNAL}' AND {OF_A_CASE_IN_SIGHT}",
        "attachments": OF_A_CASE_IN_SIGHT,
        "archives": OF_A_CASE_IN_SIGHT,
        "disposals": OF_A_CASE_IN_SIGHT,
        "people": f"{OF_A_CASE_IN_SIGHT} AND NOT shielded(case_number)",
        "joints": OF_A_JOINT_CASE_IN_SIGHT.format("id"),
        "joint_acts": f"unit = {_UNIT} AND {OF_A_JOINT_CASE_IN_SIGHT.format('joint_acts.joint')}",
        "knowledge": f"owner = {_UNIT}",
        "duties": EVERY,
        "partners": f"code = {_UNIT}",
        "partner_steps": f"partner = {_UNIT}",
        "rating_steps": f"partner = {_UNIT}",
        "checks": f"unit = {_UNIT} AND {OF_A_CASE_IN_SIGHT}",
        "opinions": f"unit = {_UNIT}",
        "opinion_steps": "EXISTS (SELECT FROM opinions o WHERE o.id = opinion)",
    },
    Reader.OFFICE: {
        "cases": "designations > 0",
        **dict.fromkeys(
            ("notes", "attachments", "entries", "deeds", "assignments", "clocks", "archives"), OF_A_CASE_IN_SIGHT
        ),
        "notices": f"audience = '{OFFICE}'",
        "joints": OF_A_JOINT_CASE_IN_SIGHT.format("id"),
        "joint_acts": OF_A_JOINT_CASE_IN_SIGHT.format("joint_acts.joint"),
        **dict.fromkeys(
            ("disposal_lists", "disposal_items", "disposals", "partners", "partner_steps", "opinions", "opinion_steps",
             "duties"),
            EVERY,
        ),
    },
    Reader.ANALYST: dict.fromkeys(
        ("cases", "entries", "assignments", "clocks", "handovers", "archives", "disposals", "partners", "partner_steps",
         "trainings"),
        EVERY,
    ),
    Reader.REQUESTER: {
        "cases": f"number {_THE_ONE}",
        **dict.fromkeys(
            ("people", "notes", "attachments", "entries", "assignments", "clocks", "disclosures", "disposals"),
            f"case_number {_THE_ONE}",
        ),
    },
    Reader.HOUSE: {
        "changes": EVERY,
        "reconciliations": EVERY,
        "publications": f"stage = '{Review.PUBLISHED}'",
        "opinions": f"standing = '{Hearing.PUBLISHED}'",
    },
}  # fmt: skip
"""Whom the database shows which rows of which table. What is not named here, that reader may not even ask for."""

FOR_ALL = ("units", "calendar_notices", "calendar_days")
"""Tables of nobody's case: everybody reads them."""

APPENDED = (
    "notes", "entries", "archives", "roots", "root_heads", "changes", "disclosures", "reconciliations",
    "partner_steps", "offers", "rating_steps",
    "opinion_steps",
)  # fmt: skip
"""Tables in which not even the house changes a row."""

IMPORTED = ("cases", "people", "notes", "assignments", "clocks", "entries", "archives", "changes")
"""What an import writes."""

OF_AN_IMPORT = {"cases": f"client LIKE '{OLDER}%'", "entries": f"event = '{Mark.IMPORTED}'"}
"""The rows that only the import right may write."""

REGISTER = "disposals"
"""Written by `destroy` only."""

GIVEN_UP = ("attachments",)
"""Tables from which the house takes rows away: uploads that no act brings."""


def secure(connection: Connection) -> None:
    """Put roles, rights and policies in place, as the owner of the tables. Repeatable; everything in one transaction."""
    for statement in _statements():
        connection.execute(text(statement))


def release(connection: Connection) -> None:
    """Take the policies away, before migrations are undone that made what the policies ask for."""
    found = connection.execute(text("SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public'"))
    for name, table in found.all():
        connection.execute(text(f"DROP POLICY {name} ON {table}"))


def _statements() -> list[str]:
    roles = ", ".join(Reader)
    tables = sorted(metadata.tables)
    guarded = sorted({table for policies in POLICIES.values() for table in policies})
    told = [role_made(APP, "LOGIN"), role_made(IMPORT, "LOGIN"), *(role_made(reader, "NOLOGIN") for reader in Reader)]
    told += [_member(reader) for reader in Reader]
    told += [f"GRANT USAGE ON SCHEMA public TO {APP}, {IMPORT}, {roles}"]
    told += [f"REVOKE ALL ON {', '.join(tables)} FROM {APP}, {IMPORT}, {roles}"]
    told += [f"GRANT SELECT, INSERT{'' if name in APPENDED else ', UPDATE'} ON {name} TO {APP}" for name in tables]
    told += [f"GRANT DELETE ON {', '.join(GIVEN_UP)} TO {APP}"]
    told += [f"REVOKE INSERT, UPDATE ON {REGISTER} FROM {APP}"]
    told += [f"GRANT SELECT ON {', '.join(FOR_ALL)} TO {roles}", f"GRANT SELECT ON alembic_version TO {APP}"]
    told += [f"GRANT SELECT, INSERT ON {', '.join(IMPORTED)}, counters TO {IMPORT}"]
    told += [f"GRANT UPDATE ON counters TO {IMPORT}", f"GRANT SELECT ON {', '.join(FOR_ALL)} TO {IMPORT}"]
    told += [COMPLAINED_OF, SHELTERED, SHIELDED, DESTROY]
    told += ["REVOKE ALL ON FUNCTION destroy FROM PUBLIC", f"GRANT EXECUTE ON FUNCTION destroy TO {APP}"]
    for table in guarded:
        told += [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"]
        told += _policy(table, "owner", "CURRENT_USER", f"USING ({EVERY}) WITH CHECK ({EVERY})")
        told += _policy(table, APP, APP, f"USING ({EVERY}) WITH CHECK ({EVERY})")
    for table in IMPORTED:
        told += _policy(table, IMPORT, IMPORT, f"USING ({EVERY}) WITH CHECK ({EVERY})")
    for table, rows in OF_AN_IMPORT.items():
        told += [f"DROP POLICY IF EXISTS not_imported ON {table}"]
        told += [f"CREATE POLICY not_imported ON {table} AS RESTRICTIVE FOR INSERT TO {APP} WITH CHECK (NOT ({rows}))"]
    for reader, policies in POLICIES.items():
        for table, rows in policies.items():
            told += [f"GRANT SELECT ON {table} TO {reader}", *_policy(table, reader, reader, f"USING ({rows})")]
    return told


COMPLAINED_OF = f"""
    CREATE OR REPLACE FUNCTION complained_of(asked text) RETURNS boolean STABLE SECURITY DEFINER
    SET search_path = public, pg_temp LANGUAGE sql
    AS $$ SELECT EXISTS (SELECT FROM cases WHERE number = asked AND {_COMPLAINED_OF}) $$
"""
"""Asks of rows that the reader does not see: the policy of `cases` itself asks for assignments."""

_EVER = " OR ".join(
    f"detail->>'{said}' = '{word}'"
    for word, named in ((Matter.STAFF, "matter"), (Report.UNLAWFUL, "report"))
    for said in (named, f"old_{named}")
)
SHELTER = f"""
    (EXISTS (SELECT FROM cases WHERE number = asked AND (matter = '{Matter.STAFF}' OR report = '{Report.UNLAWFUL}'))
     OR EXISTS (SELECT FROM entries WHERE case_number = asked AND ({_EVER})))
"""
SHELTERED = f"""
    CREATE OR REPLACE FUNCTION sheltered(asked text) RETURNS boolean STABLE SECURITY DEFINER
    SET search_path = public, pg_temp LANGUAGE sql AS $$ SELECT {SHELTER} $$
"""
"""Was it ever a complaint about staff or a report of unlawful conduct? No correction takes that away (Art. 9 ¶2, 15)."""

SHIELDED = f"""
    CREATE OR REPLACE FUNCTION shielded(asked text) RETURNS boolean STABLE SECURITY DEFINER
    SET search_path = public, pg_temp LANGUAGE sql
    AS $$ SELECT NOT EXISTS (SELECT FROM people WHERE case_number = asked AND consent) AND {SHELTER} $$
"""
"""The same, and the person did not consent to be named."""


def role_made(name: str, kind: str) -> str:
    """A role, unless there is one of that name."""
    return f"DO $$ BEGIN CREATE ROLE {name} {kind} NOINHERIT; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$"


def _member(reader: Reader) -> str:
    """The house may become each reader, and has none of their rights before. Once: another owner may have done it."""
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_auth_members WHERE roleid = '{reader}'::regrole"
        f" AND member = '{APP}'::regrole) THEN GRANT {reader} TO {APP} WITH INHERIT FALSE, SET TRUE; END IF; END $$"
    )


def _policy(table: str, name: str, role: str, rows: str) -> list[str]:
    return [f"DROP POLICY IF EXISTS {name} ON {table}", f"CREATE POLICY {name} ON {table} TO {role} {rows}"]


def as_app(url: str) -> str:
    """The same database, signed in as the house."""
    return make_url(url).set(username=APP).render_as_string(hide_password=False)


def as_import(url: str) -> str:
    """The same database, signed in with the import right."""
    return make_url(url).set(username=IMPORT).render_as_string(hide_password=False)


_READ_AS = text(
    "SELECT set_config('role', :role, true), set_config('transaction_read_only', :read_only, true),"
    " set_config('app.unit', :unit, true), set_config('app.above', :above, true),"
    " set_config('app.number', :number, true)"
)


@asynccontextmanager
async def reading_as(
    engine: AsyncEngine,
    reader: Reader,
    *,
    unit: str | None = None,
    above: str = "",
    number: str = "",
    records: bool = False,
) -> AsyncIterator[AsyncConnection]:
    """A transaction that reads as this reader. `unit`: whose; `above`: it and the offices above it, by commas;
    `number`: the one case that a requester opened; `records`: what it reads, it may put on record before it ends."""
    async with engine.connect() as conn:
        told = {"unit": unit or "", "above": above, "number": number, "read_only": "off" if records else "on"}
        await conn.execute(_READ_AS, {"role": reader.value, **told})
        yield conn
