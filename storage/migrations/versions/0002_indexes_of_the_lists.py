"""Indexes in the order of the lists"""

from alembic import op
import sqlalchemy as sa

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SOONEST = sa.text("coalesce(due_at, '9999-12-31 00:00:00+00'::timestamptz)")


def upgrade() -> None:
    op.drop_index("ix_cases_open_due_at", table_name="cases", postgresql_where="status <> 'archived'")
    op.drop_index("ix_cases_status_due_at", table_name="cases")
    op.create_index("ix_cases_soonest", "cases", [SOONEST, "number"])
    op.create_index("ix_cases_status_soonest", "cases", ["status", SOONEST, "number"])
    op.create_index(
        "ix_cases_holder_soonest", "cases", ["holder", SOONEST, "number"], postgresql_where="holder IS NOT NULL"
    )
    op.drop_index("ix_clocks_running_due", table_name="clocks", postgresql_where="state = 'running'")
    op.create_index(
        "ix_clocks_running_due",
        "clocks",
        ["due", "case_number", "owner", "round"],
        postgresql_where="state = 'running'",
    )
    op.create_index(
        "ix_clocks_inbox", "clocks", ["owner", "due", "case_number", "round"], postgresql_where="clock = 'handling'"
    )
    op.drop_index("ix_notices_unit", table_name="notices")
    op.create_index("ix_notices_unit", "notices", ["unit", "at", "id"], postgresql_where="unit IS NOT NULL")
    op.create_index("ix_notices_audience", "notices", ["audience", "at", "id"], postgresql_where="unit IS NULL")
    op.create_index("ix_handovers_raised_at", "handovers", ["raised_at", "case_number"])


def downgrade() -> None:
    op.drop_index("ix_handovers_raised_at", table_name="handovers")
    op.drop_index("ix_notices_audience", table_name="notices", postgresql_where="unit IS NULL")
    op.drop_index("ix_notices_unit", table_name="notices", postgresql_where="unit IS NOT NULL")
    op.create_index("ix_notices_unit", "notices", ["unit", "at"])
    op.drop_index("ix_clocks_inbox", table_name="clocks", postgresql_where="clock = 'handling'")
    op.drop_index("ix_clocks_running_due", table_name="clocks", postgresql_where="state = 'running'")
    op.create_index("ix_clocks_running_due", "clocks", ["due"], postgresql_where="state = 'running'")
    op.drop_index("ix_cases_holder_soonest", table_name="cases", postgresql_where="holder IS NOT NULL")
    op.drop_index("ix_cases_status_soonest", table_name="cases")
    op.drop_index("ix_cases_soonest", table_name="cases")
    op.create_index("ix_cases_status_due_at", "cases", ["status", "due_at", "number"])
    op.create_index("ix_cases_open_due_at", "cases", ["due_at", "number"], postgresql_where="status <> 'archived'")
