"""A service that is installed into a folder, and what its operator does with it."""

import json
import os
import pathlib
import shutil
import signal
import subprocess

from processes import INVITED, expect, ports, start, until


class Installation:
    def __init__(self, folder):
        self.root = pathlib.Path(folder, "root")
        self.root.mkdir()
        done = subprocess.run(
            [INVITED, "install", "--root", self.root], capture_output=True, text=True, check=False
        )
        expect("invited install", done.returncode == 0, done.stdout + done.stderr)
        self.executable = self.root / "usr/local/bin/invited"
        self.configuration = self.root / "etc/invited/invited.toml"
        self.state = self.root / "var/lib/invited"
        self.log = pathlib.Path(folder, "invited.log")
        (self.port,) = ports(1)
        self.server = None

    def verify_units(self):
        """As systemd would find them on a machine that has its own units."""
        if not shutil.which("systemd-analyze"):
            return print("skipped: the units, for there is no systemd-analyze")
        units = self.root / "usr/lib/systemd"
        shutil.copytree("/usr/lib/systemd/system", units / "system", symlinks=True)
        (self.root / "bin").mkdir()
        shutil.copy("/bin/kill", self.root / "bin/kill")
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", f"--root={self.root}",
             "invited.socket", "invited.service"],
            capture_output=True, text=True, check=False,
        )
        said = done.stdout + done.stderr
        expect("the units are right", done.returncode == 0 and "invited" not in said, said)

    def configure(self, *more):
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.configuration.write_text(f"""
listen = "127.0.0.1:{self.port}"
database = "{self.state}/invited.db"
[http]
public_url = "https://localhost"
[limits]
sends_per_phone = "10/1h"
""" + "".join(more))

    def serve(self, **environment):
        log = open(self.log, "a")
        self.server = start(
            self.executable, "serve", "--config", self.configuration,
            stdout=subprocess.PIPE, stderr=log, env={**os.environ, **environment},
        )
        line = self.server.stdout.readline()
        expect("invited serve", line.startswith("listening on "), self.log.read_text())

    def stop(self, how=signal.SIGTERM):
        self.server.send_signal(how)
        self.server.wait(30)

    def issued(self, times):
        until("a certificate is issued",
              lambda: self.log.read_text().count("took up the certificate") >= times)

    def run(self, *command):
        """Whether it succeeded, and what it said."""
        done = subprocess.run(
            [self.executable, *command, "--config", self.configuration],
            capture_output=True, text=True, check=False,
        )
        return done.returncode == 0, done.stdout + done.stderr

    def do(self, *command):
        good, said = self.run(*command)
        expect(" ".join(["invited", *map(str, command)]), good, said)
        return said

    def read(self, *command):
        good, said = self.run(*command, "--json")
        expect(" ".join(["invited", *command, "--json"]), good, said)
        return json.loads(said)

    def by_day(self, days):
        return {day["day"]: day for day in self.read("stats", "--days", str(days))["by_day"]}
