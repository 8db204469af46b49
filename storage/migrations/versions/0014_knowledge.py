"""The knowledge base, what was asked of it in vain, and which answers were given with it (decision 0022)"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

revision = "0014"
down_revision = "0017"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

FOUND = """
    CREATE FUNCTION found(words tsvector, terms tsquery[]) RETURNS real IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
        SELECT count(*) FILTER (WHERE words @@ term)::real / count(*) FROM unnest(terms) term
    $$
"""
"""Which share of the terms these words hold."""

AS_WRITTEN = """
    CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE OR UPDATE OF
        entry, version, owner, matter, question, answer, valid_from, valid_until, review_on, proposed_by, proposed_at
    ON knowledge EXECUTE FUNCTION append_only()
"""
"""A version goes from stage to stage; what it says stays."""


def upgrade() -> None:
    op.execute(FOUND)
    op.create_table(
        "knowledge",
        sa.Column("entry", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False, comment="the unit whose answer it is"),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False, comment="its last day"),
        sa.Column("review_on", sa.Date(), nullable=False, comment="when its owner is reminded"),
        sa.Column("stage", sa.Text(), nullable=False, comment="proposed, replaced, released, refused, withdrawn"),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("reviewed_by", sa.Text()),
        sa.Column("reviewed_at", INSTANT),
        sa.Column("reminded_at", INSTANT),
        sa.Column("withdrawn_by", sa.Text()),
        sa.Column("withdrawn_at", INSTANT),
        sa.Column("reason", sa.Text(), comment="why it was refused or withdrawn"),
        sa.Column("asked", TSVECTOR(), sa.Computed("bigrams(question)", persisted=True)),
        sa.Column("said", TSVECTOR(), sa.Computed("bigrams((question || ' '::text) || answer)", persisted=True)),
        sa.PrimaryKeyConstraint("entry", "version", name="pk_knowledge"),
        sa.ForeignKeyConstraint(["owner"], ["units.code"], name="fk_knowledge_owner_units"),
        sa.CheckConstraint("review_on BETWEEN valid_from AND valid_until", name=op.f("ck_knowledge_days")),
        sa.CheckConstraint(
            "stage IN ('proposed', 'replaced') OR reviewed_by IS NOT NULL", name=op.f("ck_knowledge_reviewed")
        ),
        sa.CheckConstraint(
            "stage NOT IN ('released', 'withdrawn') OR reviewed_by <> proposed_by", name=op.f("ck_knowledge_reviewer")
        ),
    )
    op.create_index("ix_knowledge_said", "knowledge", ["said"], postgresql_using="gin")
    op.create_index("ix_knowledge_owner", "knowledge", ["owner", "entry", "version"])
    op.create_index("ix_knowledge_review_on", "knowledge", ["review_on"], postgresql_where="stage = 'released'")
    op.create_index("uq_knowledge_proposed", "knowledge", ["entry"], unique=True, postgresql_where="stage = 'proposed'")
    op.create_index(
        "uq_knowledge_question",
        "knowledge",
        ["owner", sa.text("md5(question)")],
        unique=True,
        postgresql_where="version = 1 AND stage IN ('proposed', 'released')",
    )
    op.execute(AS_WRITTEN)
    op.create_table(
        "questions",
        sa.Column("words", sa.Text(), nullable=False, comment="in small letters, masked; never who asked"),
        sa.Column("terms", ARRAY(sa.Text()), nullable=False, comment="what a search looks for"),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("words", name="pk_questions"),
    )
    op.create_index("ix_questions_times", "questions", ["times", "words"])
    op.create_index(
        "ix_entries_answered",
        "entries",
        [sa.text("(detail ->> 'entry'::text)")],
        postgresql_where="event = 'answer' AND detail ? 'entry'",
    )


def downgrade() -> None:
    op.drop_index("ix_entries_answered", "entries")
    op.drop_table("questions")
    op.drop_table("knowledge")
    op.execute("DROP FUNCTION found(tsvector, tsquery[])")
