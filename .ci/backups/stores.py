"""Backups in a bucket of somebody else's store: made by the server, listed,
removed, restored, and a login on what was restored."""

import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import boto3
from botocore.config import Config
from processes import INVITED, expect, listens, ports, post, start, until

name, *command = sys.argv[1:]
port, api, again = ports(3)
url = f"http://127.0.0.1:{port}"
store = start(*command, str(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
until(f"{name} listens", listens(port))

os.environ |= {
    "AWS_ACCESS_KEY_ID": "S3RVER", "AWS_SECRET_ACCESS_KEY": "S3RVER",
    "INVITED_BACKUP__ENDPOINT": url, "INVITED_SMS__GATEWAY": "file:sms.jsonl",
}
s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1",
                  config=Config(request_checksum_calculation="when_required"))
s3.create_bucket(Bucket="bucket")
TO = "s3://bucket/some/prefix"


def keys():
    return [one["Key"] for one in s3.list_objects_v2(Bucket="bucket").get("Contents", [])]


def whole():
    return [key for key in keys() if key.endswith("Z/SHA256SUMS")]


def invited(*arguments):
    done = subprocess.run([INVITED, *arguments], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr if done.returncode else done.stdout


def log_in(port):
    phone = "+79001234567"
    challenge = post(f"http://127.0.0.1:{port}/login/", {"phone": phone})["sms-token"]
    code = json.loads(pathlib.Path("sms.jsonl").read_text().splitlines()[-1])["code"]
    confirmed = post(f"http://127.0.0.1:{port}/login/sms-confirm/", {"sms_code": code},
                     {"sms-token": challenge})
    return "access" in confirmed


OLD = ["some/prefix/invited-2020-01-01T00-00-00Z/" + file
       for file in ("invited.db.zst", "invited.keys.json", "SHA256SUMS")]
FOREIGN = ["some/prefix/invited-2020-01-01T00-00-00Z/notes & more.txt", "some/prefix/photos/1.jpg"]
for key in OLD + FOREIGN:
    s3.put_object(Bucket="bucket", Key=key, Body=b"x")

invited("seed", "--users", "50")
log = open("server.log", "w")
settings = {"INVITED_BACKUP__TO": TO, "INVITED_BACKUP__EVERY": "2s", "INVITED_BACKUP__KEEP": "1d"}
serve = [INVITED, "serve", "--listen", f"127.0.0.1:{api}"]
server = start(*serve, env={**os.environ, **settings}, stdout=log, stderr=log)
until("the server listens", listens(api))
expect(f"{name}: somebody logs in", log_in(api), "")
made = whole()
until("a later backup", lambda: whole() not in (made, []) and "removed old" in pathlib.Path("server.log").read_text())
server.terminate()
server.wait()
there = keys()
expect(f"{name}: an old backup is removed, and nothing else",
       not set(OLD) & set(there) and set(FOREIGN) <= set(there), there)

# More than one part, which does not compress.
database = sqlite3.connect("invited.db")
database.execute("CREATE TABLE filler AS SELECT randomblob(20000000) AS bytes")
database.commit()
database.close()
good, text = invited("backup", TO)
expect(f"{name}: a large one is made", good and "made and verified" in text, text)
pathlib.Path("restored").mkdir()
good, text = invited("restore", TO, "--database", "restored/invited.db")
expect(f"{name}: the latest are told", not good and "the latest there are s3://" in text, text)
latest = text.split()[-1]
good, text = invited("restore", latest)
expect(f"{name}: nothing is restored over anything", not good and "exists" in text, text)
good, text = invited("restore", latest, "--database", "restored/invited.db")
expect(f"{name}: the latest is restored", good, text)
phones = [invited("user", "list", "--full", "--json", "--limit", "1000", "--database", path)[1]
          for path in ("invited.db", "restored/invited.db")]
expect(f"{name}: everybody is there", phones[0] == phones[1] and len(json.loads(phones[0])) > 50, "")
serve[-1] = f"127.0.0.1:{again}"
server = start(*serve, "--database", "restored/invited.db", stdout=log, stderr=log,
               env={**os.environ, "INVITED_LIMITS__SENDS_PER_PHONE": "off"})
until("the restored server listens", listens(again))
expect(f"{name}: somebody logs in on what was restored", log_in(again), "")
good, text = invited("backup", "s3://no-such-bucket/x", "--database", "invited.db")
expect(f"{name}: a bucket that is not there is told", not good and "(NoSuchBucket)" in text, text)
store.kill()
store.wait()
good, text = invited("backup", TO)
expect(f"{name}: a store that is gone is told", not good and "look at backup.endpoint" in text, text)
