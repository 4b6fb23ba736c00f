"""choose policies by rules

Revision ID: b1d4c79e20fa
Revises: dfd70cbda031
"""

import sqlalchemy as sa
from alembic import op

revision = "b1d4c79e20fa"
down_revision = "dfd70cbda031"
branch_labels = None
depends_on = None

policy = sa.table("policy", sa.column("id"), sa.column("kind"), sa.column("position"))
service = sa.table("service", sa.column("id"), sa.column("name"), sa.column("policy_id"))
rule = sa.table(
    "policy_rule",
    *map(sa.column, ("id", "position", "kind", "service_id", "department_id", "policy_id")),
)


def upgrade() -> None:
    op.create_table(
        "policy_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_policy_rule_department_id")
        ),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_policy_rule_policy_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_policy_rule_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_rule")),
    )
    _write_rules()
    with op.batch_alter_table("service", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_service_policy_id"), type_="foreignkey")
        batch_op.drop_column("policy_id")
    with op.batch_alter_table("policy", schema=None) as batch_op:
        batch_op.drop_column("position")
        batch_op.drop_column("kind")


def _write_rules() -> None:
    """A service's own policy came before any other; then kinds in their order, up to the first for all."""
    found = op.get_bind()
    named = found.execute(
        sa.select(service.c.id, service.c.policy_id)
        .where(service.c.policy_id.is_not(None))
        .order_by(service.c.name)
    ).all()
    rows = [{"kind": None, "service_id": row.id, "policy_id": row.policy_id} for row in named]
    tried = found.execute(
        sa.select(policy.c.id, policy.c.kind).order_by(policy.c.position, policy.c.id)
    ).all()
    for row in tried:
        rows.append({"kind": row.kind, "service_id": None, "policy_id": row.id})
        if row.kind is None:
            break
    for position, row in enumerate(rows):
        found.execute(sa.insert(rule).values(position=position, department_id=None, **row))


def downgrade() -> None:
    with op.batch_alter_table("policy", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(), nullable=True))
        # After the one that holds for all: only services name it.
        batch_op.add_column(sa.Column("position", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("policy", schema=None) as batch_op:
        batch_op.alter_column("position", server_default=None)
    with op.batch_alter_table("service", schema=None) as batch_op:
        batch_op.add_column(sa.Column("policy_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_service_policy_id"), "policy", ["policy_id"], ["id"])
    _keep_what_fits()
    op.drop_table("policy_rule")


def _keep_what_fits() -> None:
    """Rules for a service alone, for a kind alone and the last one; others have no place in the old tables."""
    found = op.get_bind()
    rows = found.execute(sa.select(rule).order_by(rule.c.position.desc(), rule.c.id.desc())).all()
    for row in rows:  # the last first, so that the first to fit has the last word
        if row.department_id is not None:
            continue
        if row.kind is None and row.service_id is not None:
            own = sa.update(service).where(service.c.id == row.service_id)
            found.execute(own.values(policy_id=row.policy_id))
        elif row.kind is not None and row.service_id is None:
            own = sa.update(policy).where(policy.c.id == row.policy_id)
            found.execute(own.values(kind=row.kind, position=row.position - len(rows)))
    last = next((row for row in rows if (row.kind, row.service_id, row.department_id) == (None,) * 3), None)
    if last is not None:
        own = sa.update(policy).where(policy.c.id == last.policy_id)
        found.execute(own.values(kind=None, position=0))
