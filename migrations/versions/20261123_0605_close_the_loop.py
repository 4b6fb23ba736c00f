"""Close the loop: facts, reviews of breaches, follow-ups, goals, key figures, schedules of reports.

Revision ID: b6d1f4c0a723
Revises: 4c7d1f0a9e35
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "b6d1f4c0a723"
down_revision = "4c7d1f0a9e35"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


TURN = sa.text("kind IN ('accepted', 'resolved', 'reopened') AND voided_at IS NULL")


GAMES = (
    (
        "ix_ticket_reopened",
        "ticket",
        ["reported_at", "kind", "team_id", "assignee_id", "service_id", "door", "reopen_count"],
        "reopen_count > 0",
    ),
    ("ix_alarm_silent", "alarm", ["fired_at", "ticket_id", "state"], "kind = 'silent'"),
)
LOWERED = sa.text("kind = 'severity_changed'")
REPORTED = [
    "reported_at",
    "kind",
    "team_id",
    "assignee_id",
    "service_id",
    "department_id",
    "door",
    "severity",
    "is_open",
    "reopen_count",
    "resolved_at",
    "id",
]
SOLVED = sa.text("gone_at IS NULL AND target = 'resolution' AND ended_by = 'stopped'")
CANCELLED_LATE = sa.text("gone_at IS NULL AND outcome = 'breached' AND ended_by <> 'stopped'")


def upgrade() -> None:
    op.create_index(
        "ix_entry_turn",
        "entry",
        ["at", "kind", "ticket_id", "actor_id"],
        unique=False,
        sqlite_where=TURN,
        postgresql_where=TURN,
    )
    for name, table, columns, where in GAMES:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index(
        "ix_entry_severity",
        "entry",
        ["at", "ticket_id"],
        sqlite_where=LOWERED,
        postgresql_where=LOWERED,
        postgresql_include=["id", "detail", "voided_at"],
    )
    op.create_index("ix_ticket_reported", "ticket", REPORTED)
    op.drop_index("ix_ticket_reported_at", "ticket")
    op.create_table(
        "breach_cause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breach_cause")),
        sa.UniqueConstraint("name", name=op.f("uq_breach_cause_name")),
    )
    op.create_table(
        "fact_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("met", sa.Integer(), nullable=False),
        sa.Column("breached", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", "dimension", "target", "key", name=op.f("pk_fact_day")),
    )
    with op.batch_alter_table("fact_day", schema=None) as batch_op:
        batch_op.create_index(
            "ix_fact_day_sums", ["kind", "dimension", "day", "target", "key", "met", "breached"]
        )

    op.create_table(
        "fact_gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_gap")),
    )
    # The clock makes the facts of what ended before there were any, while the service runs.
    op.execute(
        "INSERT INTO fact_gap (first_id, last_id) SELECT min(id), max(id) FROM ticket HAVING count(*) > 0"
    )
    op.create_table(
        "goal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("tenths", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal")),
        sa.UniqueConstraint("first_on", "kind", "target", name=op.f("uq_goal_first_on_kind_target")),
    )
    op.create_table(
        "kpi",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("baseline", sa.BigInteger(), nullable=False),
        sa.Column("baseline_on", sa.Date(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("target_on", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kpi")),
        sa.UniqueConstraint("name", name=op.f("uq_kpi_name")),
    )
    op.create_table(
        "stale_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stale_day")),
    )
    with op.batch_alter_table("stale_day", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stale_day_day"), ["day"], unique=False)

    op.create_table(
        "export",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("asked", JSON, nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_rows", sa.Integer(), nullable=False),
        sa.Column("all_rows", sa.Integer(), nullable=True),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("sent_key", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_export_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
        sa.UniqueConstraint("sent_key", name=op.f("uq_export_sent_key")),
    )
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_export_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_export_state_export_claimed_until"), ["state", "claimed_until"], unique=False
        )

    op.create_table(
        "kpi_actual",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kpi_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_kpi_actual_by_id")),
        sa.ForeignKeyConstraint(["kpi_id"], ["kpi.id"], name=op.f("fk_kpi_actual_kpi_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kpi_actual")),
        sa.UniqueConstraint("kpi_id", "on", name=op.f("uq_kpi_actual_kpi_id_on")),
    )
    op.create_table(
        "report_schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("report", sa.String(), nullable=False),
        sa.Column("asked", JSON, nullable=False),
        sa.Column("recipients", JSON, nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("starts_at", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_report_schedule_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedule")),
    )
    with op.batch_alter_table("report_schedule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_schedule_next_at"), ["next_at"], unique=False)

    op.create_table(
        "report_sending",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["report_schedule.id"], name=op.f("fk_report_sending_schedule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_sending")),
        sa.UniqueConstraint("schedule_id", "due_at", name=op.f("uq_report_sending_schedule_id_due_at")),
    )
    op.create_table(
        "breach_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("cause_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["cause_id"], ["breach_cause.id"], name=op.f("fk_breach_review_cause_id")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_breach_review_closed_by_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_breach_review_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_breach_review_team_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_breach_review_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breach_review")),
        sa.UniqueConstraint(
            "ticket_id", "target", "cycle", name=op.f("uq_breach_review_ticket_id_target_cycle")
        ),
    )
    with op.batch_alter_table("breach_review", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_breach_review_closed_at_breach_review_due_at"),
            ["closed_at", "due_at"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_breach_review_opened_at"), ["opened_at"], unique=False)

    op.create_table(
        "fact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("policy_version_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("allowance_seconds", sa.Integer(), nullable=False),
        sa.Column("elapsed_seconds", sa.Integer(), nullable=False),
        sa.Column("waiting_seconds", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact")),
    )
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.create_index(
            "ix_fact_given",
            [
                "kind",
                "target",
                "started_at",
                "outcome",
                "severity",
                "team_id",
                "service_id",
                "person_id",
                "department_id",
                "door",
                "ended_by",
                "known_at",
                "waiting_seconds",
                "elapsed_seconds",
            ],
            unique=False,
            sqlite_where=sa.text("gone_at IS NULL"),
            postgresql_where=sa.text("gone_at IS NULL"),
        )
        batch_op.create_index(
            "ix_fact_cancelled_late",
            ["kind", "started_at", "target", "team_id", "person_id", "service_id", "door"],
            sqlite_where=CANCELLED_LATE,
            postgresql_where=CANCELLED_LATE,
        )
        batch_op.create_index(
            "ix_fact_solved",
            [
                "kind",
                "started_at",
                "team_id",
                "person_id",
                "service_id",
                "door",
                "waiting_seconds",
                "elapsed_seconds",
            ],
            sqlite_where=SOLVED,
            postgresql_where=SOLVED,
        )
        batch_op.create_index(
            "ix_fact_gone",
            ["gone_at"],
            unique=False,
            sqlite_where=sa.text("gone_at IS NOT NULL"),
            postgresql_where=sa.text("gone_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_fact_gone_of",
            ["ticket_id"],
            unique=False,
            sqlite_where=sa.text("gone_at IS NOT NULL"),
            postgresql_where=sa.text("gone_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_fact_standing",
            ["ticket_id", "target", "cycle"],
            unique=True,
            sqlite_where=sa.text("gone_at IS NULL"),
            postgresql_where=sa.text("gone_at IS NULL"),
        )

    op.create_table(
        "follow_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("further", JSON, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("owned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached_words", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_follow_up_closed_by_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_follow_up_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_follow_up_team_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_follow_up_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
    )
    with op.batch_alter_table("follow_up", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_follow_up_closed_at_follow_up_due_at"), ["closed_at", "due_at"], unique=False
        )
        batch_op.create_index(
            "ix_follow_up_open",
            ["ticket_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_follow_up_opened_at"), ["opened_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_follow_up_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "rating_request",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_rating_request_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_rating_request_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_rating_request")),
    )
    with op.batch_alter_table("rating_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_rating_request_person_id_rating_request_asked_at"),
            ["person_id", "asked_at"],
            unique=False,
        )

    op.create_index(
        "ix_target_open",
        "target",
        ["started_at", "ticket_id"],
        sqlite_where=sa.text("stopped_at IS NULL"),
        postgresql_where=sa.text("stopped_at IS NULL"),
    )
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reasons", JSON, nullable=False, server_default=sa.text("'[]'")))
        batch_op.add_column(sa.Column("first_given_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.alter_column("reasons", server_default=None)
        batch_op.create_index(
            batch_op.f("ix_rating_person_id_rating_given_at"), ["person_id", "given_at"], unique=False
        )


def downgrade() -> None:
    op.create_index("ix_ticket_reported_at", "ticket", ["reported_at"])
    op.drop_index("ix_ticket_reported", "ticket")
    op.drop_index("ix_entry_severity", "entry", sqlite_where=LOWERED, postgresql_where=LOWERED)
    for name, table, _columns, where in GAMES:
        op.drop_index(name, table, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.drop_index("ix_entry_turn", "entry", sqlite_where=TURN, postgresql_where=TURN)
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rating_person_id_rating_given_at"))
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.drop_column("first_given_at")
        batch_op.drop_column("reasons")
    op.drop_index(
        "ix_target_open",
        "target",
        sqlite_where=sa.text("stopped_at IS NULL"),
        postgresql_where=sa.text("stopped_at IS NULL"),
    )

    with op.batch_alter_table("rating_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rating_request_person_id_rating_request_asked_at"))

    op.drop_table("rating_request")
    with op.batch_alter_table("follow_up", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follow_up_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_follow_up_opened_at"))
        batch_op.drop_index(
            "ix_follow_up_open",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_follow_up_closed_at_follow_up_due_at"))

    op.drop_table("follow_up")
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_fact_standing",
            sqlite_where=sa.text("gone_at IS NULL"),
            postgresql_where=sa.text("gone_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_fact_gone_of",
            sqlite_where=sa.text("gone_at IS NOT NULL"),
            postgresql_where=sa.text("gone_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_fact_cancelled_late",
            sqlite_where=CANCELLED_LATE,
            postgresql_where=CANCELLED_LATE,
        )
        batch_op.drop_index("ix_fact_solved", sqlite_where=SOLVED, postgresql_where=SOLVED)
        batch_op.drop_index(
            "ix_fact_gone",
            sqlite_where=sa.text("gone_at IS NOT NULL"),
            postgresql_where=sa.text("gone_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_fact_given",
            sqlite_where=sa.text("gone_at IS NULL"),
            postgresql_where=sa.text("gone_at IS NULL"),
        )

    op.drop_table("fact")
    with op.batch_alter_table("breach_review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_breach_review_opened_at"))
        batch_op.drop_index(batch_op.f("ix_breach_review_closed_at_breach_review_due_at"))

    op.drop_table("breach_review")
    op.drop_table("report_sending")
    with op.batch_alter_table("report_schedule", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_schedule_next_at"))

    op.drop_table("report_schedule")
    op.drop_table("kpi_actual")
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_export_state_export_claimed_until"))
        batch_op.drop_index(batch_op.f("ix_export_person_id"))

    op.drop_table("export")
    with op.batch_alter_table("stale_day", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stale_day_day"))

    op.drop_table("stale_day")
    op.drop_table("kpi")
    op.drop_table("goal")
    op.drop_table("fact_gap")
    with op.batch_alter_table("fact_day", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_day_sums")

    op.drop_table("fact_day")
    op.drop_table("breach_cause")
