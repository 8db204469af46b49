"""Who asked is sealed: an index of phones, the person's consent, and each disclosure on record (decision 0013)"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("phone_index", sa.Text(), comment="keyed; decision 0013"))
    op.add_column("people", sa.Column("phone_master", sa.Text(), comment="which master key the index is under"))
    consent = sa.Column(
        "consent",
        sa.Boolean(),
        nullable=False,
        server_default="false",
        comment="to be named to a unit (Art. 15)",
    )
    op.add_column("people", consent)
    where = sa.text("phone_index IS NOT NULL")
    op.create_index("ix_people_phone_index", "people", ["phone_index"], postgresql_where=where)
    op.create_table(
        "disclosures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text()),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("fields", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), comment="the reason, where one is asked for"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_disclosures_case_number_cases"),
        sa.ForeignKeyConstraint(["note"], ["notes.id"], name="fk_disclosures_note_notes"),
        sa.PrimaryKeyConstraint("id", name="pk_disclosures"),
    )
    op.create_index("ix_disclosures_case_number_at", "disclosures", ["case_number", "at"])


def downgrade() -> None:
    op.drop_table("disclosures")
    op.drop_index("ix_people_phone_index", "people")
    for name in ("consent", "phone_master", "phone_index"):
        op.drop_column("people", name)
