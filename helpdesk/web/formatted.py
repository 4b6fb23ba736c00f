"""A mail as its sender formatted it: cleaned HTML in a frame that can run nothing and fetches nothing.

Pictures from elsewhere would tell their owner who reads this and when: they come only when asked for.
"""

import re
from html import unescape

from flask import Blueprint, Response, abort, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from helpdesk.store.attachments import find_attachment, get_path, list_inline
from helpdesk.store.tickets import Attachment, find_ticket, get_entry, is_desk_side
from helpdesk.web.frame import CSP, asker, needs
from helpdesk.web.uploads import hand_out

bp = Blueprint("formatted", __name__)
# Of our origin, so that its inline pictures may be fetched; without scripts that gives it no rights.
SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
INNER_CSP = (
    f"sandbox {SANDBOX}; default-src 'none'; style-src 'self' 'unsafe-inline'; frame-ancestors 'self';"
    " base-uri 'none'; form-action 'none'; img-src 'self'"
)
# As nh3 writes them: names in lower case, every value in double quotes.
_IMAGE = re.compile(r'<img((?: [\w-]+="[^"]*")*) ?/?>')
_ATTRIBUTE = re.compile(r' ([\w-]+)="([^"]*)"')


@bp.get("/attachments/<int:attachment_id>/formatted")
@needs("ticket.see_own")
def page(attachment_id: int) -> AnyResponse:
    """The mail in its frame, and the button that asks for pictures from elsewhere."""
    found = find_attachment(attachment_id, asker())
    if found is None:
        abort(404)
    if found.role != "formatted":  # a file that somebody has called so
        return hand_out(found)
    ticket = find_ticket(found.ticket_id, asker()) or abort(404)
    body = render_template(
        "formatted/page.html",
        mail=found,
        entry=get_entry(found.entry_id),
        ticket=ticket,
        back=url_for(
            "tickets.page" if is_desk_side(ticket, asker()) else "follow.page", number=ticket.number
        ),
        has_remote=" data-remote=" in _html(found),
        sandbox=SANDBOX,
    )
    return _answer(body, f"{CSP}; frame-src 'self'")


@bp.route("/attachments/<int:attachment_id>/formatted/mail", methods=["GET", "POST"])
@needs("ticket.see_own")
def mail(attachment_id: int) -> AnyResponse:
    """The mail for that frame. The button posts, and then pictures from elsewhere come too."""
    found = find_attachment(attachment_id, asker())
    if found is None or found.role != "formatted":
        abort(404)
    with_remote = request.method == "POST"
    html = _with_pictures(_html(found), _inline(found), with_remote)
    policy = f"{INNER_CSP} http: https:" if with_remote else INNER_CSP
    answer = _answer(render_template("formatted/mail.html", html=Markup(html)), policy)  # noqa: S704 (cleaned)
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _html(mail: Attachment) -> str:
    try:
        return get_path(mail).read_text("utf-8", "replace")
    except OSError:
        abort(404)


def _inline(mail: Attachment) -> dict[str, str]:
    """Where the pictures lie that came with the mail, by their content id."""
    return {
        a.content_id: url_for("attachments.attachment", attachment_id=a.id, name=a.name)
        for a in list_inline(mail.entry_id)
        if a.content_id
    }


def _with_pictures(html: str, inline: dict[str, str], with_remote: bool) -> str:
    """The HTML with each picture's address: ours for what came along, its own for what was asked for, else
    none; a picture without one shows its words."""

    def rewrite(image: re.Match[str]) -> str:
        given = {name: unescape(value) for name, value in _ATTRIBUTE.findall(image[1])}
        source, remote = given.pop("src", ""), given.pop("data-remote", "")
        address = inline.get(source.removeprefix("cid:")) if source.startswith("cid:") else None
        if with_remote and remote.startswith(("http://", "https://")):
            address = remote
        given |= {"src": address} if address else {}
        return str(Markup("<img{}>").format(Markup("").join(map(_attribute, given.items()))))

    return _IMAGE.sub(rewrite, html)


def _attribute(pair: tuple[str, str]) -> Markup:
    return Markup(' {}="{}"').format(*pair)


def _answer(body: str, policy: str) -> Response:
    answer = Response(body, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = policy
    return answer
