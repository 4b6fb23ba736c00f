"""Skills: what not everybody at the desk can do, who can, and which services ask for it."""

from typing import Any

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import skills as desk
from helpdesk.schemas.organisation import SkillSchema
from helpdesk.store.names import find_row
from helpdesk.store.skills import (
    Skill,
    list_services_asking,
    list_skill_counts,
    list_skilled,
    list_skills,
)
from helpdesk.web.admin.frame import Options, Page, bp, by, form_page, link, list_page
from helpdesk.web.frame import needs


@bp.get("/skills")
@needs("admin.see")
def skills() -> str:
    """All of them."""
    counts = list_skill_counts()
    return list_page(
        _("Skills"),
        [_("Skill"), _("Who has it"), _("Asked for by")],
        [_row(skill, *counts[skill.id]) for skill in list_skills()],
        lead=_(
            "What not everybody at the desk can do. Tickets of a service that asks for a skill are given, "
            "by rule, only to people who have it."
        ),
        new=(url_for(".skills_new"), _("Add a skill")),
    )


def _row(skill: Skill, people: int, services: int) -> list[Any]:
    return [
        link(url_for(".skills_edit", skill_id=skill.id), skill.name),
        ngettext("%(num)d person", "%(num)d people", people) if people else _("nobody"),
        ngettext("%(num)d service", "%(num)d services", services) if services else "–",
    ]


@bp.route("/skills/new", methods=["GET", "POST"])
@needs("admin.edit")
def skills_new() -> Page:
    """Adds one."""
    return form_page(
        "admin/skill.html",
        {},
        SkillSchema,
        lambda data, seen: desk.save(None, data, by()),
        url_for(".skills"),
        title=_("Add a skill"),
        skill=None,
    )


@bp.route("/skills/<int:skill_id>", methods=["GET", "POST"])
@needs("admin.see")
def skills_edit(skill_id: int) -> Page:
    """Another name; and who has it, and where it is asked for."""
    skill = find_row(Skill, skill_id) or abort(404)
    state = desk.state_of(skill)
    return form_page(
        "admin/skill.html",
        state,
        SkillSchema,
        lambda data, seen: desk.save(skill_id, data, by(), seen),
        url_for(".skills"),
        state=state,
        title=skill.name,
        skill=skill,
        people=list_skilled(skill_id),
        services=list_services_asking(skill_id),
    )


@bp.post("/skills/<int:skill_id>/remove")
@needs("admin.edit")
def skills_remove(skill_id: int) -> Answer:
    """Nobody has it any more, and no service asks for it."""
    skill = find_row(Skill, skill_id) or abort(404)
    desk.remove(skill.id, by())
    flash(_("The skill is gone. Tickets are given out without asking for it."))
    return redirect(url_for(".skills"), 303)


def options() -> Options:
    """All skills, for those who choose some."""
    return [(skill.id, skill.name) for skill in list_skills()]
