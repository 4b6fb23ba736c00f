"""A chat service on the loopback, as Apprise's json:// speaks to it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Chat:
    """What was said there, and how it answers: `answers` are the next codes, then 200."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.answers: list[int] = []
        self.goes_on = threading.Event()
        self.goes_on.set()  # cleared: it takes what is said and does not answer
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                chat.goes_on.wait()
                code = chat.answers.pop(0) if chat.answers else 200
                if code == 200:
                    chat.said.append(said | {"path": self.path})
                self.send_response(code)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def port(self) -> int:
        return self.server.server_port

    def url(self, path: str = "room") -> str:
        return f"json://127.0.0.1:{self.port}/{path}"


@contextmanager
def chat_service() -> Iterator[Chat]:
    chat = Chat()
    thread = threading.Thread(target=chat.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield chat
    chat.goes_on.set()
    chat.server.shutdown()
    chat.server.server_close()
    thread.join()
