"""Backups that are encrypted: read by age itself, and restored from what it wrote."""

import json
import os
import pathlib
import subprocess

from processes import INVITED, expect

FILES = ("invited.db.zst", "invited.keys.json")


def run(*command, **variables):
    environment = {**os.environ, **variables}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    return done.returncode == 0, done.stdout if done.returncode == 0 else done.stderr.decode()


recipients = []
for key in ("one", "two"):
    run("age-keygen", "-o", key)
    recipients.append(run("age-keygen", "-y", key)[1].decode().strip())
run(INVITED, "seed", "--users", "5000")
pathlib.Path("to").mkdir()
# The keys are made when the server is first started.
server = subprocess.Popen([INVITED, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
server.stdout.readline()
server.terminate()
server.wait()
good, text = run(INVITED, "backup", "to", INVITED_BACKUP__RECIPIENT=",".join(recipients))
expect("an encrypted backup is made", good, text)
(made,) = pathlib.Path("to").iterdir()
for key in ("one", "two"):
    for file in FILES:
        good, text = run("age", "--decrypt", "-i", key, "-o", file, str(made / (file + ".age")))
        expect(f"age decrypts {file} with key {key}", good, text)
good, text = run("zstd", "-q", "--test", FILES[0])
expect("and it is whole", good, text)
json.loads(pathlib.Path(FILES[1]).read_text())
folder = pathlib.Path("invited-2030-01-01T00-00-00Z")
folder.mkdir()
for file in FILES:
    # A recipient of a kind that is not ours stands first.
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "ssh")
    good, text = run("age", "-R", "ssh.pub", "-r", recipients[1], "-o", str(folder / (file + ".age")), file)
    expect(f"age encrypts {file}", good, text)
pathlib.Path("restored").mkdir()
good, text = run(INVITED, "restore", str(folder), "--identity", "two", "--database", "restored/invited.db")
expect("what age encrypted is restored", good, text)
