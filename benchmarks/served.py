"""A server of ready answers, in a process of its own: what is measured against it is the client's time alone.

    python -m benchmarks.served COUNT

prints its address, and serves until its standard input ends.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from benchmarks.worlds import list_pages, live_experiment


def serve(count: int) -> int:
    """0, once the standard input has ended."""
    pages = list_pages(count)

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # An answer is written at once, and not held back for the acknowledgement of its head.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            parts = address.path.removeprefix("/api/1/experiments").split("/")[1:]
            if not parts:
                body = pages[int(parse_qs(address.query).get("cursor", ["0"])[0])]
            else:
                live = live_experiment(int(parts[0]) - int(live_experiment(0)["id"]))
                variants = {variant["key"]: variant for variant in live["variants"]}
                body = json.dumps(live if len(parts) == 1 else variants[parts[2]]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is written of a request."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        sys.stdin.read()
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(serve(int(sys.argv[1])))
