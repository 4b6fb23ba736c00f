"""What people of the example organisation write."""

# Service: subjects of faults.
FAULTS = {
    "ERP": (
        "Orders cannot be posted",
        "ERP is very slow since this morning",
        "Invoice {n} cannot be printed",
        "月末结账时系统报错",
        "Stock of article {n} is wrong",
    ),
    "ERP reports": ("The sales list stays empty", "Report {n} shows last month", "报表导出失败"),
    "Web shop": ("Customers cannot pay", "The basket loses its contents", "Order {n} came twice"),
    "Computers and screens": ("Laptop does not start", "The second screen stays black", "电脑无法开机"),
    "Mail and calendar": ("Mail does not arrive", "Meeting room {n} cannot be booked", "邮箱已满，无法发送"),
    "Printing": ("Printer {n} jams", "Printouts have stripes", "打印机没有反应"),
    "Telephones": ("No dial tone at extension {n}", "Calls drop after a minute"),
    "Network and Wi-Fi": ("No Wi-Fi in building 2", "The network drops every few minutes", "三楼无法上网"),
    "Remote access": ("VPN does not connect", "Signing in from home takes minutes"),
    "Shared folders": ("A folder is gone", "Files in the team folder are locked"),
    "Scanners and forklift terminals": (
        "Scanner {n} does not read codes",
        "Terminal {n} is frozen",
        "扫描枪断线",
    ),
    "Label printing": ("Labels come out blank", "Parcel labels have the wrong address"),
    "Payroll": ("The payslip of last month is missing", "An allowance was left out"),
    "Personnel files": ("A file cannot be opened", "The wrong department is shown"),
    "Time recording": ("The terminal at gate {n} does not take cards", "Yesterday's hours are missing"),
}
ANY_FAULT = ("It does not work since this morning", "An error message appears at step {n}", "系统无法使用")
REQUESTS = (
    "Rights for a new colleague",
    "A second screen, please",
    "New account from the first",
    "申请安装软件",
)
QUESTIONS = ("How do I export a list?", "Where do I find last year's orders?", "请问如何重置密码？")
BODIES = (
    "It worked yesterday. I tried it twice and restarted, without luck.",
    "Several of us see the same. A picture of the message is on my screen; please call.",
    "This is urgent for us because the lorry leaves in the afternoon.",
    "从今天早上开始就这样，重启后也没有变化。请尽快处理，谢谢。",
    "Nothing special was changed before, as far as I know.",
    "I need this by the end of the week, if possible.",
)
ANSWERS = (
    "Thank you for the report. I am looking at it now.",
    "I can see the fault in the log and have an idea of the cause.",
    "您好，我们已经收到，正在检查。",
    "This is known since this morning; we are working on it.",
)
NEWS = (
    "We have narrowed it down to one server and restart it at noon.",
    "A colleague is on the way to you.",
    "The part is ordered and comes tomorrow.",
)
SUPPLIERS = ("Asked the supplier for a new version.", "Ordered a replacement part.")
ASKED = ("Which computer is it, and what exactly does the message say?", "请问您使用的是哪个版本？")
REPLIES = ("It is the one by the window; the message says 'access denied'.", "Any news?", "还是没有变化。")
CAUSES = (
    "Configuration",
    "Worn part",
    "Wrong use",
    "Fault in the program",
    "Overload",
    "Cause at a supplier",
)
SOLUTIONS = (
    "Restarted the service and corrected the setting that had stopped it.",
    "Replaced the cable; tried it together with the reporter.",
    "Renewed the rights; please sign out and in again.",
    "已修复配置并重新启动服务。",
    "Showed how to do it; a short guide is attached to the article.",
    "Installed the corrected version.",
)
STILL_BROKEN = ("It worked for an hour, then it was the same again.", "还是不行，请再看一下。")
THANKS = ("Thank you, works again.", "Quick and friendly.", "谢谢，已经好了。", "", "", "")
COMPLAINTS = ("It took very long.", "I had to ask three times.", "")
SEVERER = ("More people are affected than we thought", "Core work stands still")
MILDER = ("A workaround helps for now", "Only one person is affected")
WITHDRAWN = ("It works again by itself", "Reported twice by mistake", "No longer needed")
# Canned answers: name, team (None: all) and texts.
CANNED: tuple[tuple[str, str | None, dict[str, str]], ...] = (
    (
        "We are on it",
        None,
        {
            "en": "Hello {{reporter.name}},\n\nthank you for {{ticket.number}}. I am looking at it and write"
            " again by {{promise}}.\n\n{{agent.name}}",
            "zh_Hans": "{{reporter.name}}，您好！\n\n{{ticket.number}} 已收到，我正在处理，"
            "最晚 {{promise}} 给您答复。\n\n{{agent.name}}",
        },
    ),
    (
        "Please restart",
        "Workplace",
        {"en": "Please switch the computer off and on again, and tell me whether it is better then."},
    ),
    (
        "Which printer?",
        "Workplace",
        {"en": "Which printer is it? Its name stands on the white label, for example **P-204**."},
    ),
    (
        "Posting stopped",
        "ERP",
        {"en": "{{service}} takes no postings just now. We work on it; nothing that you saved is lost."},
    ),
)
