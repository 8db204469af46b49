"""Opinions of deputies, CPPCC members, journalists and the public (decision 0026)"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "opinions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("voice", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False, comment="the number under which it came in"),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), comment="who is to answer: a unit, or the Centre"),
        sa.Column("answered_by", sa.Text()),
        sa.Column("due_at", INSTANT, comment="when the limit that runs ends"),
        sa.Column("late", sa.Integer(), nullable=False, comment="how many limits were not kept"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "seen", sa.Integer(), nullable=False, server_default="0", comment="the version that its workflow has read"
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False, comment="what is said"),
        sa.Column("answer", sa.Text()),
        sa.Column("effect", sa.Text(), comment="what changed because of it"),
        sa.Column("public_title", sa.Text(), comment="as everybody reads it"),
        sa.Column("public_question", sa.Text()),
        sa.Column("public_answer", sa.Text()),
        sa.Column("kept", JSONB(), comment="suspected passages that the reviewer let stand"),
        sa.Column("published_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_opinions"),
        sa.UniqueConstraint("voice", "reference", name="uq_opinions_voice_reference"),
    )
    op.create_index("ix_opinions_received_at", "opinions", ["received_at", "id"])
    op.create_index(
        "ix_opinions_published", "opinions", ["published_at", "id"], postgresql_where="standing = 'published'"
    )
    op.create_index("ix_opinions_unseen", "opinions", ["id"], postgresql_where="seen < version")
    op.create_table(
        "opinion_steps",
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False, comment="where it stood after it"),
        sa.Column("unit", sa.Text(), comment="who was to answer"),
        sa.Column("words", sa.Text(), comment="why; or what was answered, or changed"),
        sa.PrimaryKeyConstraint("opinion", "version", name="pk_opinion_steps"),
        sa.ForeignKeyConstraint(["opinion"], ["opinions.id"], name="fk_opinion_steps_opinion_opinions"),
    )


def downgrade() -> None:
    op.drop_table("opinion_steps")
    op.drop_table("opinions")
