"""What happens to an installation while its clients are at work."""

import os
import signal
import time

from processes import end, until


class Faults:
    """Each ends when everything that was there before is there again."""

    def __init__(self, database, nodes, balancer, is_long):
        self.database, self.nodes, self.balancer = database, nodes, balancer
        self.is_long = is_long

    def whole(self):
        until("there are a primary and a synchronous standby", self.database.is_whole, 120)
        for node in self.nodes:
            until(f"{node.machine.name} is ready", node.is_ready, 60)

    def kill_nodes(self):
        for turn in range(30 if self.is_long else 5):
            node = self.nodes[turn % len(self.nodes)]
            node.kill()
            # As systemd does (RestartSec).
            time.sleep(2)
            node.start()
            until(f"{node.machine.name} is ready", node.is_ready)

    def kill_primary(self):
        for _ in range(5 if self.is_long else 1):
            os.kill(self.database.primary().postgres()[0], signal.SIGKILL)
            self.whole()

    def kill_patroni(self):
        for _ in range(3 if self.is_long else 1):
            member = self.database.primary()
            member.kill_patroni()
            until("the standby takes over", lambda: self.database.primary() not in (None, member), 60)
            member.start()
            self.whole()

    def stop_primary(self):
        member = self.database.primary()
        member.signal(signal.SIGSTOP)
        time.sleep(30 if self.is_long else 8)
        member.signal(signal.SIGCONT)
        if self.is_long:
            # By the recipe: Patroni 3.0 may not find out who is a standby any more.
            member.restart_patroni()
        self.whole()

    def cut(self, links):
        for here, there in links:
            here.cut(there)
        time.sleep(30 if self.is_long else 6)
        for here, there in links:
            here.heal(there)
        self.whole()

    def links(self, nodes):
        members = self.database.members
        return [(node.machine, member.machine) for node in nodes for member in members]

    def cut_node(self):
        self.cut(self.links(self.nodes[:1]))

    def cut_nodes(self):
        self.cut(self.links(self.nodes))

    def isolate_primary(self):
        """From its standby and from etcd, while the nodes still reach it."""
        member = self.database.primary()
        others = [one.machine for one in self.database.members if one is not member]
        links = [(member.machine, other) for other in [*others, self.database.etcd]]
        for here, there in links:
            here.cut(there)
        until("the standby takes over", lambda: self.database.primary() not in (None, member), 60)
        time.sleep(5)
        for here, there in links:
            here.heal(there)
        self.whole()

    def restart_pgbouncer(self):
        for turn in range(10 if self.is_long else 3):
            if turn % 2:
                end(self.balancer.pgbouncer)
            else:
                self.balancer.pgbouncer.terminate()
                self.balancer.pgbouncer.wait(30)
            self.balancer.start_pgbouncer()
            time.sleep(2)
        self.kill_primary()
