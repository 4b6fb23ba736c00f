"""Files posted with a form, and files handed out."""

from flask import Blueprint, Response, abort, request, send_file
from flask_babel import gettext as _

from helpdesk.desk.attachments import Upload
from helpdesk.rules.media_types import SHOWN
from helpdesk.store.attachments import find_attachment, get_path
from helpdesk.store.tickets import Attachment
from helpdesk.web.frame import asker, needs

bp = Blueprint("attachments", __name__)
MOST_FILES = 20
# Even what slips through is a page without rights, scripts or a network.
CSP = "default-src 'none'; sandbox"


def uploads(name: str = "files") -> list[Upload]:
    """The files posted under that name."""
    found = [each for each in request.files.getlist(name) if each.filename]
    return [Upload(each.filename or "", each.stream) for each in found]  # type: ignore[arg-type]


def upload_errors(files: list[Upload], errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is wrong with the files; browsers forget them when a form comes back, so that is said too."""
    if len(files) > MOST_FILES:
        return {
            "files": [_("Choose at most %(most)s files; send more with a second message.", most=MOST_FILES)]
        }
    if files and errors:
        return {"files": [_("Please choose your files again: your browser does not keep them.")]}
    return {}


def hand_out(attachment: Attachment) -> Response:
    """The file: shown if it is a picture we know, else to be saved, and never run."""
    path = get_path(attachment)
    if not path.is_file():
        abort(404)
    is_shown = attachment.media_type in SHOWN
    answer = send_file(
        path,
        mimetype=attachment.media_type if is_shown else "application/octet-stream",
        as_attachment=not is_shown,
        download_name=attachment.name,
        etag=attachment.sha256,
        conditional=True,
    )
    answer.headers["Content-Security-Policy"] = CSP
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@bp.get("/attachments/<int:attachment_id>/<path:name>")
@needs("ticket.see_own")
def attachment(attachment_id: int, name: str) -> Response:
    """A file of a ticket that the asker may see; the name is for people's eyes alone."""
    found = find_attachment(attachment_id, asker())
    if found is None:
        abort(404)
    return hand_out(found)
