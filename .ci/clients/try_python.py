"""openapi-generator, python: logs in and reads the profile."""

import os

from openapi_client import ApiClient, Configuration, ConfirmRequest, LoginApi, PhoneRequest, ProfileApi

PHONE, CODE = "+79990000001", "1234"
server = os.environ["INVITED_SERVER"]

login = LoginApi(ApiClient(Configuration(host=server)))
asked = login.login(PhoneRequest(phone=PHONE))
pair = login.confirm_login(ConfirmRequest(sms_code=CODE), sms_token=asked.sms_token)
profile = ProfileApi(ApiClient(Configuration(host=server, access_token=pair.access))).get_profile()
assert profile.phone == PHONE[1:], profile
