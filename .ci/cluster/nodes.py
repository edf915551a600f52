"""The nodes, HAProxy in front of them, and PgBouncer."""

import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.request

from machines import Machine
from processes import INVITED, end, until

CONFIGURATION = "/etc/invited/invited.toml"
# Counted, but never in anybody's way; and tokens live until they are checked.
SETTINGS = {
    "LOG": "warn,invited=info,invited::access=warn",
    "LOGIN__CODE_LENGTH": "6",
    "LOGIN__LIVE_TOKENS_PER_PHONE": "100",
    "TOKENS__SMS_TOKEN_TTL": "1d",
    "TOKENS__ACCESS_TTL": "1d",
    "TOKENS__REFRESH_TTL": "1d",
    "TOKENS__REFRESH_GRACE": "1d",
    "LIMITS__SENDS_PER_PHONE": "100000/24h",
    "LIMITS__WRONG_GUESSES_PER_PHONE": "off",
    "LIMITS__WRONG_LONG_GUESSES_PER_PHONE": "100000/24h",
    "LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE": "off",
    "LIMITS__UNREADABLE_TOKENS_PER_SOURCE": "off",
    "LIMITS__SENDS_PER_SOURCE": "off",
    "LIMITS__SENDS_PER_PREFIX": "off",
    "LIMITS__SENDS_IN_ALL": "1000000/24h",
    "LIMITS__WRONG_INVITATION_CODES_PER_SOURCE": "off",
}


class Node:
    def __init__(self, recipe, folder, gateway, number):
        self.machine = Machine(f"node{number}", number)
        self.log = folder / f"node{number}.log"
        self.folder = folder / f"node{number}"
        self.folder.mkdir()
        self.environment = {f"INVITED_{key}": value for key, value in SETTINGS.items()}
        keys = folder / "invited.keys.json"
        written = recipe.write(CONFIGURATION, self.machine, {"/etc/invited/invited.keys.json": keys})
        self.configuration = written
        written.write_text(written.read_text() + gateway.listen(self.machine.listen()))
        self.server, self.flags = None, ()

    def start(self, *flags, **environment):
        """As before, if it is told nothing else."""
        self.flags = flags or self.flags
        self.environment.update(environment)
        log = open(self.log, "a")
        self.server = self.machine.start(
            INVITED, "serve", *self.flags, "--config", self.configuration, cwd=self.folder,
            stdout=log, stderr=log, env={**os.environ, **self.environment},
        )

    def run(self, *command):
        """What a command prints on this machine."""
        done = subprocess.run(
            [*self.machine.prefix, INVITED, *command, "--config", self.configuration],
            capture_output=True, text=True, check=False, cwd=self.folder,
            env={**os.environ, **self.environment},
        )
        if done.returncode:
            raise SystemExit(f"FAILED: invited {' '.join(command)}: {done.stderr}")
        return done.stdout

    def is_ready(self):
        """Starts it again if it exited, as systemd does (Restart=always)."""
        if self.server.poll() is not None:
            self.start()
        url = f"http://{self.machine.address}:8080/health/ready/"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self):
        end(self.server)

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(30)


class Balancer:
    """The machine with HAProxy, and with PgBouncer if it is asked for."""

    def __init__(self, recipe, folder):
        self.machine, self.folder, self.recipe = Machine("lb1", 5), folder, recipe
        settings = recipe.write("/etc/haproxy/haproxy.cfg", self.machine, {})
        log = open(folder / "haproxy.log", "w")
        self.machine.start("haproxy", "-f", settings, "-db", stdout=log, stderr=log)
        self.pgbouncer = None

    def start_pgbouncer(self):
        users = self.folder / "userlist.txt"
        users.write_text(f'"invited" "{self.recipe.passwords()["invited"]}"\n')
        settings = self.recipe.write(
            "/etc/pgbouncer/pgbouncer.ini", self.machine, {"/etc/pgbouncer/userlist.txt": users}
        )
        if os.geteuid() == 0:
            shutil.chown(users, "postgres")
        log = open(self.folder / "pgbouncer.log", "a")
        self.pgbouncer = self.machine.start(
            "pgbouncer", settings, user="postgres", stdout=log, stderr=log
        )


def serve(nodes, *flags, **environment):
    """Starts all of them, one of which migrates."""
    for node in nodes:
        node.start(*flags, **environment)
    for node in nodes:
        until(f"{node.machine.name} is ready", node.is_ready, 60)
