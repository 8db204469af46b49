"""Disposal: what persons asked to have destroyed, lists with their officers, and the register of what was (decision 0019)"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0007"
branch_labels = None
depends_on = None

GUARD = "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION append_only()"


def _instant(name: str, *, always: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not always)


def _case(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=f"fk_{table}_case_number_cases")


def _list(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["list"], ["disposal_lists.id"], name=f"fk_{table}_list_disposal_lists")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, comment="when the person last asked"),
        sa.Column("refusal", sa.Text(), comment="why it was refused: the refusal's words, or why appraisal struck it"),
        sa.Column("basis", sa.Text(), comment="the provision that refuses"),
        _case("erasures"),
        sa.PrimaryKeyConstraint("case_number", name="pk_erasures"),
    )
    op.create_table(
        "disposal_lists",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False, comment="proposed, appraised, approved, carried_out"),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        _instant("proposed_at", always=True),
        sa.Column("appraised_by", sa.Text()),
        _instant("appraised_at"),
        sa.Column("approved_by", sa.Text()),
        _instant("approved_at"),
        _instant("carried_out_at"),
        sa.CheckConstraint("appraised_by <> proposed_by", name=op.f("ck_disposal_lists_appraiser")),
        sa.CheckConstraint(
            "approved_by <> proposed_by AND approved_by <> appraised_by", name=op.f("ck_disposal_lists_approver")
        ),
        sa.CheckConstraint("stage = 'proposed' OR appraised_by IS NOT NULL", name=op.f("ck_disposal_lists_appraised")),
        sa.CheckConstraint(
            "stage IN ('proposed', 'appraised') OR approved_by IS NOT NULL", name=op.f("ck_disposal_lists_approved")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_disposal_lists"),
    )
    op.create_index("ix_disposal_lists_proposed_at", "disposal_lists", ["proposed_at", "id"])
    op.create_table(
        "disposal_items",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("struck", sa.Text(), comment="why appraisal struck it off: a code"),
        sa.Column("claims", sa.Text(), comment="the case, while the item is not struck: it stands on one list only"),
        sa.CheckConstraint(
            "(struck IS NULL) = (claims IS NOT NULL) AND coalesce(claims, case_number) = case_number",
            name=op.f("ck_disposal_items_claim"),
        ),
        _case("disposal_items"),
        _list("disposal_items"),
        sa.PrimaryKeyConstraint("list", "case_number", name="pk_disposal_items"),
        sa.UniqueConstraint("claims", name="uq_disposal_items_claims"),
    )
    op.create_table(
        "disposals",
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        _instant("at", always=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("attachments", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("identity", sa.Boolean(), nullable=False, comment="it said who asked"),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False, comment="the hash of the last entry"),
        _case("disposals"),
        _list("disposals"),
        sa.PrimaryKeyConstraint("case_number", name="pk_disposals"),
    )
    op.create_index("ix_disposals_at", "disposals", ["at", "case_number"])
    op.execute(GUARD.format("disposals"))


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS destroy(text, timestamptz)")
    for table in ("disposals", "disposal_items", "disposal_lists", "erasures"):
        op.drop_table(table)
