"""Joint cases (decision 0025)"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0017"
down_revision = "0018"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "joints",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False, comment="what it is about, in the words of the Centre"),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_by", sa.Text()),
        sa.Column("closed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_joints"),
    )
    op.create_index("ix_joints_opened_at", "joints", ["opened_at", "id"])
    op.create_table(
        "joint_acts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("joint", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text()),
        sa.Column("key", sa.Text(), comment="the client's Idempotency-Key"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", JSONB(), nullable=False, comment="its codes"),
        sa.Column("texts", JSONB(), comment="its texts, until each case has its copy"),
        sa.Column(
            "numbers", ARRAY(sa.Text()), comment="the cases that it is to reach; none: every part of the joint case"
        ),
        sa.Column("last", sa.Text(), comment="the number of the last case that it reached or passed"),
        sa.Column("carried", sa.Integer(), server_default="0", nullable=False, comment="cases that it reached"),
        sa.Column("passed", sa.Integer(), server_default="0", nullable=False, comment="cases that it was not for"),
        sa.Column("done_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_joint_acts"),
        sa.ForeignKeyConstraint(["joint"], ["joints.id"], name="fk_joint_acts_joint_joints"),
        sa.UniqueConstraint("joint", "seq", name="uq_joint_acts_joint_seq"),
        sa.UniqueConstraint("actor", "key", name="uq_joint_acts_actor_key"),
    )
    op.create_index("ix_joint_acts_waiting", "joint_acts", ["received_at"], postgresql_where="done_at IS NULL")
    op.add_column("cases", sa.Column("joint", sa.Text()))
    op.create_foreign_key("fk_cases_joint_joints", "cases", "joints", ["joint"], ["id"])
    op.create_index("ix_cases_joint", "cases", ["joint", "number"], postgresql_where="joint IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_cases_joint", "cases")
    op.drop_constraint("fk_cases_joint_joints", "cases")
    op.drop_column("cases", "joint")
    op.drop_table("joint_acts")
    op.drop_table("joints")
