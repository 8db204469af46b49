"""Texts that go public (decision 0020)"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "publications",
        sa.Column("id", sa.Text(), nullable=False, comment="of the public text; says nothing of the case"),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False, comment="proposed, replaced, published, refused, withdrawn"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("district", sa.Text()),
        sa.Column("unit", sa.Text(), comment="who led the handling"),
        sa.Column("asked_in", sa.Text(), nullable=False, comment="the month of its registration in Shanghai: 2026-03"),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("reviewed_by", sa.Text()),
        sa.Column("reviewed_at", INSTANT),
        sa.Column("kept", JSONB(), comment="suspected passages that the reviewer let stand"),
        sa.Column("withdrawn_by", sa.Text()),
        sa.Column("withdrawn_at", INSTANT),
        sa.Column("reason", sa.Text(), comment="why it was refused or withdrawn"),
        sa.PrimaryKeyConstraint("id", name="pk_publications"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_publications_case_number_cases"),
        sa.CheckConstraint(
            "stage IN ('proposed', 'replaced') OR reviewed_by IS NOT NULL", name=op.f("ck_publications_reviewed")
        ),
        sa.CheckConstraint(
            "stage NOT IN ('published', 'withdrawn') OR reviewed_by <> proposed_by",
            name=op.f("ck_publications_reviewer"),
        ),
    )
    op.create_index("ix_publications_proposed_at", "publications", ["proposed_at", "id"])
    op.create_index(
        "ix_publications_published", "publications", ["reviewed_at", "id"], postgresql_where="stage = 'published'"
    )
    op.create_index(
        "uq_publications_standing",
        "publications",
        ["case_number"],
        unique=True,
        postgresql_where="stage IN ('proposed', 'published')",
    )


def downgrade() -> None:
    op.drop_table("publications")
