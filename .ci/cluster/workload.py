"""Clients who live the contract's story through the balancer, for as long as it takes."""

import random
import threading
import time

from line import Interrupted, Line, Outage, Unexpected
from phone import Phone
from processes import until

CLIENTS = 64
# So many requests with one phone on average, then the next.
STEPS = 16
# For as long as a client thinks, at most.
THOUGHT = 0.6


class Workload:
    made = 0

    def __init__(self, address, gateway):
        self.address, self.gateway = address, gateway
        self.outage, self.phones, self.wrong = Outage(), [], []
        self.lock, self.ends = threading.Lock(), False
        self.referrer = self.phone(None)
        line = Line(address, self.outage)
        self.referrer.ask(line)
        self.referrer.confirm_with({}, line)
        self.referrer.read(line)
        self.threads = [threading.Thread(target=self.live, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def phone(self, referrer):
        """One that nobody has, with a prefix (the number less its last four digits) of its own."""
        with self.lock:
            number = Workload.made
            Workload.made += 1
            phone = Phone(f"79{number % 40000:05}{number // 40000:04}", self.gateway, referrer)
            self.phones.append(phone)
            return phone

    def live(self):
        line, phone = Line(self.address, self.outage), None
        while not self.ends:
            if not phone or (not phone.pending and random.random() < 1 / STEPS):
                phone = self.phone(self.referrer)
            try:
                phone.step(line)
            except Interrupted:
                # Some try again, and some never do.
                phone = random.choice([phone, None])
            except Exception as failure:
                self.wrong.append(f"{failure!r}")
                self.phones.remove(phone)
                phone = None
            time.sleep(random.uniform(0, THOUGHT))

    def goes_on(self, times=4):
        """Returns once so many requests of each client had answers from now on."""
        least = self.outage.successes + times * CLIENTS
        until("clients are answered", lambda: self.outage.successes >= least, 90)

    def end(self):
        self.ends = True
        for thread in self.threads:
            thread.join(60)

    def facts(self):
        return sum(phone.counted["facts"] for phone in self.phones)
