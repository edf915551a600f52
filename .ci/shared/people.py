"""People who use the service, over HTTP or HTTPS, and the gateway that brings them their codes."""

import collections
import http.client
import http.server
import json
import socket
import threading


class Gateway:
    """A provider of messages that keeps the latest code of each phone, and counts its messages."""

    def __init__(self):
        self.codes, self.sent = codes, sent = {}, collections.Counter()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                message = json.loads(self.rfile.read(int(self.headers["content-length"])))
                codes[message["to"]] = message["code"]
                sent[message["to"]] += 1
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.handler = Handler
        # By default five connections may wait, and a sixth takes seconds.
        self.settings = self.listen(socket.create_server(("127.0.0.1", 0), backlog=1024))

    def listen(self, listener):
        """Takes messages there; the settings by which a service sends them there."""
        server = http.server.ThreadingHTTPServer(listener.getsockname(), self.handler, False)
        server.socket.close()
        server.socket = listener
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"""
[sms.route]
"*" = ["local"]
[sms.gateway.local]
kind = "http"
url = "http://127.0.0.1:{listener.getsockname()[1]}/"
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
