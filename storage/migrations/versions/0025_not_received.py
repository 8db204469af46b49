"""Records that another system did not take are counted without reading the others (decision 0021)"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TABLES = ("dispatches", "credit_records")


def upgrade() -> None:
    for table in TABLES:
        op.create_index(f"ix_{table}_failed", table, ["id"], postgresql_where="state IN ('refused', 'unanswered')")


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f"ix_{table}_failed", table)
