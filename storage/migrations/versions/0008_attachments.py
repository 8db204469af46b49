"""Attachments: uploads, and what acts brought of them"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0008"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Entries that are there bring none, so that no hash of theirs changes."""
    op.create_table(
        "attachments",
        sa.Column("upload", sa.Text, primary_key=True),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("key", sa.Text, comment="the client's Idempotency-Key"),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False, comment="bytes to come, as announced"),
        sa.Column("announced", sa.Text, comment="SHA-256 of what is sent, as announced"),
        sa.Column("name", sa.Text, comment="a person's word"),
        sa.Column("taken", sa.BigInteger, nullable=False, server_default="0", comment="bytes that have come"),
        sa.Column("parts", JSONB, nullable=False, server_default="[]", comment="keys of the blobs that hold them"),
        sa.Column("state", sa.Text, nullable=False, server_default="open", comment="open, whole, refused, abandoned"),
        sa.Column("refusal", sa.Text, comment="why it was refused: a code"),
        sa.Column("id", sa.Text, comment="its salted hash"),
        sa.Column("salt", sa.Text),
        sa.Column("kind", sa.Text),
        sa.Column("sha256", sa.Text),
        sa.Column("length", sa.BigInteger),
        sa.Column("blob", sa.Text, comment="the key of its blob"),
        sa.Column("case_number", sa.Text, sa.ForeignKey("cases.number", name="fk_attachments_case_number_cases")),
        sa.Column("deed", sa.Text),
        sa.Column("attached_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("id", name="uq_attachments_id"),
        sa.UniqueConstraint("actor", "key", name="uq_attachments_actor_key"),
    )
    for name, columns, where in (
        ("ix_attachments_case_number", ["case_number"], "case_number IS NOT NULL"),
        ("ix_attachments_deed", ["deed"], "deed IS NOT NULL"),
        ("ix_attachments_loose", ["actor", "begun_at"], "case_number IS NULL"),
    ):
        op.create_index(name, "attachments", columns, postgresql_where=where)
    op.add_column("entries", sa.Column("attachments", ARRAY(sa.Text), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("entries", "attachments")
    op.drop_table("attachments")
