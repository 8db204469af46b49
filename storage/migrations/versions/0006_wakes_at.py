"""When a case must go on by itself: so that a workflow that missed a step is found"""

from alembic import op
import sqlalchemy as sa

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Null until a case's next step: what ran before is not looked for."""
    op.add_column(
        "cases",
        sa.Column(
            "wakes_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when its workflow must go on by itself, as of its last step",
        ),
    )
    op.create_index("ix_cases_wakes_at", "cases", ["wakes_at"], postgresql_where="wakes_at IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_cases_wakes_at", "cases")
    op.drop_column("cases", "wakes_at")
