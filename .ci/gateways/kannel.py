"""A code through Kannel to an SMPP message centre, and its receipt back."""

import json
import os
import pathlib
import sqlite3
import sys

from processes import INVITED, expect, listens, ports, post, sms, start, until

here = sys.argv[1]
admin, box, centre, http, ours = ports(5)
pathlib.Path("kannel.conf").write_text(f"""
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = admin
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = centre
host = 127.0.0.1
port = {centre}
transceiver-mode = true
smsc-username = kannel
smsc-password = kannel
system-type = x
source-addr-ton = 5
source-addr-npi = 0
dest-addr-ton = 1
dest-addr-npi = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = invited
password = kannel

group = sms-service
keyword = default
text = "none"
""")
pathlib.Path("invited.toml").write_text(f"""
[http]
public_url = "http://127.0.0.1:{ours}"
[sms.gateway.kannel]
url = "http://127.0.0.1:{http}/cgi-bin/sendsms"
username = "invited"
password = "${{env:PASSWORD}}"
sender = "invited"
""")

said = open("centre.log", "w+")
start("node", f"{here}/smsc.js", str(centre), stdout=said)
until("the message centre listens", listens(centre))
log = open("kannel.log", "w")
start("bearerbox", "kannel.conf", stdout=log, stderr=log)
until("bearerbox listens", listens(box))
start("smsbox", "kannel.conf", stdout=log, stderr=log)
until("smsbox listens", listens(http))


def taken():
    lines = pathlib.Path("centre.log").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def first_is_taken():
    # Until the message centre is bound, Kannel only queues, which is not taken for sent.
    return sms("test", "+79123456789", PASSWORD="kannel")[0]


until("a message is taken", first_is_taken)
until("the message arrives", lambda: len(taken()) > 0)
message = taken()[-1]
expect("the text arrives whole", "код входа в invited" in message["text"], message)
expect("the number arrives", message["to"].lstrip("+") == "79123456789", message)
good, text = sms("test", "+79123456789", PASSWORD="wrong")
expect("a wrong password is the operator's matter", not good and "misconfigured" in text, text)

serving = open("serve.log", "w")
server = start(
    INVITED, "serve", "--config", "invited.toml", "--listen", f"127.0.0.1:{ours}",
    stdout=serving, stderr=serving, env={**os.environ, "PASSWORD": "kannel"},
)
until("the server listens", listens(ours))
asked = post(f"http://127.0.0.1:{ours}/login/", {"phone": "+79123456780"})
expect("a login is answered", "sms-token" in asked, asked)


def states():
    with sqlite3.connect("file:invited.db?mode=ro", uri=True) as database:
        return [state for (state,) in database.execute("SELECT state FROM deliveries")]


until("the receipt comes back", lambda: states() == [4])
expect("the message is known to have arrived", True, "")
server.terminate()
server.wait()
