"""PostgreSQL with a synchronous standby, under Patroni and etcd."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import urllib.error
import urllib.request

from machines import PREFIX, Machine
from processes import end, expect, until

BINARIES = "/usr/lib/postgresql/15/bin"
DATA, SOCKETS = "/var/lib/postgresql/15/invited", "/run/postgresql"


class Member:
    """A machine with PostgreSQL and the Patroni that looks after it."""

    def __init__(self, recipe, folder, name, number):
        self.machine = Machine(name, number)
        self.folder = folder / name
        self.folder.mkdir(mode=0o755)
        self.data = self.folder / "data"
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self.settings = recipe.write("/etc/patroni/config.yml", self.machine, {
            "name: db1": f"name: {name}", f"{PREFIX}11:": f"{self.machine.address}:",
            DATA: self.data, SOCKETS: self.folder,
        })
        self.log = folder / f"{name}.log"
        self.patroni = None

    def start(self):
        log = open(self.log, "a")
        self.patroni = self.machine.start(
            "patroni", self.settings, user="postgres", cwd=self.folder, stdout=log, stderr=log,
            env={**os.environ, "HOME": str(self.folder)},
        )

    def postgres(self):
        """The identifiers of the server's processes, its first one first."""
        try:
            first = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, IndexError, ValueError):
            return []
        listed = subprocess.run(
            ["pgrep", "--parent", str(first)], capture_output=True, text=True, check=False
        )
        return [first, *map(int, listed.stdout.split())]

    def signal(self, number):
        for process in self.postgres():
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def restart_patroni(self):
        """As `systemctl restart` does: PostgreSQL ends with it."""
        self.patroni.terminate()
        self.patroni.wait(60)
        self.start()

    def kill_patroni(self):
        """Patroni at first, for it would start PostgreSQL again."""
        end(self.patroni)
        self.signal(signal.SIGKILL)


class Database:
    def __init__(self, recipe, folder):
        self.etcd = Machine("etcd1", 21)
        settings = recipe.write("/etc/default/etcd", self.etcd, {}).read_text().splitlines()
        settings = dict(line.split("=") for line in settings if "=" in line)
        log = open(folder / "etcd.log", "w")
        self.etcd.start(
            "etcd", "--name", "etcd1", "--data-dir", folder / "etcd", stdout=log, stderr=log,
            env={**os.environ, **settings},
        )
        self.members = [Member(recipe, folder, f"db{n}", 10 + n) for n in (1, 2)]
        self.passwords = recipe.passwords()
        # The second one copies the first, and not the other way round.
        self.members[0].start()
        until("there is a primary", lambda: self.primary(), 60)
        self.members[1].start()

    def cluster(self):
        """What Patroni says of each member, by its name."""
        for member in self.members:
            try:
                url = f"http://{member.machine.address}:8008/cluster"
                with urllib.request.urlopen(url, timeout=2) as answer:
                    return {one["name"]: one for one in json.load(answer)["members"]}
            except (OSError, ValueError):
                continue
        return {}

    def playing(self, role):
        found = self.cluster()
        for member in self.members:
            said = found.get(member.machine.name, {})
            if said.get("role") == role and said.get("state") in ("running", "streaming"):
                return member
        return None

    def primary(self):
        return self.playing("leader")

    def standby(self):
        """The synchronous one, once it streams."""
        return self.playing("sync_standby")

    def is_whole(self):
        """By what the primary says, too, for Patroni learns late of who died."""
        primary, standby = self.primary(), self.standby()
        if not primary or not standby:
            return False
        sql = "SELECT application_name FROM pg_stat_replication WHERE sync_state = 'sync'"
        return self.ask(primary, sql).stdout.strip() == standby.machine.name

    def ask(self, member, sql):
        """As its superuser."""
        return subprocess.run(
            [f"{BINARIES}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", member.machine.address,
             "-U", "postgres", "-d", "postgres"],
            input=sql, capture_output=True, text=True, check=False,
            env={**os.environ, "PGPASSWORD": self.passwords["postgres"], "PGCONNECT_TIMEOUT": "2"},
        )

    def execute(self, sql):
        done = self.ask(self.primary(), sql)
        expect(sql.split("PASSWORD")[0], done.returncode == 0, done.stderr)
