"""Deepen queue and portal: saved views, drafts, skills, links, parents, bulk actions, imports, locations.

Revision ID: 9f864b220792
Revises: ae88cbf0e16d
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from helpdesk.store.organisation import new_revision
from helpdesk.store.sought import sought_of

revision = "9f864b220792"
down_revision = "ae88cbf0e16d"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
DEFAULTS = {
    "member": ("is_senior",),
    "organisation": ("maintenance_revision",),
    "person": ("desk_look", "sought"),
    "team": ("dispatch",),
    "ticket": ("fields", "is_shared", "followed_id", "stands_alone"),
}
COUNTED = ("state", "next_due_at", "is_open", "team_id", "assignee_id", "service_id", "reporter_id")
LIVING = "state IN ('new', 'in_work', 'waiting', 'resolved')"
BATCH = 1000


def upgrade() -> None:
    op.create_table(
        "location",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sa.UniqueConstraint("name", name=op.f("uq_location_name")),
    )
    op.create_table(
        "skill",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill")),
        sa.UniqueConstraint("name", name=op.f("uq_skill_name")),
    )
    op.create_table(
        "canned_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_canned_answer_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_answer")),
    )
    with op.batch_alter_table("canned_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_canned_answer_team_id"), ["team_id"], unique=False)

    op.create_table(
        "bulk_action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_key", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bulk_action_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_action")),
        sa.UniqueConstraint("sent_key", name=op.f("uq_bulk_action_sent_key")),
    )
    with op.batch_alter_table("bulk_action", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulk_action_person_id"), ["person_id"], unique=False)

    op.create_table(
        "person_skill",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_skill_person_id")),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name=op.f("fk_person_skill_skill_id")),
        sa.PrimaryKeyConstraint("person_id", "skill_id", name=op.f("pk_person_skill")),
    )
    with op.batch_alter_table("person_skill", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_skill_skill_id"), ["skill_id"], unique=False)

    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("asked", JSON, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_saved_view_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_saved_view_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_view_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_saved_view_team_id"), ["team_id"], unique=False)

    op.create_table(
        "table_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("rows", JSON, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_table_import_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_table_import")),
    )
    with op.batch_alter_table("table_import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_table_import_uploaded_at"), ["uploaded_at"], unique=False)

    op.create_table(
        "service_field",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("choices", JSON, nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_service_field_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_field")),
    )
    with op.batch_alter_table("service_field", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_service_field_service_id"), ["service_id"], unique=False)

    op.create_table(
        "service_skill",
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_service_skill_service_id")),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name=op.f("fk_service_skill_skill_id")),
        sa.PrimaryKeyConstraint("service_id", "skill_id", name=op.f("pk_service_skill")),
    )
    with op.batch_alter_table("service_skill", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_service_skill_skill_id"), ["skill_id"], unique=False)

    op.create_table(
        "bulk_item",
        sa.Column("bulk_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk_action.id"], name=op.f("fk_bulk_item_bulk_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_bulk_item_ticket_id")),
        sa.PrimaryKeyConstraint("bulk_id", "ticket_id", name=op.f("pk_bulk_item")),
    )
    with op.batch_alter_table("bulk_item", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_bulk_item_bulk_id_bulk_item_state"), ["bulk_id", "state"], unique=False
        )

    op.create_table(
        "draft",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draft_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_draft_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "person_id", name=op.f("pk_draft")),
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draft_person_id"), ["person_id"], unique=False)

    op.create_table(
        "presence",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrote_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_presence_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_presence_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "person_id", name=op.f("pk_presence")),
    )
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_presence_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "ticket_link",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["other_id"], ["ticket.id"], name=op.f("fk_ticket_link_other_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_link_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "other_id", "how", name=op.f("pk_ticket_link")),
    )
    with op.batch_alter_table("ticket_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_link_other_id"), ["other_id"], unique=False)

    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_senior", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("maintenance_revision", sa.String(), nullable=False, server_default=new_revision())
        )

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("location_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("desk_look", JSON, nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("sought", sa.String(), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_person_location_id"), ["location_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_person_location_id"), "location", ["location_id"], ["id"])

    _keep_locations()
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("location")

    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.add_column(sa.Column("dispatch", sa.String(), nullable=False, server_default="by_hand"))
        batch_op.add_column(sa.Column("last_in_turn_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("hands_up_to_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_team_last_in_turn_id"), "person", ["last_in_turn_id"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_team_hands_up_to_id"), "team", ["hands_up_to_id"], ["id"])

    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fields", JSON, nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("is_shared", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("parent_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("followed_id", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(
            sa.Column("stands_alone", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.create_foreign_key(batch_op.f("fk_ticket_parent_id"), "ticket", ["parent_id"], ["id"])

    op.drop_index("ix_ticket_views", "ticket")
    op.create_index(
        "ix_ticket_living",
        "ticket",
        [*COUNTED, "parent_id", "severity", "kind", "is_triaged", "department_id", "reported_at", "id"],
        sqlite_where=sa.text(LIVING),
        postgresql_where=sa.text(LIVING),
    )
    op.create_index(
        "ix_ticket_parent_id",
        "ticket",
        ["parent_id"],
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_ticket_children",
        "ticket",
        ["parent_id"],
        sqlite_where=sa.text("is_open = 1 AND parent_id IS NOT NULL"),
        postgresql_where=sa.text("is_open AND parent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_ticket_shared",
        "ticket",
        ["department_id", "reported_at"],
        sqlite_where=sa.text("is_shared = 1"),
        postgresql_where=sa.text("is_shared"),
    )
    _keep_links()
    _seek_people()
    for table, names in DEFAULTS.items():
        with op.batch_alter_table(table) as batch_op:
            for name in names:
                batch_op.alter_column(name, server_default=None)


def _keep_locations() -> None:
    """What was typed at people is a location of its own; the same words are the same place."""
    op.execute(
        "INSERT INTO location (name, address, is_active)"
        " SELECT DISTINCT trim(location), '', true FROM person WHERE trim(location) <> ''"
    )
    op.execute(
        "UPDATE person SET location_id = (SELECT l.id FROM location l WHERE l.name = trim(person.location))"
    )


def _keep_links() -> None:
    """What the timelines say of tickets that belong together; a merged one is its survivor's duplicate."""
    entry, link = (
        sa.table("entry", *map(sa.column, ("id", "ticket_id", "kind", "at")), sa.column("detail", JSON)),
        sa.table("ticket_link", *map(sa.column, ("ticket_id", "other_id", "how", "since"))),
    )
    bind, after, seen = op.get_bind(), 0, set()
    wanted = sa.select(entry).where(entry.c.kind == "linked").order_by(entry.c.id).limit(BATCH)
    while found := bind.execute(wanted.where(entry.c.id > after)).all():
        after = found[-1].id
        links = {}
        for row in found:
            other = row.detail["ticket"]
            is_duplicate = row.detail["how"] == "duplicate"
            pair = (other, row.ticket_id) if is_duplicate else tuple(sorted((row.ticket_id, other)))
            links.setdefault((*pair, "duplicate_of" if is_duplicate else "relates_to"), row.at)
        fresh = {key: at for key, at in links.items() if key not in seen}
        seen |= fresh.keys()
        if fresh:
            rows = [
                {"ticket_id": a, "other_id": b, "how": how, "since": at} for (a, b, how), at in fresh.items()
            ]
            bind.execute(link.insert(), rows)


