"""Deepen rosters and maintenance: dated versions, swaps, holidays, handovers; windows of several services with
their steps, notices, series and freezes.

Revision ID: ae88cbf0e16d
Revises: 193d1c1df567
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "ae88cbf0e16d"
down_revision = "193d1c1df567"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
CHILDREN = ("window_service", "window_entry", "window_notice", "window_follower", "window_version")
DEFAULTS = {
    "letter": ("ics",),
    "person": ("left_spans",),
    "maintenance_window": ("state", "effect", "rollback_plan"),
    "roster": ("swaps_need_lead", "remind_hours"),
    "roster_override": ("made_by",),
    "service": ("is_on_status_page",),
}


def upgrade() -> None:
    op.create_table(
        "turn_watch",
        sa.Column("roster_id", sa.Integer(), nullable=False),
        sa.Column("followed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("follow_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.id"], name=op.f("fk_turn_watch_roster_id")),
        sa.PrimaryKeyConstraint("roster_id", name=op.f("pk_turn_watch")),
    )
    with op.batch_alter_table("turn_watch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_turn_watch_follow_at"), ["follow_at"], unique=False)

    op.create_table(
        "preflight_told",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_preflight_told_person_id")),
        sa.PrimaryKeyConstraint("person_id", "finding", "days", name=op.f("pk_preflight_told")),
    )
    with op.batch_alter_table("preflight_told", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_preflight_told_told_at"), ["told_at"], unique=False)

    op.create_table(
        "freeze",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freeze")),
        sa.UniqueConstraint("name", name=op.f("uq_freeze_name")),
    )
    op.create_table(
        "absence_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_absence_feed_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence_feed")),
        sa.UniqueConstraint("person_id", name=op.f("uq_absence_feed_person_id")),
    )
    op.create_table(
        "feed_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("roster_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_feed_link_person_id")),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.id"], name=op.f("fk_feed_link_roster_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_link")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_feed_link_secret_hash")),
    )
    with op.batch_alter_table("feed_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feed_link_person_id"), ["person_id"], unique=False)

    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roster_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_person_id", sa.Integer(), nullable=True),
        sa.Column("to_person_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("summary", JSON, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["from_person_id"], ["person.id"], name=op.f("fk_handover_from_person_id")),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.id"], name=op.f("fk_handover_roster_id")),
        sa.ForeignKeyConstraint(["to_person_id"], ["person.id"], name=op.f("fk_handover_to_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("roster_id", "at", name=op.f("uq_handover_roster_id_at")),
    )
    op.create_table(
        "holiday_arrangement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roster_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("people", JSON, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filled_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["filled_by_id"], ["person.id"], name=op.f("fk_holiday_arrangement_filled_by_id")
        ),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.id"], name=op.f("fk_holiday_arrangement_roster_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_arrangement")),
        sa.UniqueConstraint("roster_id", "first_on", name=op.f("uq_holiday_arrangement_roster_id_first_on")),
    )
    op.create_table(
        "roster_swap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roster_id", sa.Integer(), nullable=False),
        sa.Column("asker_id", sa.Integer(), nullable=False),
        sa.Column("offered_to_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("return_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("return_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by_id", sa.Integer(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asker_id"], ["person.id"], name=op.f("fk_roster_swap_asker_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_roster_swap_decided_by_id")),
        sa.ForeignKeyConstraint(["offered_to_id"], ["person.id"], name=op.f("fk_roster_swap_offered_to_id")),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.id"], name=op.f("fk_roster_swap_roster_id")),
        sa.ForeignKeyConstraint(["taken_by_id"], ["person.id"], name=op.f("fk_roster_swap_taken_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_swap")),
    )
    with op.batch_alter_table("roster_swap", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_roster_swap_state_roster_swap_roster_id"), ["state", "roster_id"], unique=False
        )

    op.create_table(
        "roster_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roster_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["person.id"], name=op.f("fk_roster_version_published_by_id")
        ),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.id"], name=op.f("fk_roster_version_roster_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_version")),
        sa.UniqueConstraint("roster_id", "number", name=op.f("uq_roster_version_roster_id_number")),
    )
    op.create_table(
        "window_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("starts_at", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("exceptions", JSON, nullable=False),
        sa.Column("author_ids", JSON, nullable=False),
        sa.Column("service_ids", JSON, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("rollback_plan", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["person.id"], name=op.f("fk_window_series_approved_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["person.id"], name=op.f("fk_window_series_created_by_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_window_series_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window_series")),
    )
    op.create_table(
        "service_audience",
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_service_audience_department_id")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_service_audience_service_id")),
        sa.PrimaryKeyConstraint("service_id", "department_id", name=op.f("pk_service_audience")),
    )
    op.create_table(
        "service_dependency",
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("needs_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["needs_id"], ["service.id"], name=op.f("fk_service_dependency_needs_id")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_service_dependency_service_id")
        ),
        sa.PrimaryKeyConstraint("service_id", "needs_id", name=op.f("pk_service_dependency")),
    )
    with op.batch_alter_table("service_dependency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_service_dependency_needs_id"), ["needs_id"], unique=False)

    op.create_table(
        "emergency_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_emergency_request_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_emergency_request_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_emergency_request_ticket_id")),
        sa.ForeignKeyConstraint(
            ["window_id"], ["maintenance_window.id"], name=op.f("fk_emergency_request_window_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_request")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_emergency_request_ticket_id")),
    )
    with op.batch_alter_table("emergency_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_emergency_request_window_id"), ["window_id"], unique=False)

    op.create_table(
        "window_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("detail", JSON, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_window_entry_actor_id")),
        sa.ForeignKeyConstraint(
            ["window_id"], ["maintenance_window.id"], name=op.f("fk_window_entry_window_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window_entry")),
    )
    with op.batch_alter_table("window_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_window_entry_at"), ["at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_window_entry_window_id_window_entry_id"), ["window_id", "id"], unique=False
        )

    op.create_table(
        "window_follower",
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_window_follower_person_id")),
        sa.ForeignKeyConstraint(
            ["window_id"], ["maintenance_window.id"], name=op.f("fk_window_follower_window_id")
        ),
        sa.PrimaryKeyConstraint("window_id", "person_id", name=op.f("pk_window_follower")),
    )
    op.create_table(
        "window_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("up_to_person_id", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["window_id"], ["maintenance_window.id"], name=op.f("fk_window_notice_window_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window_notice")),
    )
    with op.batch_alter_table("window_notice", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_window_notice_done_at_window_notice_due_at"), ["done_at", "due_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_window_notice_window_id"), ["window_id"], unique=False)

    op.create_table(
        "window_service",
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("is_named", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_window_service_service_id")),
        sa.ForeignKeyConstraint(
            ["window_id"], ["maintenance_window.id"], name=op.f("fk_window_service_window_id")
        ),
        sa.PrimaryKeyConstraint("window_id", "service_id", name=op.f("pk_window_service")),
    )
    with op.batch_alter_table("window_service", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_window_service_service_id"), ["service_id"], unique=False)

    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("uid", sa.String(), nullable=True))

    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ics", sa.String(), nullable=False, server_default=""))

    with op.batch_alter_table("maintenance_window", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(), nullable=False, server_default="announced"))
        batch_op.add_column(sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("effect", sa.String(), nullable=False, server_default="down"))
        batch_op.add_column(sa.Column("rollback_plan", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("owner_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("approved_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("series_id", sa.Integer(), nullable=True))
        batch_op.alter_column("announced_at", existing_type=sa.DATETIME(), nullable=True)
        batch_op.create_index(batch_op.f("ix_maintenance_window_series_id"), ["series_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_maintenance_window_state_maintenance_window_starts_at"),
            ["state", "starts_at"],
            unique=False,
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_maintenance_window_approved_by_id"), "person", ["approved_by_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_maintenance_window_series_id"), "window_series", ["series_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_maintenance_window_owner_id"), "person", ["owner_id"], ["id"]
        )

    _keep_windows()
    with op.batch_alter_table("maintenance_window", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_maintenance_window_service_id_maintenance_window_starts_at"))
        batch_op.drop_constraint(batch_op.f("fk_maintenance_window_service_id"), type_="foreignkey")
        batch_op.drop_column("service_id")

    critical = sa.text("severity = 'critical'")
    op.create_index(
        "ix_ticket_critical",
        "ticket",
        ["service_id", "reported_at"],
        sqlite_where=critical,
        postgresql_where=critical,
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bell_seen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("left_spans", JSON, nullable=False, server_default="[]"))

    with op.batch_alter_table("roster", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("swaps_need_lead", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("holiday_calendar_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("remind_hours", sa.Integer(), nullable=False, server_default="24"))
        batch_op.create_foreign_key(
            batch_op.f("fk_roster_holiday_calendar_id"), "calendar", ["holiday_calendar_id"], ["id"]
        )

    with op.batch_alter_table("roster_layer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("calendar_id", sa.Integer(), nullable=True))

    _keep_layers()
    with op.batch_alter_table("roster_layer", schema=None) as batch_op:
        batch_op.alter_column("version_id", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_index(batch_op.f("ix_roster_layer_roster_id"))
        batch_op.drop_constraint(batch_op.f("uq_roster_layer_roster_id_name"), type_="unique")
        batch_op.create_index(batch_op.f("ix_roster_layer_version_id"), ["version_id"], unique=False)
        batch_op.create_unique_constraint(
            batch_op.f("uq_roster_layer_version_id_name"), ["version_id", "name"]
        )
        batch_op.drop_constraint(batch_op.f("fk_roster_layer_roster_id"), type_="foreignkey")
        batch_op.create_foreign_key(
            batch_op.f("fk_roster_layer_version_id"), "roster_version", ["version_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_roster_layer_calendar_id"), "calendar", ["calendar_id"], ["id"]
        )
        batch_op.drop_column("roster_id")

    with op.batch_alter_table("roster_override", schema=None) as batch_op:
        batch_op.add_column(sa.Column("made_by", sa.String(), nullable=False, server_default="hand"))
        batch_op.add_column(sa.Column("swap_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_roster_override_swap_id"), "roster_swap", ["swap_id"], ["id"]
        )

    with op.batch_alter_table("service", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_on_status_page", sa.Boolean(), nullable=False, server_default=sa.true())
        )

    with op.batch_alter_table("window_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE window_version SET announced_at ="
        " (SELECT w.announced_at FROM maintenance_window w WHERE w.id = window_version.window_id)"
    )
    for table, names in DEFAULTS.items():
        with op.batch_alter_table(table) as batch_op:
            for name in names:
                batch_op.alter_column(name, server_default=None)


def _keep_windows() -> None:
    """Each window covers its service; those gone by are finished, as they were planned."""
    op.execute(
        "INSERT INTO window_service (window_id, service_id, is_named)"
        " SELECT id, service_id, true FROM maintenance_window"
    )
    op.execute("UPDATE maintenance_window SET state = 'cancelled' WHERE cancelled_at IS NOT NULL")
    op.execute(
        "UPDATE maintenance_window SET state = 'finished', started_at = starts_at, ended_at = ends_at"
        " WHERE cancelled_at IS NULL AND ends_at <= CURRENT_TIMESTAMP"
    )


def _keep_layers() -> None:
    """What a roster has been so far is its first version, in force since ever."""
    op.execute(
        "INSERT INTO roster_version (roster_id, number, zone, effective_at, published_at, reason)"
        " SELECT id, 1, zone, '2000-01-01 00:00:00', '2000-01-01 00:00:00', '' FROM roster"
    )
    op.execute(
        "UPDATE roster_layer SET version_id ="
        " (SELECT v.id FROM roster_version v WHERE v.roster_id = roster_layer.roster_id)"
    )


def downgrade() -> None:
    op.drop_index("ix_ticket_critical", "ticket")
    with op.batch_alter_table("window_version", schema=None) as batch_op:
        batch_op.drop_column("announced_at")
        batch_op.drop_column("ended_at")
        batch_op.drop_column("started_at")

    with op.batch_alter_table("service", schema=None) as batch_op:
        batch_op.drop_column("is_on_status_page")

    with op.batch_alter_table("roster_override", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_roster_override_swap_id"), type_="foreignkey")
        batch_op.drop_column("swap_id")
        batch_op.drop_column("made_by")

    with op.batch_alter_table("roster_layer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("roster_id", sa.INTEGER(), nullable=True))

    op.execute(
        "DELETE FROM roster_layer WHERE version_id NOT IN (SELECT v.id FROM roster_version v"
        " WHERE v.number = (SELECT max(o.number) FROM roster_version o WHERE o.roster_id = v.roster_id))"
    )
    op.execute(
        "UPDATE roster_layer SET roster_id ="
        " (SELECT v.roster_id FROM roster_version v WHERE v.id = roster_layer.version_id)"
    )
    with op.batch_alter_table("roster_layer", schema=None) as batch_op:
        batch_op.alter_column("roster_id", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_constraint(batch_op.f("fk_roster_layer_calendar_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_roster_layer_version_id"), type_="foreignkey")
        batch_op.create_foreign_key(batch_op.f("fk_roster_layer_roster_id"), "roster", ["roster_id"], ["id"])
        batch_op.drop_constraint(batch_op.f("uq_roster_layer_version_id_name"), type_="unique")
        batch_op.drop_index(batch_op.f("ix_roster_layer_version_id"))
        batch_op.create_unique_constraint(batch_op.f("uq_roster_layer_roster_id_name"), ["roster_id", "name"])
        batch_op.create_index(batch_op.f("ix_roster_layer_roster_id"), ["roster_id"], unique=False)
        batch_op.drop_column("calendar_id")
        batch_op.drop_column("version_id")

    with op.batch_alter_table("roster", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_roster_holiday_calendar_id"), type_="foreignkey")
        batch_op.drop_column("remind_hours")
        batch_op.drop_column("holiday_calendar_id")
        batch_op.drop_column("swaps_need_lead")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("left_spans")
        batch_op.drop_column("bell_seen_at")

    with op.batch_alter_table("maintenance_window", schema=None) as batch_op:
        batch_op.add_column(sa.Column("service_id", sa.INTEGER(), nullable=True))

    op.execute(
        "UPDATE maintenance_window SET service_id = (SELECT min(s.service_id) FROM window_service s"
        " WHERE s.window_id = maintenance_window.id AND s.is_named)"
    )
    _forget_drafts()
    with op.batch_alter_table("maintenance_window", schema=None) as batch_op:
        batch_op.alter_column("service_id", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_constraint(batch_op.f("fk_maintenance_window_owner_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_maintenance_window_series_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_maintenance_window_approved_by_id"), type_="foreignkey")
        batch_op.create_foreign_key(
            batch_op.f("fk_maintenance_window_service_id"), "service", ["service_id"], ["id"]
        )
        batch_op.drop_index(batch_op.f("ix_maintenance_window_state_maintenance_window_starts_at"))
        batch_op.drop_index(batch_op.f("ix_maintenance_window_series_id"))
        batch_op.create_index(
            batch_op.f("ix_maintenance_window_service_id_maintenance_window_starts_at"),
            ["service_id", "starts_at"],
            unique=False,
        )
        batch_op.alter_column("announced_at", existing_type=sa.DATETIME(), nullable=False)
        batch_op.drop_column("series_id")
        batch_op.drop_column("approved_at")
        batch_op.drop_column("approved_by_id")
        batch_op.drop_column("owner_id")
        batch_op.drop_column("rollback_plan")
        batch_op.drop_column("effect")
        batch_op.drop_column("ended_at")
        batch_op.drop_column("started_at")
        batch_op.drop_column("state")

    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_column("ics")

    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.drop_column("uid")

    with op.batch_alter_table("window_service", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_window_service_service_id"))

    op.drop_table("window_service")
    with op.batch_alter_table("window_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_window_notice_window_id"))
        batch_op.drop_index(batch_op.f("ix_window_notice_done_at_window_notice_due_at"))

    op.drop_table("window_notice")
    op.drop_table("window_follower")
    with op.batch_alter_table("window_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_window_entry_window_id_window_entry_id"))
        batch_op.drop_index(batch_op.f("ix_window_entry_at"))

    op.drop_table("window_entry")
    with op.batch_alter_table("emergency_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_emergency_request_window_id"))

    op.drop_table("emergency_request")
    with op.batch_alter_table("service_dependency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_dependency_needs_id"))

    op.drop_table("service_dependency")
    op.drop_table("service_audience")
    op.drop_table("window_series")
    op.drop_table("roster_version")
    with op.batch_alter_table("roster_swap", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roster_swap_state_roster_swap_roster_id"))

    op.drop_table("roster_swap")
    op.drop_table("holiday_arrangement")
    op.drop_table("handover")
    with op.batch_alter_table("feed_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feed_link_person_id"))

    op.drop_table("feed_link")
    op.drop_table("absence_feed")
    op.drop_table("freeze")
    with op.batch_alter_table("preflight_told", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_preflight_told_told_at"))

    op.drop_table("preflight_told")
    with op.batch_alter_table("turn_watch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_turn_watch_follow_at"))

    op.drop_table("turn_watch")


def _forget_drafts() -> None:
    """What was never announced is unknown to the release before."""
    drafts = "SELECT id FROM maintenance_window WHERE announced_at IS NULL"
    for table in CHILDREN:
        op.execute(f"DELETE FROM {table} WHERE window_id IN ({drafts})")
    op.execute("DELETE FROM maintenance_window WHERE announced_at IS NULL")
