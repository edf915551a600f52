"""The requests of the preset `twilio`, against Twilio's own OpenAPI document."""

import pathlib
import sys

from processes import expect, listens, ports, sms, start, until

prism, document = sys.argv[1:]
(port,) = ports(1)
account = "AC" + "0123456789abcdef" * 2
log = open("prism.log", "w")
start(prism, "mock", "-h", "127.0.0.1", "-p", str(port), document, "--errors", stdout=log, stderr=log)
until("Prism listens", listens(port), seconds=90)


def configure(account):
    base = f"http://127.0.0.1:{port}/2010-04-01/Accounts/${{account}}"
    pathlib.Path("invited.toml").write_text(f"""
[http]
public_url = "https://login.example.com"
[sms.gateway.twilio]
url = "{base}/Messages.json"
account = "{account}"
token = "${{env:TOKEN}}"
sender = "+15005550006"
check.url = "{base}/Balance.json"
""")


configure(account)
good, text = sms("test", "+79123456789", TOKEN="secret")
expect("the request is as the document has it", good and "twilio took it, as SM" in text, text)
expect("no secret is shown", "secret" not in text, text)
good, text = sms("check", TOKEN="secret")
expect("the balance is asked for as the document has it", good and "the balance is" in text, text)
configure("AC1")
good, text = sms("test", "+79123456789", TOKEN="secret")
expect("Prism does refuse what the document has not", not good and "HTTP 422" in text, text)
