"""When a deed was applied or refused, beside when it arrived"""

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


def downgrade() -> None:
    op.drop_column("deeds", "decided_at")
