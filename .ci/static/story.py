"""The executable that has the C library in it, where there is nothing else."""

import os
import pathlib
import shutil
import sys

from people import Gateway, Person
from processes import expect, ports, start

executable, *roots = sys.argv[1:]
gateway = Gateway()
(port,) = ports(1)
# By name, for names are what a C library looks up in files of its own.
settings = gateway.settings.replace("127.0.0.1", "localhost")


def empty(root):
    """What src/cli/README.md says that it needs, and nothing else."""
    for name in ("dev", "etc"):
        (root / name).mkdir(parents=True)
    for minor, name in ((8, "random"), (9, "urandom")):
        os.mknod(root / "dev" / name, 0o020666, os.makedev(1, minor))
    return root


def serves(root, where):
    shutil.copy(executable, root / "invited")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    service = root / "service"
    # That of a check that failed.
    shutil.rmtree(service, ignore_errors=True)
    service.mkdir(mode=0o700)
    (service / "invited.toml").write_text(f'listen = "127.0.0.1:{port}"\n{settings}')
    log = open("invited.log", "a")
    server = start(
        "chroot", root, "/invited", "serve", "--config", "/service/invited.toml",
        "--database", "/service/invited.db", stdout=-1, stderr=log,
    )
    line = server.stdout.readline()
    expect(f"it serves {where}", line.startswith("listening"), pathlib.Path("invited.log").read_text())
    person = Person(gateway, "79001234567", "127.1.0.1", port).login()
    expect(f"somebody logs in {where}", person.profile()["phone"] == person.phone, person.profile())
    server.terminate()
    expect(f"SIGTERM ends it {where}", server.wait(30) == 0, server.returncode)


serves(empty(pathlib.Path("empty")), "where there is nothing else")
for root in map(pathlib.Path, roots):
    version = (root / "etc/debian_version").read_text().strip()
    serves(root, f"on Debian {version}")
