"""deepen escalation

Revision ID: dfd70cbda031
Revises: 55e6830c8d05
"""

import sqlalchemy as sa
from alembic import op

revision = "dfd70cbda031"
down_revision = "55e6830c8d05"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recomputation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recomputation")),
    )
    op.create_table(
        "channel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed_url", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("code_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_channel_created_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_channel_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_channel_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
    )
    with op.batch_alter_table("channel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_channel_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_channel_team_id"), ["team_id"], unique=False)

    op.create_table(
        "excuse",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_because", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["given_by_id"], ["person.id"], name=op.f("fk_excuse_given_by_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_excuse_ticket_id")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["person.id"], name=op.f("fk_excuse_withdrawn_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_excuse")),
    )
    with op.batch_alter_table("excuse", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_excuse_ticket_id_excuse_target_excuse_cycle"),
            ["ticket_id", "target", "cycle"],
            unique=False,
        )

    op.create_table(
        "window_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_window_version_by_id")),
        sa.ForeignKeyConstraint(
            ["window_id"], ["maintenance_window.id"], name=op.f("fk_window_version_window_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window_version")),
    )
    with op.batch_alter_table("window_version", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_window_version_window_id_window_version_known_at"),
            ["window_id", "known_at"],
            unique=False,
        )

    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("alarm_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("channel_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_notice_alarm_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_notice_channel_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_notice_entry_id")),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_notice_letter_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_notice_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_alarm_id"), ["alarm_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_notice_person_id_notice_created_at"), ["person_id", "created_at"], unique=False
        )
        batch_op.create_index("ix_notice_waiting", ["letter_id", "person_id", "channel_id"], unique=False)

    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_alarm_fired_at"), ["fired_at"], unique=False)

    with op.batch_alter_table("escalation_step", schema=None) as batch_op:
        batch_op.add_column(sa.Column("anchor", sa.String(), nullable=False, server_default="start"))
        batch_op.add_column(
            sa.Column("is_wall_clock", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("person_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("roster_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("channel", sa.String(), nullable=False, server_default="all"))
        batch_op.create_foreign_key(
            batch_op.f("fk_escalation_step_person_id"), "person", ["person_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_escalation_step_roster_id"), "roster", ["roster_id"], ["id"]
        )

    # The default was for the steps that there are.
    with op.batch_alter_table("escalation_step", schema=None) as batch_op:
        for column in ("anchor", "is_wall_clock", "channel"):
            batch_op.alter_column(column, server_default=None)

    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.add_column(sa.Column("channel_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_letter_channel_id"), "channel", ["channel_id"], ["id"])

    with op.batch_alter_table("stale_target", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recomputation_id", sa.Integer(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_stale_target_recomputation_id"), ["recomputation_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_stale_target_recomputation_id"), "recomputation", ["recomputation_id"], ["id"]
        )

    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("update_by", sa.DateTime(timezone=True), nullable=True))

    # What is known of windows so far is all that can be known of earlier instants.
    op.execute(
        "INSERT INTO window_version (window_id, known_at, starts_at, ends_at, is_cancelled, by_id)"
        " SELECT id, announced_at, starts_at, ends_at, false, created_by_id FROM maintenance_window"
    )
    op.execute(
        "INSERT INTO window_version (window_id, known_at, starts_at, ends_at, is_cancelled)"
        " SELECT id, cancelled_at, starts_at, ends_at, true FROM maintenance_window"
        " WHERE cancelled_at IS NOT NULL"
    )
    # What is watched on tickets that have not ended is more now: their alarms are planned anew once it runs.
    op.execute(
        "INSERT INTO stale_target (ticket_id, target_id, was_due_at, marked_at)"
        " SELECT target.ticket_id, target.id, target.due_at, CURRENT_TIMESTAMP FROM target"
        " JOIN ticket ON ticket.id = target.ticket_id"
        " WHERE target.target = 'response' AND target.cycle = 1"
        " AND ticket.state NOT IN ('closed', 'cancelled') ORDER BY target.id"
    )


def downgrade() -> None:
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_column("update_by")

    with op.batch_alter_table("stale_target", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_stale_target_recomputation_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_stale_target_recomputation_id"))
        batch_op.drop_column("recomputation_id")

    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_letter_channel_id"), type_="foreignkey")
        batch_op.drop_column("channel_id")

    with op.batch_alter_table("escalation_step", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_escalation_step_roster_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_escalation_step_person_id"), type_="foreignkey")
        batch_op.drop_column("channel")
        batch_op.drop_column("roster_id")
        batch_op.drop_column("person_id")
        batch_op.drop_column("is_wall_clock")
        batch_op.drop_column("anchor")

    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alarm_fired_at"))
        batch_op.drop_column("retry_at")

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_waiting")
        batch_op.drop_index(batch_op.f("ix_notice_person_id_notice_created_at"))
        batch_op.drop_index(batch_op.f("ix_notice_alarm_id"))

    op.drop_table("notice")
    with op.batch_alter_table("window_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_window_version_window_id_window_version_known_at"))

    op.drop_table("window_version")
    with op.batch_alter_table("excuse", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_excuse_ticket_id_excuse_target_excuse_cycle"))

    op.drop_table("excuse")
    with op.batch_alter_table("channel", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_channel_team_id"))
        batch_op.drop_index(batch_op.f("ix_channel_person_id"))

    op.drop_table("channel")
    op.drop_table("recomputation")
