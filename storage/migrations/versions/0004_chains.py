"""Entries are chained and only ever appended; a text's ID is its salted hash"""

import hashlib
import json
from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = """
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is only ever appended to', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$
"""
GUARD = "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION append_only()"


def upgrade() -> None:
    op.add_column("cases", sa.Column("chain", sa.Text(), server_default="", nullable=False))
    op.add_column("entries", sa.Column("chain", sa.Text(), server_default="", nullable=False))
    op.add_column("notes", sa.Column("salt", sa.Text(), server_default="", nullable=False))
    _chain_what_is_there(op.get_bind())
    op.execute(APPEND_ONLY)
    op.execute(GUARD.format("entries"))


def downgrade() -> None:
    op.execute("DROP TRIGGER append_only ON entries")
    op.execute("DROP FUNCTION append_only()")
    op.drop_column("notes", "salt")
    op.drop_column("entries", "chain")
    op.drop_column("cases", "chain")


def _chain_what_is_there(conn: sa.Connection) -> None:
    """Chain the entries of before: as `domain.chain` did when this was written."""
    rows = conn.execute(sa.text("SELECT * FROM entries ORDER BY case_number, seq")).mappings().all()
    number, chain = "", ""
    for row in rows:
        chain = chain if row["case_number"] == number else ""
        number = row["case_number"]
        chain = _link(chain, number, dict(row))
        key = {"chain": chain, "number": number, "seq": row["seq"]}
        conn.execute(sa.text("UPDATE entries SET chain = :chain WHERE case_number = :number AND seq = :seq"), key)
        conn.execute(sa.text("UPDATE cases SET chain = :chain WHERE number = :number"), key)


def _link(before: str, number: str, row: dict) -> str:
    said = {name: value for name, value in row.items() if name not in ("case_number", "chain")}
    said["at"] = said["at"].astimezone(UTC).isoformat().replace("+00:00", "Z")
    said = {name: value for name, value in said.items() if value not in (None, "", {})}
    canonical = json.dumps([before, number, said], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
