"""When a deed was decided; whether a unit was late; clocks that run again, and what was given on top of their term"""

from alembic import op
import sqlalchemy as sa

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "deeds",
        sa.Column("decided_at", sa.DateTime(timezone=True), comment="when it was applied or refused"),
    )
    op.add_column("assignments", sa.Column("late", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("clocks", sa.Column("given", sa.Integer(), server_default="0", nullable=False))
    op.add_column("clocks", sa.Column("since", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("clocks", "since")
    op.drop_column("clocks", "given")
    op.drop_column("assignments", "late")
    op.drop_column("deeds", "decided_at")
