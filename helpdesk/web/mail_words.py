"""Codes about mail in words: why something became of it, and what a reader should know of it."""

from flask_babel import lazy_gettext as _l

# Why a mail became what it became (RawMail.cause, Entry.detail["cause"]).
CAUSES = {
    "no_sender": _l("It does not say who sent it."),
    "unparseable": _l("It cannot be read as a mail."),
    "file_missing": _l("Its file is missing from the data folder."),
    "stopped_us": _l("Reading it stopped the program several times."),
    "too_large": _l("It is larger than the desk takes in."),
    "fault": _l("A fault of ours kept it from becoming a ticket."),
    "own_loop": _l("The desk wrote it itself."),
    "other_desk": _l("Another helpdesk wrote it."),
    "delivery_report": _l("A mail server reports on a letter of ours."),
    "auto_submitted": _l("A program wrote it: it says so itself."),
    "null_return_path": _l("A program wrote it: nobody can be answered."),
    "auto_response_suppress": _l("A program wrote it: it wants no automatic answer."),
    "automatic_reply": _l("It is an automatic answer."),
    "precedence": _l("It is bulk mail."),
    "mailing_list": _l("It came over a mailing list."),
    "same_message": _l("The same message came before."),
    "takes_no_part": _l("Its sender takes no part in the ticket they answered."),
    "had_ended": _l("The ticket it answers had ended."),
    "not_fetched": _l("Its mailbox has it and does not give it."),
    "from_staff": _l("From a colleague's address, so the reporter was not told."),
    "only_thanks": _l("It only says thanks, so nothing was reopened."),
    "not_authenticated": _l(
        "A colleague's address, but our mail server cannot say that it is theirs: only filed."
    ),
    "not_proven": _l(
        "Our mail server doubts its sender, and it only names the number, so it did not reopen."
    ),
    "repeats_a_note": _l("It repeats a note, so it was kept as one and did not go to the reporter."),
    "holds_a_mail": _l("A whole mail was attached, so it was kept as a note and did not go to the reporter."),
    "unknown_command": _l("The desk does not know its command, so it was kept as a note."),
    "several_commands": _l("Its commands do not go together, so it was kept as a note."),
    "no_days": _l("It does not say clearly how long to wait, so it was kept as a note."),
    "no_words": _l("It had no words for the reporter, so it was kept as a note."),
    "not_allowed": _l("The ticket's state did not allow what it asked for, so it was kept as a note."),
    "too_many_on_ticket": _l("More mail than people write came about this ticket, so letters stopped."),
    "too_many_from_sender": _l("This sender wrote more mail than people do, so letters to them stopped."),
}
# What helps with a mail that was set aside.
REMEDIES = {
    "no_sender": _l("Make it a ticket: you stand as its reporter until you know who wrote it."),
    "unparseable": _l("Make it a ticket: it gets the text that can be read, and the whole mail as a file."),
    "file_missing": _l("Put the file back from a backup, then try the mail again."),
    "stopped_us": _l("Save it, show it to whoever runs Helpdesk, and try it again after the next update."),
    "not_fetched": _l("Look at it in the mailbox itself. What the desk has of it stands below."),
    "too_large": _l("Ask its sender for a link to the files, or make it a ticket as it is."),
    "fault": _l("Try it again. If that fails too, make it a ticket, and tell whoever runs Helpdesk."),
}
LEFT_OUT = {
    "too_large": _l("too large for one file"),
    "too_many": _l("more files than one mail may have"),
    "too_deep": _l("packed too deep in other mails"),
    "total": _l("all files together were too large"),
}
# What a mail has that the desk keeps but neither checks nor opens.
NOTICES = {
    "signed_smime": _l("Signed with S/MIME. The signature is kept with the mail; nobody has checked it."),
    "signed_pgp": _l("Signed with PGP. The signature is kept with the mail; nobody has checked it."),
    "encrypted_smime": _l(
        "Encrypted with S/MIME: the desk cannot read it. Open its file in a mail program that has the key,"
        " or ask for the words without encryption."
    ),
    "encrypted_pgp": _l(
        "Encrypted with PGP: the desk cannot read it. Open its file with the key,"
        " or ask for the words without encryption."
    ),
    "winmail": _l("Came packed as winmail.dat, which Outlook makes. The file is kept whole."),
    "calendar": _l("Has a calendar file. Nothing was answered to it."),
}
# What our own mail server found of the sender (RFC 8601); said in one breath, and at length.
SENDERS = {
    "fail": _l("Sender may be forged"),
    "none": _l("Sender not checked"),
}
SENDERS_AT_LENGTH = {
    "pass": _l("Our mail server found it genuine."),
    "fail": _l("Our mail server says that it did not come from this domain. Ask before you act on it."),
    "none": _l("Its domain lets nobody check who sends for it."),
}
EVENTS = {
    "REQUEST": _l("Invitation"),
    "CANCEL": _l("Called off"),
    "REPLY": _l("Answer to an invitation"),
    "COUNTER": _l("Another time is proposed"),
}


def why(cause: str) -> str:
    """A cause in words; "" where there is none, and the code itself where we do not know it."""
    return str(CAUSES.get(cause.partition(":")[0], cause))


def remedy(cause: str) -> str:
    """What helps with a mail that was set aside for that cause; "" where nothing is known to."""
    return str(REMEDIES.get(cause.partition(":")[0], ""))
