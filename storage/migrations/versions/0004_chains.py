"""Entries are chained and only ever appended; a text's ID is its salted hash; the days' roots"""

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
    op.create_table(
        "roots",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False, comment="a JWS over the day's statement"),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_roots")),
    )
    op.create_table(
        "root_heads",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["day"], ["roots.day"], name=op.f("fk_root_heads_day_roots")),
        sa.PrimaryKeyConstraint("day", "case_number", name=op.f("pk_root_heads")),
    )
    op.create_index("ix_root_heads_case_number_entries", "root_heads", ["case_number", "entries"])
    for table in ("entries", "archives", "roots", "root_heads"):
        op.execute(GUARD.format(table))


def downgrade() -> None:
    for table in ("entries", "archives"):
        op.execute(f"DROP TRIGGER append_only ON {table}")
    op.drop_table("root_heads")
    op.drop_table("roots")
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
