"""Says which signal it heard, and ends. /big is a body that is spliced."""

import http.server
import os
import signal


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = bytes(8 << 20) if self.path == "/big" else f"{os.getpid()}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def heard(number, _):
    print(f"heard {signal.Signals(number).name}", flush=True)
    if os.environ.get("STUBBORN") != "yes":
        os._exit(0)


signal.signal(signal.SIGTERM, heard)
signal.signal(signal.SIGINT, heard)
http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answer).serve_forever()
