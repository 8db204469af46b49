"""Full-text search of Chinese texts by pairs of characters"""

from alembic import op

revision = "0010"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every two characters that stand side by side, the last of a run alone, and words in Latin letters or digits."""
    op.execute(
        """
        CREATE FUNCTION bigrams(words text) RETURNS tsvector IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
            SELECT coalesce(array_to_tsvector(array_agg(DISTINCT term)), ''::tsvector) FROM (
                SELECT substr(run[1], place, 2) AS term
                FROM regexp_matches(words, '[\u3400-\u4dbf\u4e00-\u9fff]+', 'g') run,
                     generate_series(1, length(run[1])) place
                UNION SELECT left(word[1], 100) FROM regexp_matches(lower(words), '[a-z0-9]+', 'g') word
            ) terms
        $$
        """
    )
    op.execute("CREATE INDEX ix_notes_words ON notes USING gin (bigrams((coalesce(title, '') || ' ' || text)))")


def downgrade() -> None:
    op.execute("DROP INDEX ix_notes_words")
    op.execute("DROP FUNCTION bigrams(text)")
