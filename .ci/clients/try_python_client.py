"""openapi-python-client: logs in and reads the profile."""

import os

from python_client import AuthenticatedClient, Client
from python_client.api.login import confirm_login, login
from python_client.api.profile import get_profile
from python_client.models import ConfirmRequest, PhoneRequest

PHONE, CODE = "+79990000001", "1234"
server = os.environ["INVITED_SERVER"]

client = Client(base_url=server)
asked = login.sync(client=client, body=PhoneRequest(phone=PHONE))
pair = confirm_login.sync(client=client, body=ConfirmRequest(sms_code=CODE), sms_token=asked.sms_token)
profile = get_profile.sync(client=AuthenticatedClient(base_url=server, token=pair.access))
assert profile.phone == PHONE[1:], profile
