"""What is handed over to the enforcement-supervision platform (decision 0024)"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "dispatches",
        sa.Column("id", sa.Text(), nullable=False, comment="the idempotency key: the case's number and the ground"),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting, received, refused, unanswered"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", INSTANT, comment="when it is tried again; null: at once"),
        sa.Column("answered_at", INSTANT),
        sa.Column("receipt", sa.Text()),
        sa.Column("reason", sa.Text(), comment="a code: why it was not taken"),
        sa.Column("resent_by", sa.Text()),
        sa.Column("resent_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_dispatches"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_dispatches_case_number_cases"),
    )
    op.create_index("ix_dispatches_raised_at", "dispatches", ["raised_at", "id"])
    op.create_index("ix_dispatches_case_number", "dispatches", ["case_number"])
    op.create_index("ix_dispatches_waiting", "dispatches", ["tries", "raised_at"], postgresql_where="state = 'waiting'")
    op.create_table(
        "reconciliations",
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("ours", sa.Integer(), nullable=False),
        sa.Column("theirs", sa.Integer(), nullable=False),
        sa.Column("they_lack_count", sa.Integer(), nullable=False),
        sa.Column("we_lack_count", sa.Integer(), nullable=False),
        sa.Column("they_lack", ARRAY(sa.Text()), nullable=False),
        sa.Column("we_lack", ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("at", name="pk_reconciliations"),
    )
    op.create_index("ix_handovers_waiting", "handovers", ["case_number"], postgresql_where="state = 'waiting'")
    op.create_index("ix_cases_unlawful", "cases", ["number"], postgresql_where="report = 'unlawful'")


def downgrade() -> None:
    op.drop_index("ix_cases_unlawful", table_name="cases")
    op.drop_index("ix_handovers_waiting", table_name="handovers")
    op.drop_table("reconciliations")
    op.drop_table("dispatches")
