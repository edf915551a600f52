"""Checks every acknowledged fact, once the fault is over."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

from line import Interrupted, Line, Outage, Unexpected

# How many phones the command line is asked about.
ASKED = 12


class Checker:
    """A connection that goes on until it has answers."""

    def __init__(self, address):
        self.line, self.checks = Line(address, Outage()), 0

    def ask(self, *request, **headers):
        until = time.monotonic() + 30
        while True:
            try:
                return self.line.ask(*request, **headers)
            except Interrupted:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def refuses(self, answer, codes):
        self.checks += 1
        if answer[0] not in (401, 429) or answer[1]["code"] not in codes:
            raise Unexpected(f"not {codes} but {answer}")

    def check(self, phone):
        if phone.pending:
            phone.step(self)
        if phone.challenge:
            phone.guess(self)
        if phone.account:
            if not phone.session:
                phone.retire_challenge()
                phone.ask(self)
                phone.confirm(self)
            before = phone.session.before[0]
            phone.read(self)
            if before:
                said = phone.expect(self.ask("POST", "/token/refresh/", {"refresh": before}), 200)
                if said["refresh"] != phone.session.refresh:
                    raise Unexpected(f"{phone.number}: a token of before has another successor")
        for challenge, codes in phone.refused:
            body = {"sms_code": challenge.code}
            self.refuses(self.ask("POST", "/login/sms-confirm/", body, sms_token=challenge.token), codes)
        for session in phone.ended:
            bearer = f"Bearer {session.access}"
            self.refuses(self.ask("GET", "/profile/", authorization=bearer), ["token_invalid"])
            body = {"refresh": session.refresh}
            self.refuses(self.ask("POST", "/token/refresh/", body), ["token_invalid"])
        sent, least = phone.gateway.sent[phone.number], phone.counted["messages"]
        if not least <= sent <= least + phone.unsure["messages"]:
            raise Unexpected(f"{phone.number}: {sent} messages for {least} answers, {phone.unsure}")

    def check_referrer(self, referrer, phones):
        """That each of its invitees is counted once, and nobody else."""
        profile = referrer.read(self)
        invitees = {one.number for one in phones if one.account and one.account.referrer}
        listed = profile["invited_users_phones"]
        # The first thousand are listed.
        wrong = set(listed) - invitees if len(invitees) > 1000 else set(listed) ^ invitees
        if wrong or len(listed) != len(set(listed)) or profile["invited_users_count"] != len(invitees):
            count = profile["invited_users_count"]
            raise Unexpected(f"{count} invitees, not {len(invitees)}: {sorted(wrong)[:9]} differ")


def check_all(address, phones, referrer):
    """How much was checked, and what is not as it was acknowledged."""
    wrong = []

    def check(some):
        checker = Checker(address)
        for phone in some:
            before = phone.counted["facts"]
            try:
                checker.check(phone)
            except (Unexpected, Interrupted) as failure:
                wrong.append(f"{phone.number}: {failure}")
            checker.checks += phone.counted["facts"] - before
        return checker.checks

    with ThreadPoolExecutor(16) as pool:
        checks = sum(pool.map(check, [phones[first::16] for first in range(16)]))
    try:
        Checker(address).check_referrer(referrer, phones)
    except Unexpected as failure:
        wrong.append(str(failure))
    return checks, wrong


def check_counts(node, phones):
    """What the command line says was counted of those phones whose requests failed most."""
    wrong = []
    phones = sorted(phones, key=lambda phone: -sum(phone.unsure.values()))
    for phone in phones[:ASKED]:
        limits = json.loads(node.run("limits", "show", f"+{phone.number}", "--json"))
        for limit, what in (("sends_per_phone", "messages"), ("wrong_long_guesses_per_phone", "guesses")):
            used = sum(int(re.match(r"\d+", one["used"])[0]) for one in limits if one["limit"] == limit)
            least = phone.counted[what]
            if not least <= used <= least + phone.unsure[what]:
                wrong.append(f"{phone.number}: {used} {what} are counted, not {least} and {phone.unsure}")
    return wrong


def check_cohorts(node, phones):
    """That accounts and invitations of the whole run were counted once each."""
    weeks = json.loads(node.run("stats", "--cohorts", "--json"))["cohorts"]
    wrong = []
    for member, what in (("accounts", "accounts"), ("invited", "invitations")):
        counted, right = sum(week[member] for week in weeks), sum(one.counted[what] for one in phones)
        if counted != right:
            wrong.append(f"{counted} {what} are counted, not {right}")
    return wrong
