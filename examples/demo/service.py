"""A service with requests of its own, which fail as often as it is told to.

GET /metrics           what Prometheus scrapes
GET /break?share=0.5   half of all requests fail from now on
GET /mend              none does
"""

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

REQUESTS_PER_SECOND = 20

lock = threading.Lock()
share = 0.0
counts = {"200": 0, "500": 0}
started = time.time()


def requests():
    """Counts requests, with an even share of failures."""
    due = 0.0
    while True:
        with lock:
            for _ in range(REQUESTS_PER_SECOND // 10):
                due += share
                if due >= 1.0:
                    due -= 1.0
                    counts["500"] += 1
                else:
                    counts["200"] += 1
        time.sleep(0.1)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        global share
        url = urlparse(self.path)
        if url.path == "/metrics":
            with lock:
                lines = ["# TYPE http_requests_total counter"]
                lines += [f'http_requests_total{{status="{status}"}} {count}' for status, count in counts.items()]
            lines += ["# TYPE process_start_time_seconds gauge", f"process_start_time_seconds {started}"]
            self.answer(200, "\n".join(lines) + "\n")
        elif url.path == "/break":
            asked = parse_qs(url.query).get("share", ["0.5"])[0]
            try:
                wanted = float(asked)
            except ValueError:
                wanted = -1.0
            if not 0.0 <= wanted <= 1.0:
                self.answer(400, "share is a number from 0 to 1\n")
                return
            with lock:
                share = wanted
            self.answer(200, f"{wanted:.0%} of all requests fail from now on\n")
        elif url.path == "/mend":
            with lock:
                share = 0.0
            self.answer(200, "no request fails any more\n")
        else:
            self.answer(404, "not found\n")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    threading.Thread(target=requests, daemon=True).start()
    address = (os.environ.get("DEMO_HOST", "127.0.0.1"), int(os.environ.get("DEMO_PORT", "8080")))
    ThreadingHTTPServer(address, Handler).serve_forever()
