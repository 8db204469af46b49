"""What a partner says of itself stays with its step; who words an opinion for the public (decisions 0023, 0026)"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    what = "what it says of itself from then on, where the step is about that"
    op.add_column("partner_steps", sa.Column("said", JSONB, comment=what))
    entered = sa.Column("entered_by", sa.Text, nullable=False, server_default="", comment="who took the application in")
    op.add_column("partners", entered)
    op.add_column("opinions", sa.Column("worded_by", sa.Text, comment="who worded what everybody is to read"))


def downgrade() -> None:
    op.drop_column("opinions", "worded_by")
    op.drop_column("partners", "entered_by")
    op.drop_column("partner_steps", "said")
