import json
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def read(address, headers=None):
    while True:
        try:
            with urlopen(Request(address, headers=headers or {})) as answer:
                return json.load(answer)
        except HTTPError as error:
            if error.code not in (429, 503):
                raise
            time.sleep(int(error.headers["Retry-After"]))


print(read("{{ api }}/status"))
