"""Litestream beside the server, as src/store/README.md has it: to the last second, and to a point in time."""

import datetime
import glob
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from installation import Installation
from load import Load
from people import Gateway, Person
from processes import end, expect, start, until

litestream, readme = sys.argv[1:]
folder = os.getcwd()
replica = pathlib.Path(folder, "replica")
gateway = Gateway()
service = Installation(folder)
service.configure(gateway.settings)
service.serve()

text = pathlib.Path(readme).read_text()
settings = re.search("```yaml\n(.*?)```", text, re.DOTALL)[1]
settings = settings.replace("/var/lib/invited", str(service.state))
settings = settings.replace("/mnt/backup/invited", str(replica))
pathlib.Path("litestream.yml").write_text(settings)
log = open("litestream.log", "w")
replicating = start(litestream, "replicate", "-config", "litestream.yml", stdout=log, stderr=log)


def synced():
    """Returns once everything that was answered by now is in the replica, a second later at most."""
    begun = time.time() + 1.5

    def is_newer():
        files = glob.glob(f"{replica}/ltx/0/*.ltx")
        return any(os.path.getmtime(file) > begun for file in files)

    until("Litestream brings what was written to its replica", is_newer)
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


load = Load(gateway, service.port)
until("clients are at work", load.is_in_full_swing, seconds=120)


def has_merged():
    """Whether Litestream merged the log more than once."""
    return service.log.read_text().count("another program wrote to the database") > 1


until("Litestream merges the log under load", has_merged)
early = load.acknowledged()
moment = synced()
late = Person(gateway, "79209999999", "127.3.0.1", service.port).login()
service.do("doctor")
everything = load.acknowledged()
synced()
keys = shutil.copy(service.state / "invited.keys.json", folder)


def kill():
    service.stop(signal.SIGKILL)
    end(replicating)


load.end(kill)


def restore(*moment):
    shutil.rmtree(service.state)
    service.state.mkdir(mode=0o700)
    database = service.state / "invited.db"
    done = subprocess.run(
        [litestream, "restore", "-config", "litestream.yml", *moment, database],
        capture_output=True, text=True, check=False,
    )
    expect(" ".join(["litestream restore", *moment]), done.returncode == 0, done.stderr)
    database.chmod(0o600)
    shutil.copy(keys, service.state)
    service.do("keys", "new-epoch")
    service.serve()


def survived(what, facts):
    lost = load.lost(*facts)
    expect(f"what was acknowledged {what} is there", not lost, "\n".join(lost[:20]))


restore("-timestamp", moment)
survived("until a moment", early)
expect("what came later is not", not service.run("user", "show", f"+{late.phone}")[0], "it is")
service.stop()
restore()
survived("by the last second", everything)
expect("and what came late", service.run("user", "show", f"+{late.phone}")[0], "it is not")
os.mkdir("backups")
service.do("backup", "backups")
service.stop()
expect("SIGTERM ends it", service.server.returncode == 0, service.server.returncode)
