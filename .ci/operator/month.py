"""A month of life before today, played to a server whose clock is faked."""

import datetime
import glob
import pathlib

from people import Person

DAYS = 29


def library():
    """That of Debian's `faketime`."""
    return next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)


def play(service, gateway, folder):
    """What happened on each day, as statistics have it."""
    clock = pathlib.Path(folder, "clock")
    today = datetime.datetime.now(datetime.timezone.utc).date()
    days = [today - datetime.timedelta(days=ago) for ago in range(DAYS, 0, -1)]

    def set_to(day):
        clock.with_suffix(".new").write_text(f"@{day} 12:00:00")
        clock.with_suffix(".new").rename(clock)

    set_to(days[0])
    service.serve(
        LD_PRELOAD=library(), FAKETIME_TIMESTAMP_FILE=str(clock), FAKETIME_NO_CACHE="1",
        DONT_FAKE_MONOTONIC="1", NO_FAKE_STAT="1", TZ="UTC",
    )
    played, code = {}, None
    for number, day in enumerate(days):
        set_to(day)
        accounts = 1 + number % 3
        for nth in range(accounts):
            phone = f"7910{number:03}000{nth}"
            person = Person(gateway, phone, f"127.2.{number}.1", service.port)
            token = person.sms_token()
            right = gateway.codes[phone]
            if nth == 1:
                person.confirm(token, f"{(int(right) + 1) % 10000:04}")
            _, said = person.confirm(token, right)
            person.access = said["access"]
            if code:
                person.enter(code)
            code = person.profile()["invitation_code"]
        played[str(day)] = {
            "asked": accounts, "wrong": int(accounts > 1), "confirmed": accounts,
            "accounts": accounts, "invitations": accounts - (number == 0),
        }
    service.stop()
    return played


def differences(by_day, played):
    found = {
        day: {name: by_day.get(day, {}).get(name) for name in counts}
        for day, counts in played.items()
    }
    return {day: counts for day, counts in found.items() if counts != played[day]}
