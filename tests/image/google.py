"""The other site of the zoo, played: a server for google.com that an authority of our own vouches for.

As a module it makes that authority and gives the options of containers that play and believe; as a program, in a container,
it answers each request with its target and its Host.
"""

import http.server
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path


def certificates():
    """A folder with google.com's key and certificate, and that of whoever signed it."""
    folder = Path(tempfile.mkdtemp(prefix="onedoor-google-"))
    folder.chmod(0o755)
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"]
    subprocess.run([*make, "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"],
                   cwd=folder, check=True, capture_output=True)
    subprocess.run([*make, "-subj", "/CN=google.com", "-addext", "subjectAltName=DNS:google.com",
                    "-addext", "basicConstraints=critical,CA:FALSE", "-CA", "ca.pem", "-CAkey", "ca.key",
                    "-keyout", "key.pem", "-out", "certificate.pem"], cwd=folder, check=True, capture_output=True)
    return folder


def player(folder):
    """Options and command of the container that is google.com."""
    options = ["--user", "0", "--entrypoint", "python3", "-v", f"{folder}:/google:ro", "-v", f"{__file__}:/google.py:ro"]
    return options, ["/google.py", "/google"]


def believer(folder, address):
    """Options of a container to which google.com is at this address."""
    return ["--add-host", f"google.com:{address}", "-v", f"{folder / 'ca.pem'}:/etc/ssl/certs/ca-certificates.crt:ro"]


class Google(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{self.path} for {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 443), Google)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{sys.argv[1]}/certificate.pem", f"{sys.argv[1]}/key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print("google.com is open", flush=True)
    server.serve_forever()
