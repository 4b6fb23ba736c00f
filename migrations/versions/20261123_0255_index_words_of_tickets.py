"""Index the words of tickets: one document each; those of before are read by the clock's sweep.

Revision ID: 4c7d1f0a9e35
Revises: 9f864b220792
"""

import sqlalchemy as sa
from alembic import op

revision = "4c7d1f0a9e35"
down_revision = "9f864b220792"
branch_labels = None
depends_on = None

POSTGRESQL = (
    """CREATE TABLE ticket_words (
        ticket_id INTEGER PRIMARY KEY REFERENCES ticket (id),
        size INTEGER NOT NULL,
        subject TSVECTOR NOT NULL,
        words TSVECTOR NOT NULL
    )""",
    "ALTER TABLE ticket_words ALTER subject SET STATISTICS 400, ALTER words SET STATISTICS 400",
    "CREATE INDEX ix_ticket_words_subject ON ticket_words USING gin (subject) WITH (fastupdate = off)",
    "CREATE INDEX ix_ticket_words_words ON ticket_words USING gin (words) WITH (fastupdate = off)",
)
SQLITE = (
    """CREATE VIRTUAL TABLE ticket_words
        USING fts5(subject, public, desk, size UNINDEXED, tokenize = "ascii tokenchars '_'")""",
)


def upgrade() -> None:
    op.create_table(
        "word_sweep",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("left_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_word_sweep")),
    )
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)
    op.execute("INSERT INTO word_sweep (id, left_id) SELECT 1, coalesce(max(id), 0) FROM ticket")


def downgrade() -> None:
    op.execute("DROP TABLE ticket_words")
    op.drop_table("word_sweep")
