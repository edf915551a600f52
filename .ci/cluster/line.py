"""A connection to the service, and what became of requests."""

import http.client
import json
import threading
import time


class Interrupted(Exception):
    """No answer, or a 5xx: it may have been done, or not."""


class Unexpected(Exception):
    """An answer that is not what it has to be."""


class Line:
    def __init__(self, address, outage):
        self.connection = http.client.HTTPConnection(address, 80, timeout=20)
        self.outage = outage

    def ask(self, method, path, body=None, **headers):
        """The status, and what the answer says."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(body)
        begun = time.monotonic()
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            status, text = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as failure:
            self.connection.close()
            self.outage.failed("cut", begun)
            raise Interrupted(repr(failure)) from failure
        if status >= 500:
            self.outage.failed(status, begun)
            raise Interrupted(f"{status} {text[:200]}")
        self.outage.succeeded(method)
        return status, json.loads(text or b"null")


class Outage:
    """How long nothing that changes anything was answered, and what was answered instead."""

    def __init__(self):
        self.lock = threading.Lock()
        self.failures, self.successes = {}, 0
        self.longest = self.slowest = 0.0
        self.latest = time.monotonic()

    def succeeded(self, method):
        with self.lock:
            self.successes += 1
            if method != "GET":
                now = time.monotonic()
                self.longest = max(self.longest, now - self.latest)
                self.latest = now

    def failed(self, what, begun):
        with self.lock:
            self.failures[what] = self.failures.get(what, 0) + 1
            self.slowest = max(self.slowest, time.monotonic() - begun)

    def __str__(self):
        failures = ", ".join(f"{count} {what}" for what, count in self.failures.items()) or "none"
        return (f"{self.successes} answers, longest without a change {self.longest:.1f} s, "
                f"failed requests: {failures}, the slowest of them {self.slowest:.1f} s")