def _seek_people() -> None:
    """What people are found by who are known already (a pure function of the name, whatever it will be)."""
    person = sa.table("person", *map(sa.column, ("id", "name", "sought")))
    bind = op.get_bind()
    named = [(row.id, sought_of(row.name)) for row in bind.execute(sa.select(person.c.id, person.c.name))]
    found = [{"of": person_id, "words": words} for person_id, words in named if words]
    if found:
        change = person.update().where(person.c.id == sa.bindparam("of"))
        bind.execute(change.values(sought=sa.bindparam("words")), found)


def downgrade() -> None:
    op.drop_index("ix_ticket_shared", "ticket")
    op.drop_index("ix_ticket_children", "ticket")
    op.drop_index("ix_ticket_living", "ticket")
    op.create_index("ix_ticket_views", "ticket", [*COUNTED, "id"])
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_ticket_parent_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_ticket_parent_id"))
        batch_op.drop_column("stands_alone")
        batch_op.drop_column("followed_id")
        batch_op.drop_column("parent_id")
        batch_op.drop_column("is_shared")
        batch_op.drop_column("fields")

    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_team_hands_up_to_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_team_last_in_turn_id"), type_="foreignkey")
        batch_op.drop_column("hands_up_to_id")
        batch_op.drop_column("last_in_turn_id")
        batch_op.drop_column("dispatch")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("location", sa.VARCHAR(), nullable=False, server_default=""))

    op.execute(
        "UPDATE person SET location ="
        " coalesce((SELECT l.name FROM location l WHERE l.id = person.location_id), '')"
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.alter_column("location", server_default=None)
        batch_op.drop_constraint(batch_op.f("fk_person_location_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_person_location_id"))
        batch_op.drop_column("sought")
        batch_op.drop_column("desk_look")
        batch_op.drop_column("location_id")

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_column("maintenance_revision")

    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_column("is_senior")

    with op.batch_alter_table("ticket_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_link_other_id"))

    op.drop_table("ticket_link")
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_presence_seen_at"))

    op.drop_table("presence")
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draft_person_id"))

    op.drop_table("draft")
    with op.batch_alter_table("bulk_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bulk_item_bulk_id_bulk_item_state"))

    op.drop_table("bulk_item")
    with op.batch_alter_table("service_skill", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_skill_skill_id"))

    op.drop_table("service_skill")
    with op.batch_alter_table("service_field", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_field_service_id"))

    op.drop_table("service_field")
    with op.batch_alter_table("table_import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_table_import_uploaded_at"))

    op.drop_table("table_import")
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_view_team_id"))
        batch_op.drop_index(batch_op.f("ix_saved_view_owner_id"))

    op.drop_table("saved_view")
    with op.batch_alter_table("person_skill", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_skill_skill_id"))

    op.drop_table("person_skill")
    with op.batch_alter_table("bulk_action", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bulk_action_person_id"))

    op.drop_table("bulk_action")
    with op.batch_alter_table("canned_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_canned_answer_team_id"))

    op.drop_table("canned_answer")
    op.drop_table("skill")
    op.drop_table("location")
