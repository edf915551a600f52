"""Machines on a network of this run's own: each is a network namespace behind a bridge.

`run` made the namespace that all of them are in, together with one of processes and one
of mounts, so that nothing of it outlives the run. Where that may not be done, machines
are addresses of the loopback interface, and links between them cannot be cut.
"""

import ctypes
import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

from processes import start

ISOLATED = os.environ.get("CLUSTER_NETWORK") == "own"
# As the recipe has it, which is played without any change of addresses.
DOCUMENTED = "10.0.0."
PREFIX = DOCUMENTED if ISOLATED else "127.77.0."
CLONE_NEWNET = 0x40000000
NOBODY = "02:00:00:00:00:00"


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def connect():
    """Makes the network, with this process in it."""
    if ISOLATED:
        ip("link", "set", "lo", "up")
        ip("link", "add", "lan", "type", "bridge")
        ip("address", "add", f"{PREFIX}254/24", "dev", "lan")
        ip("link", "set", "lan", "up")


class Machine:
    def __init__(self, name, number):
        self.name, self.address = name, f"{PREFIX}{number}"
        self.prefix = []
        if ISOLATED:
            self.prefix = ["ip", "netns", "exec", name]
            ip("netns", "add", name)
            ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", name, "master", "lan", "up")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "address", "add", f"{self.address}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")

    def start(self, *command, user=None, **options):
        """Starts a process here, as another user of this computer if it names one."""
        if user and os.geteuid() == 0:
            command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command]
        return start(*self.prefix, *command, **options)

    def listen(self):
        """A listener of this process at the machine's own loopback interface."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self.enter_and_listen).result()

    def enter_and_listen(self):
        if ISOLATED:
            # A thread can be in another network than the rest of its process (os.setns is Python 3.12's).
            with open(f"/run/netns/{self.name}", "rb") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
        return socket.create_server(("127.0.0.1", 0), backlog=1024)

    def cut(self, other):
        """Cuts the link: what these two send each other gets lost, and neither is told."""
        for here, there in ((self, other), (other, self)):
            ip("-n", here.name, "neigh", "replace", there.address,
               "lladdr", NOBODY, "dev", "eth0", "nud", "permanent")

    def heal(self, other):
        for here, there in ((self, other), (other, self)):
            ip("-n", here.name, "neigh", "del", there.address, "dev", "eth0")
