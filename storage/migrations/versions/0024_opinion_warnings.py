"""When whoever an opinion waits for is warned (decision 0026)"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    at = sa.DateTime(timezone=True)
    op.add_column("opinions", sa.Column("warn_at", at, comment="when it is warned that the limit ends soon"))


def downgrade() -> None:
    op.drop_column("opinions", "warn_at")
