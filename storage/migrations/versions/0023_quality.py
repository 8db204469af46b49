"""The register of training, and sampled checks of quality (decision 0029)"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0023"
down_revision = "0020"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "trainings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False, comment="how many took part; nobody's name"),
        sa.Column("units", ARRAY(sa.Text()), nullable=False, comment="whose people; none: the Centre's"),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trainings"),
    )
    op.create_index("ix_trainings_held_on", "trainings", ["held_on", "id"])
    op.create_table(
        "checks",
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="the entry that is checked"),
        sa.Column("sample", sa.Text(), nullable=False, comment="the sample that drew it"),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), comment="whose reply it was; null: the Centre's"),
        sa.Column("drawn_by", sa.Text(), nullable=False),
        sa.Column("drawn_at", INSTANT, nullable=False),
        sa.Column("checked_by", sa.Text()),
        sa.Column("checked_at", INSTANT),
        sa.Column("met", ARRAY(sa.Text()), comment="the points that it meets"),
        sa.Column("missed", ARRAY(sa.Text()), comment="the points that it does not meet; the rest do not apply"),
        sa.Column("remark", sa.Text()),
        sa.PrimaryKeyConstraint("case_number", "seq", name="pk_checks"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_checks_case_number_cases"),
        sa.CheckConstraint("(checked_by IS NULL) = (met IS NULL)", name="ck_checks_checked"),
    )
    op.create_index("ix_checks_drawn_at", "checks", ["drawn_at", "case_number", "seq"])


def downgrade() -> None:
    op.drop_table("checks")
    op.drop_table("trainings")
