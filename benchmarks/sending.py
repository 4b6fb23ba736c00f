"""Sends reports by mail over several connections, distinct messages of distinct people."""

import smtplib
import threading
import time

DESK = "desk@example.org"
WORDS = "The printer jams on every page. " * 20


def send(address: tuple[str, int], mails: int, connections: int) -> float:
    """Seconds until the last of them had its 250."""
    faults: list[BaseException] = []
    mark = time.time_ns()

    def run(first: int) -> None:
        try:
            with smtplib.SMTP(*address, timeout=60) as client:
                for number in range(first, mails, connections):
                    author = f"reporter{mark}.{number}@example.org"
                    client.sendmail(author, [DESK], _message(author, f"{mark}.{number}"))
        except BaseException as fault:  # shown by whoever waits for the threads
            faults.append(fault)

    threads = [threading.Thread(target=run, args=[n]) for n in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return time.perf_counter() - began


def _message(author: str, name: str) -> str:
    return (
        f"From: A reporter <{author}>\r\nTo: {DESK}\r\nMessage-ID: <{name}@example.org>\r\n"
        f"Subject: Printer {name} jams\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{WORDS}\r\n"
    )
