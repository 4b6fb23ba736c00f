"""How people are told beside by mail: their own channels, and those of the teams they lead."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import channels as desk
from helpdesk.desk.changes import By
from helpdesk.desk.channels import Owner, TooMany
from helpdesk.desk.sign_in import Throttled
from helpdesk.outbound.channels import Unusable
from helpdesk.rules.access import may_for_team
from helpdesk.rules.channels import MESSENGERS
from helpdesk.schemas.channels import ChannelSchema, CodeSchema
from helpdesk.store.channels import Channel, find_channel, list_channels
from helpdesk.store.names import find_row
from helpdesk.store.teams import Team, list_teams
from helpdesk.web.auth import address, retry_after, say_wait
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs

bp = Blueprint("channels", __name__)
Page = Answer | str | tuple[str, int] | tuple[str, int, dict[str, str]]
UNUSABLE = {
    "too_long": _l("This is too long for the address of a service."),
    "unknown": _l("Nobody knows how to send to this address. Compare it with the examples below."),
    "not_offered": _l("Messages cannot be sent to this kind of service. Choose one of those below."),
    "only_administrators": _l("Only administrators may have messages sent to any address of the web."),
    "reads_files": _l("Leave out the part of the address that names a file or a template."),
    "this_machine": _l("No message may be sent to the machine on which Helpdesk runs."),
}
CODES = {
    "wrong": _l("This is not the code. Look at the latest message."),
    "expired": _l("This code is too old. Have another one sent."),
    "spent": _l("Too many tries for one code. Have another one sent."),
}
GROUPS = {
    "chat": _l("Chat"),
    "push": _l("Push messages"),
    "text": _l("Text messages and calls"),
    "duty": _l("On-call services"),
    "hook": _l("Your own gateway (administrators)"),
}


@bp.route("/channels", methods=["GET", "POST"])
@needs("alarm.hear")
def own() -> Page:
    """The asker's channels; a new one is added."""
    return _page(None) if request.method == "GET" else _add(None)


@bp.route("/teams/<int:team_id>/channels", methods=["GET", "POST"])
@needs("team_channel.edit")
def team(team_id: int) -> Page:
    """The channels of a team, for whoever leads it and administrators."""
    found = find_row(Team, team_id)
    if found is None or not may_for_team(asker(), "team_channel.edit", found.id):
        abort(404)
    return _page(found) if request.method == "GET" else _add(found)


@bp.post("/channels/<int:channel_id>/code")
@needs("alarm.hear")
def send_code(channel_id: int) -> Page:
    """Sends another code."""
    channel = _found(channel_id)
    try:
        desk.send_code(channel.id, by=_by())
    except Throttled as fault:
        said = {f"code-{channel.id}": [say_wait(fault.until)]}
        return _page(_team_of(channel), said), 429, retry_after(fault.until)
    flash(_("Another code is on its way."))
    return _back(channel)


@bp.post("/channels/<int:channel_id>/verify")
@needs("alarm.hear")
def verify(channel_id: int) -> Page:
    """The code from the message: from now on the channel counts."""
    channel = _found(channel_id)
    data, errors = load(CodeSchema, request.form)
    said = errors.get("code", [])
    if data is not None:
        answer = desk.verify(channel.id, data["code"], by=_by())
        said = [] if answer == "verified" else [str(CODES[answer])]
    if said:
        return _page(_team_of(channel), {f"code-{channel.id}": said}), 422
    flash(_("Alarms come over %(channel)s from now on.", channel=channel.name))
    return _back(channel)


@bp.post("/channels/<int:channel_id>/remove")
@needs("alarm.hear")
def remove(channel_id: int) -> Answer:
    """Nothing goes there any more."""
    channel = _found(channel_id)
    desk.remove(channel.id, by=_by())
    flash(_("%(channel)s is removed.", channel=channel.name))
    return _back(channel)


def _add(owner: Team | None) -> Page:
    data, errors = load(ChannelSchema, request.form)
    if data is None:
        return _page(owner, errors), 422
    whose = Owner(team_id=owner.id) if owner else Owner(person_id=current_user.id)
    try:
        channel = desk.add(whose, data["name"], data["url"], by=_by(), may_hook=may("admin.edit"))
    except Unusable as fault:
        return _page(owner, {"url": [str(UNUSABLE[fault.code])]}), 422
    except TooMany:
        said = _("There are %(most)s channels already. Remove one that you no longer need.", most=desk.MOST)
        return _page(owner, {"": [said]}), 422
    except Throttled as fault:
        return _page(owner, {"": [say_wait(fault.until)]}), 429, retry_after(fault.until)
    flash(
        _("A code is on its way to %(name)s. Type it below, then alarms come there too.", name=channel.name)
    )
    return _back(channel)


def _page(owner: Team | None, errors: Errors | None = None) -> str:
    found = list_channels(team_id=owner.id) if owner else list_channels(person_id=current_user.id)
    failed = bool(errors) and request.endpoint in ("channels.own", "channels.team")
    return render_template(
        "channels/index.html",
        team=owner,
        channels=found,
        errors=errors or {},
        # The address is a secret: what was typed does not come back.
        typed_name=request.form.get("name", "") if failed else "",
        add_url=url_for(".team", team_id=owner.id) if owner else url_for(".own"),
        groups=[(label, [m for m in MESSENGERS if m.group == group]) for group, label in GROUPS.items()],
        led=[] if owner else _teams_led(),
    )


def _teams_led() -> list[Team]:
    if not may("team_channel.edit"):
        return []
    return [each for each in list_teams() if may_for_team(asker(), "team_channel.edit", each.id)]


def _found(channel_id: int) -> Channel:
    """The channel, if it is the asker's to change."""
    channel = find_channel(channel_id)
    if channel is None:
        abort(404)
    is_own = channel.person_id is not None and channel.person_id == current_user.id
    leads = may("team_channel.edit") and may_for_team(asker(), "team_channel.edit", channel.team_id)
    if not is_own and not (channel.team_id is not None and leads):
        abort(404)
    return channel


def _team_of(channel: Channel) -> Team | None:
    return find_row(Team, channel.team_id) if channel.team_id is not None else None


def _back(channel: Channel) -> Answer:
    to = url_for(".team", team_id=channel.team_id) if channel.team_id is not None else url_for(".own")
    return redirect(to, 303)


def _by() -> By:
    return By(g.now, current_user.id, address())
