"""Three nodes, a primary and its standby, through everything that `faults.py` does to them.

    story.py RECIPE [short|long] [FAULT...]
"""

import os
import pathlib
import sys
import time

from checks import check_all, check_cohorts, check_counts
from database import Database
from faults import Faults
from machines import ISOLATED, connect
from nodes import Balancer, Node, serve
from people import Gateway
from processes import expect, until
from recipe import Recipe
from workload import Workload

FAULTS = {
    "kill_nodes": "kill -9 of a node, again and again",
    "kill_primary": "kill -9 of the primary",
    "kill_patroni": "kill -9 of the primary and its Patroni",
    "stop_primary": "the primary hangs (SIGSTOP)",
    "cut_node": "a node is cut off the database",
    "cut_nodes": "all nodes are cut off the database",
    "isolate_primary": "the primary is cut off its standby and etcd, not the nodes",
    "restart_pgbouncer": "PgBouncer is killed and restarted, and the primary is killed behind it",
}
OF_LINKS = {"cut_node", "cut_nodes", "isolate_primary"}

readme, length, *wanted = sys.argv[1:]
folder = pathlib.Path(os.getcwd())
begun = time.monotonic()
connect()
gateway = Gateway()
recipe = Recipe(readme, folder)
database = Database(recipe, folder)
nodes = [Node(recipe, folder, gateway, number) for number in (1, 2, 3)]
balancer = Balancer(recipe, folder)
faults = Faults(database, nodes, balancer, length == "long")

until("the standby is synchronous", database.is_whole, 60)
password = recipe.passwords()["invited"]
database.execute(f"CREATE ROLE invited LOGIN PASSWORD '{password}'")
database.execute("CREATE DATABASE invited OWNER invited")
serve(nodes)
print(f"ok: three nodes are ready after {time.monotonic() - begun:.0f} s", flush=True)
everybody = []


def pool():
    """Has the nodes reach the database through PgBouncer from now on."""
    balancer.start_pgbouncer()
    for node in nodes:
        node.stop()
    url = f"postgres://invited:{password}@{balancer.machine.address}:6432/invited"
    serve(nodes, "--no-migrate", INVITED_DATABASE=url, INVITED_STORE__STATEMENT_CACHE="off")


def play(name):
    workload = Workload(balancer.machine.address, gateway)
    workload.goes_on()
    getattr(faults, name)()
    workload.goes_on()
    workload.end()
    facts, phones = workload.facts(), list(workload.phones)
    checks, wrong = check_all(balancer.machine.address, phones, workload.referrer)
    wrong += workload.wrong + check_counts(nodes[0], phones)
    everybody.extend(phones)
    said = (f"{FAULTS[name]}: facts acknowledged {facts}, checks {checks}, "
            f"lost or counted twice {len(wrong)}; {workload.outage}")
    expect(said, not wrong, "\n".join(wrong[:20]))
    sys.stdout.flush()


for fault in wanted or FAULTS:
    if fault in OF_LINKS and not ISOLATED:
        print(f"skipped: {FAULTS[fault]}, for this needs network namespaces")
        continue
    if fault == "restart_pgbouncer":
        if "statement_cache" not in nodes[0].run("config"):
            print(f"skipped: {FAULTS[fault]}, for statements are always prepared")
            continue
        pool()
    play(fault)

wrong = check_cohorts(nodes[0], everybody)
expect("accounts and invitations are counted once each", not wrong, wrong)
strange = [line for node in nodes for line in node.log.read_text().splitlines()
           if "panicked" in line or 'code="internal"' in line]
expect(f"no node met what it does not know, in {time.monotonic() - begun:.0f} s",
       not strange, "\n".join(strange[:20]))
