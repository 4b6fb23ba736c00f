"""Asks pages over HTTP as signed-in browsers do, alone and several at once, and keeps how long each took."""

import http.client
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import urlencode

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Took:
    """How long each request took in milliseconds, and all of them together in seconds."""

    each: list[float]
    seconds: float

    @property
    def median(self) -> float:
        return statistics.median(self.each)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.each, n=20)[-1]

    @property
    def rate(self) -> float:
        return len(self.each) / self.seconds


class Browser:
    """One connection that stays open, and the cookies of somebody who signed in."""

    def __init__(self, address: str, cookies: Mapping[str, str] | None = None) -> None:
        self.address = address
        self.cookies = dict(cookies or {})
        self.connection = http.client.HTTPConnection(address, timeout=60)

    def get(self, path: str) -> str:
        """The page's text. RuntimeError where the answer is not 200."""
        return self._ask("GET", path, None, 200)

    def post(self, path: str, **fields: str) -> None:
        """Sends a form. RuntimeError where the answer is not a redirect: it was not taken."""
        self._ask("POST", path, urlencode(fields), 303)

    def csrf(self, path: str) -> str:
        """The token in the form of that page."""
        found = CSRF.search(self.get(path))
        if found is None:
            raise RuntimeError(f"no form on {path}")
        return found[1]

    def another(self) -> "Browser":
        """A further connection of the same person."""
        return Browser(self.address, self.cookies)

    def _ask(self, method: str, path: str, body: str | None, expected: int) -> str:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.connection.close()  # kept open too long without a word
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if answer.status != expected:
            raise RuntimeError(f"{method} {path}: {answer.status}, not {expected}")
        return text


def sign_in(address: str, email: str, password: str) -> Browser:
    """Through the sign-in page, as everybody."""
    browser = Browser(address)
    token = browser.csrf("/sign-in")
    browser.post("/sign-in", csrf_token=token, email=email, password=password)
    return browser


def alone(ask: Callable[[], object], times: int, warm_up: int = 5) -> Took:
    """One after another."""
    for _ in range(warm_up):
        ask()
    return _timed(ask, times)


def together(asks: list[Callable[[], object]], each: int) -> Took:
    """All of them at once, a thread and `each` requests for every one."""
    for ask in asks:
        ask()
    found: list[Took] = []
    faults: list[BaseException] = []

    def run(ask: Callable[[], object]) -> None:
        try:
            found.append(_timed(ask, each))
        except BaseException as fault:  # shown by whoever waits for the threads
            faults.append(fault)

    threads = [threading.Thread(target=run, args=[ask]) for ask in asks]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if faults:
        raise faults[0]
    return Took([took for one in found for took in one.each], seconds)


def in_turn(values: list[str], start: int) -> Iterator[str]:
    """The values again and again, from another place for each who asks."""
    turned = values[start % len(values) :] + values[: start % len(values)]
    return cycle(turned)


def _timed(ask: Callable[[], object], times: int) -> Took:
    took = []
    began = time.perf_counter()
    for _ in range(times):
        before = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - before))
    return Took(took, time.perf_counter() - began)
