"""What all checks need: free ports, processes that end with us, patience."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

INVITED = os.environ["INVITED"]


# Whoever runs out of time is told so by this; then too, what was started is to end.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("out of time"))


def ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return numbers


def start(*command, **options):
    process = subprocess.Popen(command, text=True, **options)
    atexit.register(end, process)
    return process


def end(process):
    process.kill()
    process.wait()


def until(what, holds, seconds=30):
    for _ in range(seconds * 10):
        if holds():
            return
        time.sleep(0.1)
    raise SystemExit(f"in vain: {what}")


def listens(port):
    def tried():
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", port)) == 0

    return tried


def sms(*arguments, **environment):
    """`invited sms`: whether it succeeded, and what it said."""
    done = subprocess.run(
        [INVITED, "sms", "--config", "invited.toml", *arguments],
        env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr


def post(url, body, headers=()):
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json", **dict(headers)}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def expect(what, holds, said):
    if not holds:
        raise SystemExit(f"FAILED: {what}\n{said}")
    print(f"ok: {what}")
