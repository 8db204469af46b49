"""The catalogue of duties, and what was learnt from past cases (decision 0027)"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0023"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

AS_WRITTEN = """
    CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE OR UPDATE OF
        duty, version, unit, matter, topic, district, ground, valid_from, valid_until, proposed_by, proposed_at, counted
    ON duties EXECUTE FUNCTION append_only()
"""
"""A version goes from stage to stage; what it says stays."""


def upgrade() -> None:
    op.create_table(
        "duties",
        sa.Column("duty", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), comment="a code; null: any"),
        sa.Column("district", sa.Text(), comment="null: any"),
        sa.Column("ground", sa.Text(), nullable=False, comment="the provision or decision that gives the duty"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), comment="its last day; null: until it is changed"),
        sa.Column("stage", sa.Text(), nullable=False, comment="proposed, replaced, accepted, refused"),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column(
            "counted", sa.Integer(), comment="how many cases on record speak for it; null: it was proposed without"
        ),
        sa.Column("reviewed_by", sa.Text()),
        sa.Column("reviewed_at", INSTANT),
        sa.Column("reason", sa.Text(), comment="why it was refused"),
        sa.PrimaryKeyConstraint("duty", "version", name="pk_duties"),
        sa.ForeignKeyConstraint(["unit"], ["units.code"], name="fk_duties_unit_units"),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_duties_days")),
        sa.CheckConstraint(
            "stage IN ('proposed', 'replaced') OR reviewed_by IS NOT NULL", name=op.f("ck_duties_reviewed")
        ),
        sa.CheckConstraint("stage <> 'accepted' OR reviewed_by <> proposed_by", name=op.f("ck_duties_reviewer")),
    )
    op.create_index("ix_duties_matter", "duties", ["matter", "duty", "version"], postgresql_where="stage = 'accepted'")
    op.create_index("uq_duties_proposed", "duties", ["duty"], unique=True, postgresql_where="stage = 'proposed'")
    op.create_index(
        "uq_duties_row",
        "duties",
        [
            "unit",
            "matter",
            sa.text("(COALESCE(topic, ''::text))"),
            sa.text("(COALESCE(district, ''::text))"),
            "valid_from",
        ],
        unique=True,
        postgresql_where="version = 1 AND stage IN ('proposed', 'accepted')",
    )
    op.execute(AS_WRITTEN)
    op.create_table(
        "models",
        sa.Column("version", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("learnt_at", INSTANT, nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False, comment="from how many"),
        sa.Column(
            "learnt",
            JSONB(),
            comment="pieces of words that many persons' cases share, and their weights; the last one's only",
        ),
        sa.PrimaryKeyConstraint("version", name="pk_models"),
    )


def downgrade() -> None:
    op.drop_table("models")
    op.drop_table("duties")
