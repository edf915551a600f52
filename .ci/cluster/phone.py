"""What was acknowledged of one phone, and at most one request that nobody knows the end of.

The same facts as in tests/faults, where the server is one process and its fate shared.
"""

import random
from collections import Counter
from functools import partial

from line import Unexpected


class Challenge:
    def __init__(self, token, code):
        self.token, self.code = token, code
        # Wrong guesses that are counted, and those that nobody knows to be.
        self.guesses = self.unsure = 0

    def wrong(self):
        return f"{(int(self.code) + 1) % 10**6:06}"

    def end(self):
        """The problem that says that it has no guess left, if that may be so."""
        return ["too_many_attempts"] if self.guesses + self.unsure >= 3 else []


class Account:
    def __init__(self):
        self.name, self.referrer, self.code = "", None, None


class Session:
    def __init__(self, said):
        self.access, self.refresh = said["access"], said["refresh"]
        self.before = [None, None]

    def renewed(self, said):
        self.before = [self.refresh, self.before[0]]
        self.access, self.refresh = said["access"], said["refresh"]


class Phone:
    def __init__(self, number, gateway, referrer):
        self.number, self.gateway, self.referrer = number, gateway, referrer
        self.account = self.session = self.challenge = None
        # What was sent and had no answer: done once more, it says what is the case now.
        self.pending = None
        # What is counted of it for certain, and what may be in addition.
        self.counted, self.unsure = Counter(), Counter()
        # Challenges that let nobody in, with the problems that say so.
        self.refused, self.ended, self.retired_codes = [], [], []

    def step(self, line):
        """Something that makes sense now."""
        if self.pending:
            return self.pending(line, True)
        if self.session:
            acts = [self.redeem, self.renew, self.reuse, self.log_out, self.delete, self.rename, self.read]
            return random.choices(acts, [3, 4, 1, 2, 1, 6, 6])[0](line)
        if not self.challenge:
            return self.ask(line)
        return (self.guess if random.random() < 1 / 3 else self.confirm)(line)

    def expect(self, answer, *wanted):
        """What it says, if it has one of these statuses (or codes of problems)."""
        status, said = answer
        code = said and said.get("code")
        if status not in wanted and code not in wanted:
            raise Unexpected(f"{self.number}: not {wanted} but {status} {said}")
        self.counted["facts"] += 1
        self.pending = None
        return said

    def authorized(self, line, *request):
        return line.ask(*request, authorization=f"Bearer {self.session.access}")

    def ask(self, line):
        self.unsure["messages"] += 1
        said = self.expect(line.ask("POST", "/login/", {"phone": f"+{self.number}"}), 200)
        self.unsure["messages"] -= 1
        self.counted["messages"] += 1
        self.challenge = Challenge(said["sms-token"], self.gateway.codes[self.number])

    def answer_challenge(self, line, code, **more):
        return line.ask(
            "POST", "/login/sms-confirm/", {"sms_code": code, **more}, sms_token=self.challenge.token
        )

    def guess(self, line):
        challenge = self.challenge
        least, most = challenge.guesses + 1, challenge.guesses + challenge.unsure + 1
        challenge.unsure += 1
        said = self.expect(self.answer_challenge(line, challenge.wrong()), "sms_code_invalid", *challenge.end())
        if said["code"] == "too_many_attempts":
            return self.exhausted()
        guesses = 3 - said["attempts_left"]
        if not least <= guesses <= most:
            raise Unexpected(f"{self.number}: {guesses} guesses are counted, not {least} to {most}")
        self.counted["guesses"] += guesses - challenge.guesses
        challenge.guesses, challenge.unsure = guesses, 0
        if guesses == 3:
            self.retire_challenge()

    def exhausted(self):
        self.counted["guesses"] += 3 - self.challenge.guesses
        self.challenge.unsure = 0
        self.retire_challenge()

    def confirm(self, line):
        """A new account may bring an invitation."""
        is_invited = not self.account and random.random() < 0.5
        self.confirm_with({"invitation_code": self.referrer.account.code} if is_invited else {}, line)

    def confirm_with(self, invitation, line, again=False):
        self.pending = partial(self.confirm_with, invitation)
        answer = self.answer_challenge(line, self.challenge.code, **invitation)
        said = self.expect(answer, 200, *self.challenge.end(), *["sms_token_used"] * again)
        if said.get("code") == "too_many_attempts":
            return self.exhausted()
        # The tokens of a login that had no answer are nobody's.
        self.session = Session(said) if answer[0] == 200 else None
        if self.session and said["created"] == bool(self.account):
            raise Unexpected(f"{self.number}: the account is new, or not: {said}")
        self.use_up_tokens()
        if not self.account:
            self.account = Account()
            self.counted["accounts"] += 1
            if invitation:
                self.invited()

    def invited(self):
        self.counted["invitations"] += not self.account.referrer
        self.account.referrer = self.referrer.number

    def use_up_tokens(self):
        """A login uses up every token of the phone."""
        self.retire_challenge()
        self.refused = [
            (one, {"sms_token_used"} if codes == {"too_many_attempts"} else codes)
            for one, codes in self.refused
        ]

    def retire_challenge(self):
        if self.challenge:
            self.unsure["guesses"] += self.challenge.unsure
            self.refused.append((self.challenge, {"too_many_attempts"}))
        self.challenge = None

    def rename(self, line, again=False):
        name = f"N{random.getrandbits(60)}"
        self.pending = self.rename
        said = self.expect(self.authorized(line, "PATCH", "/profile/", {"first_name": name}), 200)
        self.account.name = name
        self.same(said)

    def read(self, line):
        return self.same(self.expect(self.authorized(line, "GET", "/profile/"), 200))

    def same(self, profile):
        """Whoever changed something sees it, whichever node they ask."""
        account = self.account
        account.code = account.code or profile["invitation_code"]
        wanted = [self.number, account.name, account.referrer, account.code]
        members = ("phone", "first_name", "invited_by", "invitation_code")
        found = [profile[member] for member in members]
        if found != wanted or account.code in self.retired_codes:
            raise Unexpected(f"{self.number}: not {wanted} but {found}")
        return profile

    def redeem(self, line, again=False):
        if self.account.referrer:
            return self.rename(line)
        self.pending = self.redeem
        body = {"invitation_code": self.referrer.account.code}
        self.expect(self.authorized(line, "POST", "/profile/invitation/", body), 200)
        self.invited()

    def renew(self, line, again=False):
        self.pending = self.renew
        body = {"refresh": self.session.refresh}
        self.session.renewed(self.expect(line.ask("POST", "/token/refresh/", body), 200))

    def reuse(self, line, again=False):
        """A refresh token whose successor was used ends the session."""
        old = self.session.before[1]
        if not old:
            return self.renew(line)
        self.pending = self.reuse
        answer = line.ask("POST", "/token/refresh/", {"refresh": old})
        self.expect(answer, "refresh_reused", *["token_invalid"] * again)
        self.end_session()

    def log_out(self, line, again=False):
        self.pending = self.log_out
        self.expect(self.authorized(line, "POST", "/logout/", {}), 204, *["token_invalid"] * again)
        self.end_session()

    def delete(self, line, again=False):
        self.pending = self.delete
        self.expect(self.authorized(line, "DELETE", "/profile/"), 204, *["token_invalid"] * again)
        self.end_session()
        self.retired_codes.append(self.account.code)
        self.account = None
        # The records of its tokens are deleted with it.
        self.refused = [(one, {"sms_token_used", "sms_token_invalid"}) for one, _ in self.refused]

    def end_session(self):
        self.ended.append(self.session)
        self.session = None
