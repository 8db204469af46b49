"""The person's ID number, sealed as the other words (decision 0013)"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("id_number", sa.Text()))


def downgrade() -> None:
    op.drop_column("people", "id_number")
