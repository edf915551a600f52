"""Clients who change what is theirs, and invite others, until they are told to end."""

import http.client
import threading

from people import Person, Unexpected

CLIENTS = 64
FRIENDS = 4


class Load:
    def __init__(self, *service):
        self.service = service
        self.ends = False
        self.failures = []
        self.people = {}
        # What was acknowledged: how often somebody changed their name, and who invited whom.
        self.names, self.inviters = {}, {}
        self.facts = threading.Lock()
        self.threads = [
            threading.Thread(target=self.guarded, args=(number,), daemon=True)
            for number in range(CLIENTS)
        ]
        for thread in self.threads:
            thread.start()

    def acknowledged(self):
        with self.facts:
            return dict(self.names), dict(self.inviters)

    def guarded(self, number):
        try:
            self.live(number)
        except (OSError, http.client.HTTPException) as failure:
            # Whose server is killed has no answer.
            if not self.ends:
                self.failures.append(repr(failure))
        except Exception as failure:
            self.failures.append(repr(failure))

    def person(self, phone, number):
        person = Person(self.service[0], phone, f"127.1.{number}.1", *self.service[1:])
        self.people[phone] = person.login()
        return person

    def live(self, number):
        me = self.person(f"7900{number:03}0000", number)
        code = me.profile()["invitation_code"]
        turn = 0
        while not self.ends:
            turn += 1
            said = me.get("PATCH", "/profile/", {"first_name": f"Turn {turn}"})
            self.same(said["first_name"], f"Turn {turn}")
            with self.facts:
                self.names[me.phone] = turn
            if turn <= FRIENDS:
                friend = self.person(f"{me.phone[:-1]}{turn}", number)
                self.same(friend.enter(code), me.phone)
                with self.facts:
                    self.inviters[friend.phone] = me.phone
                self.same(me.profile()["invited_users_count"], turn)
            if turn % 8 == 0:
                me.renew()
            self.same(me.profile()["first_name"], f"Turn {turn}")

    def same(self, found, wanted):
        if found != wanted:
            raise Unexpected(f"{found!r} instead of {wanted!r}")

    def is_in_full_swing(self):
        friends = len(self.inviters) == CLIENTS * FRIENDS
        return bool(self.failures) or (friends and min(self.names.values()) > 2 * FRIENDS)

    def end(self, kill):
        """Has the server killed in the middle of it."""
        self.ends = True
        kill()
        for thread in self.threads:
            thread.join(60)
        if self.failures:
            raise SystemExit("FAILED: a client met\n" + "\n".join(self.failures))

    def lost(self, names, inviters):
        """What is not as it was acknowledged, once a server was restored."""
        lost = []
        for phone, person in self.people.items():
            person.line.close()
            if person.ask("GET", "/profile/")[0] != 401:
                lost.append(f"{phone}: an access token of before is good")
            person.access = None
            if person.ask("POST", "/token/refresh/", {"refresh": person.refresh})[0] != 401:
                lost.append(f"{phone}: a refresh token of before is good")
        for phone in names | inviters:
            said = self.people[phone].login().profile()
            if int(said["first_name"].removeprefix("Turn ") or 0) < names.get(phone, 0):
                lost.append(f"{phone}: is at {said['first_name']}, not {names[phone]}")
            if said["invited_by"] != inviters.get(phone):
                lost.append(f"{phone}: is invited by {said['invited_by']}, not {inviters.get(phone)}")
        return lost
