"""What an operator lives through with the executable, from a bare folder to a disk that is lost."""

import json
import os
import shutil
import signal
import time

import month
from installation import Installation
from issuer import Issuer
from load import CLIENTS, Load
from people import Gateway, Person
from processes import expect, until

MACHINE = {"ntp", "disk", "open files", "flush"}

folder = os.getcwd()
gateway = Gateway()

service = Installation(folder)
service.verify_units()

played = {}
service.configure(gateway.settings)
if month.library():
    played = month.play(service, gateway, folder)
else:
    print("skipped: a month of life, for there is no libfaketime")

issuer = Issuer(folder)
backups = os.path.join(folder, "backups")
os.mkdir(backups)
settings = gateway.settings, issuer.settings(), f'[backup]\nto = "{backups}"\n'
service.configure(*settings)
service.serve(SSL_CERT_FILE=str(issuer.own))
service.issued(1)
tls = issuer.clients()


def stands(what):
    """Statistics are written each second."""
    wrong = {}

    def is_as_played():
        wrong.update(differences=month.differences(service.by_day(month.DAYS + 1), played))
        return not wrong["differences"]

    expect(what, is_as_played(), wrong)


def is_well():
    """Apart from what this machine is like, and once the check after the start is over."""
    for _ in range(50):
        found = json.loads(service.run("doctor", "--json")[1].split("invited:")[0])
        ill = [one for one in found if one["level"] != "green" and one["check"] not in MACHINE]
        if not ill:
            break
        time.sleep(0.1)
    expect("doctor finds all green", not ill, ill)


stands(f"{len(played)} days are in `stats` as they were played")

load = Load(gateway, service.port, tls)
until(f"{CLIENTS} clients are at work", load.is_in_full_swing, seconds=120)

# Strangers guess until nobody can have a code for that phone any more.
locked = Person(gateway, "79209999999", "127.3.0.1", service.port, tls).login()
before = locked.profile()["id"]
for number in range(1, 10):
    stranger = Person(gateway, locked.phone, f"127.3.{number}.1", service.port, tls)
    status, said = stranger.ask("POST", "/login/", {"phone": f"+{locked.phone}"})
    if status == 429:
        break
    right = gateway.codes[locked.phone]
    for _ in range(3):
        stranger.confirm(said["sms-token"], f"{(int(right) + 1) % 10 ** len(right):0{len(right)}}")
locked.access = None
status, said = locked.ask("POST", "/login/", {"phone": f"+{locked.phone}"})
expect("somebody is locked out", status == 429, said)
service.do("user", "unlock", f"+{locked.phone}", "--reason", "cannot log in")
expect("whoever is unlocked logs in", locked.login().profile()["id"] == before, "another account")

elsewhere = os.path.join(folder, "elsewhere")
os.mkdir(elsewhere)
names, inviters = load.acknowledged()
made = service.do("backup", elsewhere).split(": made")[0]
is_well()
accounts = sum(
    day["accounts"] for name, day in service.by_day(month.DAYS + 2).items() if name not in played
)
expect("all who came are in `stats`", accounts == len(load.people) + 1, accounts)
load.end(lambda: service.stop(signal.SIGKILL))

shutil.rmtree(service.state)
service.configure(*settings)
service.do("restore", made)
service.serve(SSL_CERT_FILE=str(issuer.own))
service.issued(2)
is_well()

lost = load.lost(names, inviters)
facts = len(names) + len(inviters)
expect(f"{facts} facts of {len(load.people)} people survived", not lost, "\n".join(lost[:20]))
locked.line.close()
expect("nobody is somebody new", locked.login().profile()["id"] == before, "another account")
stands("the month is in `stats` after the restore")
service.stop()
expect("SIGTERM ends it", service.server.returncode == 0, service.server.returncode)
