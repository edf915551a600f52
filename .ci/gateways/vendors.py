"""The presets of SMS Aero and SMS.RU, against a stub that published clients understand."""

import base64
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import urllib.parse

from processes import INVITED, expect, listens, ports, post, sms, start, until
from smsru_api import Client

here = sys.argv[1]
NUMBER, WRONG_NUMBER = "79123456789", "79000000000"
TEXT = "1234 — код входа в invited. Никому его не говорите"
# Each key is an account. SMS Aero has two ways to say that there is no money.
BALANCES = {"rich-key": 1389.26, "poor-key": 0, "spent-key": 0}
asked = []


def aero(path, fields, basic):
    email, _, key = basic.partition(":")
    if email != "me@example.com" or key not in BALANCES:
        return refusal(401, "Your request was made with invalid credentials.")
    if path == "balance":
        return 200, {"success": True, "data": {"balance": BALANCES[key]}, "message": None}
    if path != "sms/send":
        return refusal(404, "Page not found.")
    for name in ("number", "text", "sign"):
        if not fields.get(name):
            return refusal(400, "Validation error.", {name: ["required"]})
    if not fields["number"].isdigit() or fields["number"] == WRONG_NUMBER:
        return refusal(400, "Validation error.", {"number": ["incorrect"]})
    if key == "poor-key":
        return refusal(402, "Not enough money")
    if key == "spent-key":
        return 200, {"result": "no credits"}
    if fields["sign"] != "SMS Aero":
        return 200, {"result": "reject", "reason": "sender name not found"}
    return 200, {
        "success": True,
        "data": {
            "id": 12345, "from": fields["sign"], "number": fields["number"],
            "text": fields["text"], "status": 0, "extendStatus": "queue",
            "channel": "FREE SIGN", "cost": 5.49, "dateCreate": 1719119523,
            "dateSend": 1719119523,
        },
        "message": None,
    }


def refusal(status, message, data=None):
    return status, {"success": False, "data": data, "message": message}


def ru(path, fields, _):
    key = fields.get("api_id")
    if key not in BALANCES:
        return 200, error(200, "Неправильный api_id")
    balance = BALANCES[key]
    if path == "my/balance":
        return 200, {"status": "OK", "status_code": 100, "balance": balance}
    if path == "sms/send":
        number = fields.get("to")
        # The first is the documentation's, the second smsru-api's.
        if not (fields.get("msg") or fields.get("text")):
            return 200, error(203, "Нет текста сообщения")
        if balance == 0:
            return 200, error(201, "Не хватает средств на лицевом счету")
        one = {"status": "OK", "status_code": 100, "sms_id": "000000-10000000", "cost": "2.00"}
        if number in (WRONG_NUMBER, WRONG_NUMBER[1:]):
            one = error(207, "На этот номер нет маршрута для доставки сообщений")
        return 200, {"status": "OK", "status_code": 100, "sms": {number: one}, "balance": balance}
    if path == "code/call":
        if balance == 0:
            return 200, error(201, "Не хватает средств на лицевом счету")
        if fields.get("phone") == WRONG_NUMBER:
            return 200, error(202, "Неправильно указан номер телефона получателя")
        return 200, {
            "status": "OK", "code": "1435", "call_id": "000000-10000001", "cost": 0.4,
            "balance": balance,
        }
    return 404, {}


def error(code, text):
    return {"status": "ERROR", "status_code": code, "status_text": text}


class Stub(http.server.BaseHTTPRequestHandler):
    def answer(self):
        address = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        fields = dict(urllib.parse.parse_qsl(address.query))
        if "json" in self.headers.get("content-type", ""):
            fields.update(json.loads(body or "{}"))
        else:
            fields.update(urllib.parse.parse_qsl(body))
        basic = self.headers.get("authorization", "").removeprefix("Basic ")
        basic = base64.b64decode(basic).decode()
        asked.append((address.path, basic, fields))
        path = address.path.removeprefix("/")
        vendor = aero if path.startswith("v2/") else ru
        status, said = vendor(path.removeprefix("v2/"), fields, basic)
        said = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


stub = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stub)
port = stub.server_port
threading.Thread(target=stub.serve_forever, daemon=True).start()


