import json
import os
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ADDRESS = "{{ api }}/assets/{{ partner }}-prova"
HEADERS = {
    "Authorization": "Bearer " + os.environ["REGISTRY_TOKEN"],
    "Content-Type": "application/merge-patch+json",
}


def change(edit):
    while True:
        with urlopen(Request(ADDRESS, headers=HEADERS)) as answer:
            asset, etag = json.load(answer), answer.headers["ETag"]
        body = json.dumps(edit(asset)).encode()
        request = Request(ADDRESS, body, {**HEADERS, "If-Match": etag}, method="PATCH")
        try:
            with urlopen(request) as answer:
                return json.load(answer)
        except HTTPError as error:
            if error.code != 412:
                raise


asset = change(lambda asset: {"quantity": (asset["quantity"] or 0) + 1})
print(asset["quantity"])
