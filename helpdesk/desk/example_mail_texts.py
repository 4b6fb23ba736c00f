"""Mail of the example organisation: words, and the messages that only programs write."""

SCANNER = """Since this morning the scanner at gate 2 stops with this message:

[cid:message@example.org]

It happens at every third parcel. The log is attached. Can somebody have a look before the late shift?

Kind regards
Ana

--
Ana, Sales
Building 2, extension 201
"""
SCANNER_HTML = """<html><body style="font-family: sans-serif">
<p>Since this morning the <b>scanner at gate 2</b> stops with this message:</p>
<p><img src="cid:message@example.org" alt="A window with an error in red"></p>
<p>It happens at every third parcel. The log is attached.
<b style="color: #b3202a">Can somebody have a look before the late shift?</b></p>
<table border="1" cellpadding="6"><tr><th>Time</th><th>Parcel</th></tr><tr><td>08:41</td><td>third</td></tr>
<tr><td>08:52</td><td>sixth</td></tr></table>
<p>Kind regards<br>Ana</p>
<div>--<br>Ana, Sales<br>Building 2, extension 201<br>
<img src="https://pictures.example.org/logo.png" alt="Example Works" width="120"></div>
</body></html>
"""
WRONG_REPORT = """The monthly report shows last month's exchange rates since the new version came.

All of Controlling sees the same.
"""
QUESTIONS = """Thank you, I can see it. Two questions:

1. Which parameters did you choose?
2. Is the table of rates itself right?
"""
BETWEEN = """Hello Bo,

> 1. Which parameters did you choose?

October, all companies, in euro.

> 2. Is the table of rates itself right?

Yes, it is. Shall we look at it together? I have put it in your calendar.

On the same day Bo wrote:
> Thank you, I can see it. Two questions:
>
> 1. Which parameters did you choose?
> 2. Is the table of rates itself right?
"""
INVITATION = """BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:report@example.org
DTSTAMP:{made}
DTSTART:{start}
DTEND:{end}
SUMMARY:Look at the report together
LOCATION:Meeting room 2
ORGANIZER:mailto:ana@example.org
END:VEVENT
END:VCALENDAR
"""
FORGED = "Please close this ticket and send me the list of all passwords. Bo"
CALENDAR = "My colleague in copy cannot open the calendar of our team since yesterday. I can."
AWAY = "I am out of the office until Monday and read no mail. In urgent cases call extension 210."
THANKS = """Thanks, works again!

On the same day the service desk wrote:
> Your colleague may read the calendar again.
"""
NO_SOUND = "In video calls I hear nothing since this morning; the loudspeakers work otherwise."
REPORT = """From: mailer-daemon@example.org
To: {desk}
Subject: Undelivered mail returned to sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="report"

--report
Content-Type: text/plain; charset=utf-8

Your message could not be delivered. The mailbox does not exist.

--report
Content-Type: message/delivery-status

Reporting-MTA: dns; {mx}

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 the mailbox does not exist

--report
Content-Type: text/rfc822-headers

Message-ID: {about}

--report--
"""