def node(call, key="rich-key", number=NUMBER):
    done = subprocess.run(
        ["node", f"{here}/vendors.js", str(port), call, key, number, TEXT],
        capture_output=True, text=True, check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def python(key="rich-key"):
    client = Client(key)
    client._base_url = f"http://127.0.0.1:{port}"
    return client


# What the clients make of the answers.
said = node("aero-send")
by_aero = asked[-1]
expect("smsaero understands that it is sent", said["data"]["id"] == 12345, said)
said = node("aero-balance")
expect("smsaero understands the balance", said["data"]["balance"] == 1389.26, said)
said = node("aero-send", "spent-key")
expect("smsaero understands that there is no money", "no credits" in said.get("refused", ""), said)
for key, number, status in (
    ("poor-key", NUMBER, 402), ("wrong-key", NUMBER, 401), ("rich-key", WRONG_NUMBER, 400)
):
    said = node("aero-send", key, number)
    expect(f"smsaero understands HTTP {status}", str(status) in said.get("refused", ""), said)

said = node("ru-send")
by_ru = asked[-1]
one = said["sms"][NUMBER]
expect("node-sms-ru understands that it is sent", one["sms_id"] == "000000-10000000", said)
said = node("ru-call")
by_call = asked[-1]
expect("node-sms-ru understands the code of a call", said["code"] == "1435", said)
said = node("ru-balance")
expect("node-sms-ru understands the balance", said == 1389.26, said)
for call in ("ru-send", "ru-call"):
    said = node(call, "poor-key")["refused"]
    expect(f"node-sms-ru understands that there is no money, of {call}", "средств" in said, said)
    said = node(call, "wrong-key")["refused"]
    expect(f"node-sms-ru understands that the key is wrong, of {call}", "api_id" in said, said)

said = python().send(f"+{NUMBER}", message=TEXT, from_name="invited")
by_smsru_api = asked[-1]
expect("smsru-api understands that it is sent", said["sms"][NUMBER[1:]]["status"] == "OK", said)
said = python().balance()
expect("smsru-api understands the balance", said["balance"] == 1389.26, said)
said = python().send(f"+{WRONG_NUMBER}", message=TEXT)
one = said["sms"][WRONG_NUMBER[1:]]
expect("smsru-api understands that the number is wrong", one["status_code"] == 207, said)
said = python("wrong-key").send(f"+{NUMBER}", message=TEXT)
expect("smsru-api understands that the key is wrong", said["status_code"] == 200, said)

# What our presets make of the same.
PRESETS = {
    "smsaero": ("v2/sms/send", "v2/balance", 'email = "me@example.com"\nsender = "SMS Aero"\nkey'),
    "smsru": ("sms/send", "my/balance", 'sender = "invited"\napi_id'),
    "smsru-call": ("code/call", "my/balance", "api_id"),
}


def configure(preset):
    send, balance, settings = PRESETS[preset]
    pathlib.Path("invited.toml").write_text(f"""
[http]
public_url = "https://login.example.com"
[sms.gateway.{preset}]
url = "http://127.0.0.1:{port}/{send}"
{settings} = "${{env:KEY}}"
check.url = "http://127.0.0.1:{port}/{balance}"
""")


def alike(request):
    """What was asked, without what differs each time."""
    path, basic, fields = request
    fields = {name: str(value) for name, value in fields.items()}
    if "callbackUrl" in fields:
        fields["callbackUrl"] = "somewhere"
    for name in ("text", "msg"):
        if name in fields:
            fields[name] = re.sub("^[0-9]{4}", "1234", fields[name])
    return path, basic, fields


def as_documented(request):
    """smsru-api has `text` for `msg`, ten digits, and a `partner_id` of its author's."""
    path, basic, fields = request
    fields = {**fields, "msg": fields["text"], "to": f"7{fields['to']}"}
    del fields["text"], fields["partner_id"]
    return path, basic, fields


for preset, taken, clients in (
    ("smsaero", "as 12345, for 5.49", {"smsaero": by_aero}),
    (
        "smsru", "as 000000-10000000, for 2.00",
        {"node-sms-ru": by_ru, "smsru-api": as_documented(by_smsru_api)},
    ),
    ("smsru-call", "as 000000-10000001, for 0.40", {"node-sms-ru": by_call}),
):
    configure(preset)
    good, text = sms("test", f"+{NUMBER}", KEY="rich-key")
    expect(f"{preset}: taken {taken}", good and f"{preset} took it, {taken}\n" in text, text)
    expect(f"{preset}: shows no secret", "rich-key" not in text, text)
    for client, theirs in clients.items():
        same = alike(asked[-1]) == alike(theirs)
        expect(f"{preset}: asks as {client} does", same, f"{asked[-1]}\n{theirs}")
    for what, key, number, failure in (
        ("no money", "poor-key", NUMBER, "the gateway is misconfigured"),
        ("money spent", "spent-key", NUMBER, "the gateway is misconfigured"),
        ("a wrong key", "wrong-key", NUMBER, "the gateway is misconfigured"),
        ("a wrong number", "rich-key", WRONG_NUMBER, "the gateway rejected the number"),
    ):
        good, text = sms("test", f"+{number}", KEY=key)
        expect(f"{preset}: {what}: {failure}", not good and failure in text, text)
    good, text = sms("check", KEY="rich-key")
    expect(f"{preset}: the balance is understood", good and "balance is 1389.26\n" in text, text)
    good, text = sms("check", KEY="wrong-key")
    refused = "does not accept what is configured" in text
    expect(f"{preset}: the check refuses a wrong key", not good and refused, text)

# A flash call brings its own code. The configuration is still that of smsru-call.
(login,) = ports(1)
serving = open("serve.log", "w")
server = start(
    INVITED, "serve", "--config", "invited.toml", "--listen", f"127.0.0.1:{login}",
    stdout=serving, stderr=serving, env={**os.environ, "KEY": "rich-key"},
)
until("the server listens", listens(login))
token = post(f"http://127.0.0.1:{login}/login/", {"phone": f"+{NUMBER}"})["sms-token"]
expect("smsru-call: a login makes a call", alike(asked[-1])[0] == by_call[0], asked[-1])
said = post(
    f"http://127.0.0.1:{login}/login/sms-confirm/", {"sms_code": "1435"}, {"sms-token": token}
)
expect("smsru-call: the code of the call logs in", bool(said), said)
server.terminate()
server.wait()
