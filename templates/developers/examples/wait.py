import json
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

def read(address, headers={}):
    while True:
        try:
            with urlopen(Request(address, headers=headers)) as answer:
                return json.load(answer)
        except HTTPError as error:
            if error.code not in (429, 503):
                raise
            time.sleep(int(error.headers["Retry-After"]))

print(read("{{ api }}/status"))
