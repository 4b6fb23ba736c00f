"""Deepen mail: mailboxes, delivery reports, letters' own texts, what each person wants to be sent.

Revision ID: 193d1c1df567
Revises: b1d4c79e20fa
"""

import sqlalchemy as sa
from alembic import op

revision = "193d1c1df567"
down_revision = "b1d4c79e20fa"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["person.id"], name=op.f("fk_letter_template_published_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_template")),
    )
    with op.batch_alter_table("letter_template", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_letter_template_kind_letter_template_locale_letter_template_id"),
            ["kind", "locale", "id"],
            unique=False,
        )

    op.create_table(
        "mail_trouble",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_mail_trouble_ticket_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mail_trouble")),
    )
    op.create_table(
        "mailbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("privacy", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("token_url", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=True),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox")),
        sa.UniqueConstraint("name", name=op.f("uq_mailbox_name")),
    )
    with op.batch_alter_table("address", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fault", sa.String(), nullable=False, server_default=""))

    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role", sa.String(), nullable=False, server_default="file"))
        batch_op.create_index(batch_op.f("ix_attachment_sha256"), ["sha256"], unique=False)

    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.add_column(sa.Column("report", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("tried_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_letter_to_address_letter_sent_at"), ["to_address", "sent_at"], unique=False
        )

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mail_mode", sa.String(), nullable=False, server_default="every"))

    with op.batch_alter_table("raw_mail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mailbox_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("uid_validity", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("uid", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("authentication", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("fingerprint", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("letter_id", sa.Integer(), nullable=True))
        batch_op.create_unique_constraint(
            batch_op.f("uq_raw_mail_mailbox_id_uid_validity_uid"), ["mailbox_id", "uid_validity", "uid"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_raw_mail_letter_id"), "letter", ["letter_id"], ["id"], use_alter=True
        )
        batch_op.create_foreign_key(batch_op.f("fk_raw_mail_mailbox_id"), "mailbox", ["mailbox_id"], ["id"])

    # What was written before has these; from now on the program says them.
    for table, column in (
        ("address", "fault"),
        ("attachment", "role"),
        ("letter", "report"),
        ("person", "mail_mode"),
        ("raw_mail", "authentication"),
        ("raw_mail", "fingerprint"),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("raw_mail", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_raw_mail_mailbox_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_raw_mail_letter_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_raw_mail_mailbox_id_uid_validity_uid"), type_="unique")
        batch_op.drop_column("letter_id")
        batch_op.drop_column("fingerprint")
        batch_op.drop_column("authentication")
        batch_op.drop_column("uid")
        batch_op.drop_column("uid_validity")
        batch_op.drop_column("mailbox_id")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("mail_mode")

    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_letter_to_address_letter_sent_at"))
        batch_op.drop_column("tried_since")
        batch_op.drop_column("reported_at")
        batch_op.drop_column("report")

    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachment_sha256"))
        batch_op.drop_column("role")

    with op.batch_alter_table("address", schema=None) as batch_op:
        batch_op.drop_column("fault")

    op.drop_table("mailbox")
    op.drop_table("mail_trouble")
    with op.batch_alter_table("letter_template", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_letter_template_kind_letter_template_locale_letter_template_id"))

    op.drop_table("letter_template")
