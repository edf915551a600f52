"""People who use the service, over HTTP or HTTPS, and the gateway that brings them their codes."""

import http.client
import http.server
import json
import threading


class Gateway:
    """A provider of messages that keeps the latest code of each phone."""

    def __init__(self):
        self.codes = codes = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                message = json.loads(self.rfile.read(int(self.headers["content-length"])))
                codes[message["to"]] = message["code"]
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            # By default five connections may wait, and a sixth takes seconds.
            request_queue_size = 1024

        server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.settings = f"""
[sms.route]
"*" = ["local"]
[sms.gateway.local]
kind = "http"
url = "http://127.0.0.1:{server.server_port}/"
body.json = {{ to = "{{{{to_digits}}}}", code = "{{{{code}}}}" }}
ok.status = 204
"""


class Unexpected(Exception):
    """An answer that is not what it has to be."""


class Person:
    """Somebody with a phone, and an address of this machine to connect from."""

    def __init__(self, gateway, phone, source, port, tls=None):
        self.gateway, self.phone = gateway, phone
        self.access = self.refresh = None
        connect = http.client.HTTPConnection
        options = {"timeout": 60, "source_address": (source, 0)}
        if tls:
            connect = http.client.HTTPSConnection
            options["context"] = tls
        self.line = connect("localhost", port, **options)

    def ask(self, method, path, body=None, **headers):
        """The status, and what the answer says."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.access:
            headers["authorization"] = f"Bearer {self.access}"
        if body is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(body)
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        return answer.status, json.loads(answer.read() or b"null")

    def get(self, method, path, body=None, **headers):
        """What the answer of a success says."""
        status, said = self.ask(method, path, body, **headers)
        if not 200 <= status < 300:
            raise Unexpected(f"{self.phone}: {method} {path}: {status} {said}")
        return said

    def sms_token(self):
        self.access = None
        return self.get("POST", "/login/", {"phone": f"+{self.phone}"})["sms-token"]

    def confirm(self, token, code):
        return self.ask("POST", "/login/sms-confirm/", {"sms_code": code}, sms_token=token)

    def login(self):
        token = self.sms_token()
        status, said = self.confirm(token, self.gateway.codes[self.phone])
        if status != 200:
            raise Unexpected(f"{self.phone}: login: {status} {said}")
        self.access, self.refresh = said["access"], said["refresh"]
        return self

    def renew(self):
        said = self.get("POST", "/token/refresh/", {"refresh": self.refresh})
        self.access, self.refresh = said["access"], said["refresh"]

    def profile(self):
        return self.get("GET", "/profile/")

    def enter(self, invitation_code):
        code = {"invitation_code": invitation_code}
        return self.get("POST", "/profile/invitation/", code)["invited_by"]
