"""The register of partners, and the lists from which one is referred to (decision 0023)"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0019"
down_revision = "0016"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "partners",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text()),
        sa.Column("services", ARRAY(sa.Text()), nullable=False),
        sa.Column("districts", ARRAY(sa.Text()), nullable=False, comment="none: the whole city"),
        sa.Column("opens", sa.Text(), nullable=False),
        sa.Column("closes", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False, comment="of the service, for whoever wants it"),
        sa.Column("papers", JSONB(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, comment="when the period that runs ends"),
        sa.Column("fault", sa.Text()),
        sa.Column("heard", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "seen", sa.Integer(), nullable=False, server_default="0", comment="the version that its workflow has read"
        ),
        sa.PrimaryKeyConstraint("code", name="pk_partners"),
    )
    op.create_index("ix_partners_unseen", "partners", ["code"], postgresql_where="seen < version")
    op.create_table(
        "partner_steps",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False, comment="where it stood after it"),
        sa.Column("fault", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("partner", "version", name="pk_partner_steps"),
        sa.ForeignKeyConstraint(["partner"], ["partners.code"], name="fk_partner_steps_partner_partners"),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("rule_set", sa.Text(), nullable=False, comment="whose weights it was made by"),
        sa.Column("ranking", JSONB(), nullable=False, comment="the partners in their order, with every factor"),
        sa.PrimaryKeyConstraint("id", name="pk_offers"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_offers_case_number_cases"),
    )
    op.create_index("ix_offers_case_number", "offers", ["case_number", "at"])
    op.create_index("ix_offers_service", "offers", ["service"])
    op.create_table(
        "rating_steps",
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="the entry that holds the rating"),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False, comment="disputed, excluded, counted"),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_number", "seq", "nth", name="pk_rating_steps"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_rating_steps_case_number_cases"),
        sa.ForeignKeyConstraint(["partner"], ["partners.code"], name="fk_rating_steps_partner_partners"),
    )
    op.create_index("ix_rating_steps_at", "rating_steps", ["at", "case_number", "seq", "nth"])
    op.create_table(
        "credit_records",
        sa.Column("id", sa.Text(), nullable=False, comment="the idempotency key: entity, period, fact, and which time"),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False, comment="the unified social credit code"),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column(
            "nth",
            sa.Integer(),
            nullable=False,
            comment="told anew, because decisions on ratings have changed the value",
        ),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting, received, refused, unanswered"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", INSTANT, comment="when it is tried again; null: at once"),
        sa.Column("answered_at", INSTANT),
        sa.Column("receipt", sa.Text()),
        sa.Column("reason", sa.Text(), comment="a code: why it was not taken"),
        sa.Column("resent_by", sa.Text()),
        sa.Column("resent_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_credit_records"),
        sa.ForeignKeyConstraint(["partner"], ["partners.code"], name="fk_credit_records_partner_partners"),
        sa.UniqueConstraint("partner", "period", "fact", "nth", name="uq_credit_records_partner_period_fact_nth"),
    )
    op.create_index("ix_credit_records_raised_at", "credit_records", ["raised_at", "id"])
    op.create_index(
        "ix_credit_records_waiting", "credit_records", ["tries", "raised_at"], postgresql_where="state = 'waiting'"
    )
    op.create_index(
        "ix_entries_partner",
        "entries",
        [sa.text("(detail ->> 'partner'::text)"), "at"],
        postgresql_where="detail ? 'partner'",
    )


def downgrade() -> None:
    op.drop_index("ix_entries_partner", table_name="entries")
    for table in ("credit_records", "rating_steps", "offers", "partner_steps", "partners"):
        op.drop_table(table)
