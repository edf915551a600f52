"""What schemathesis cannot make up: a session, and codes that were sent.

The server has no limits, and two test numbers whose code is known. Each request
gets a session of its own, since any other may have ended the last one.
"""

import itertools
import json
import os
import urllib.request

import schemathesis
from schemathesis import GenerationMode

SERVER = os.environ["INVITED_SERVER"]
PHONE, OTHER_PHONE, CODE = "+79990000001", "+79990000002", "1234"


def call(method, path, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        body, headers["content-type"] = json.dumps(body).encode(), "application/json"
    request = urllib.request.Request(SERVER + path, body, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def sms_token(phone):
    return call("POST", "/login/", {"phone": phone})["sms-token"]


def log_in(phone):
    return call("POST", "/login/sms-confirm/", {"sms_code": CODE}, sms_token=sms_token(phone))


def bearer(phone):
    return f"Bearer {log_in(phone)['access']}"


@schemathesis.auth(refresh_interval=None)
class Session:
    def get(self, case, context):
        return bearer(PHONE)

    def set(self, case, authorization, context):
        case.headers["authorization"] = authorization


turns = itertools.cycle([True, False])


@schemathesis.hook
def before_call(context, case, kwargs):
    """Every other request that is as documented gets what is true, too."""
    is_as_documented = case.meta and case.meta.generation.mode == GenerationMode.POSITIVE
    if not (is_as_documented and next(turns)):
        return
    authorization = case.headers.get("authorization")
    match case.operation.path:
        case "/login/":
            case.body["phone"] = PHONE
        case "/login/sms-confirm/":
            case.headers["sms-token"] = sms_token(PHONE)
            case.body["sms_code"] = CODE
            case.body.pop("sms_token", None)
        case "/token/refresh/":
            case.body["refresh"] = log_in(PHONE)["refresh"]
        case "/profile/phone/confirm/" if authorization:
            asked = call("POST", "/profile/phone/", {"phone": PHONE}, authorization=authorization)
            case.headers["sms-token"] = asked["sms-token"]
            case.body["sms_code"] = CODE
            case.body.pop("sms_token", None)
        case "/profile/invitation/":
            other = call("GET", "/profile/", authorization=bearer(OTHER_PHONE))
            case.body["invitation_code"] = other["invitation_code"]
        case "/profile/sessions/{id}/" if authorization:
            listed = call("GET", "/profile/sessions/", authorization=authorization)
            case.path_parameters["id"] = listed["sessions"][0]["id"]
