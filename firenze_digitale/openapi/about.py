"""What the document says of the API as a whole: who publishes it, where, and what each part is about."""

import inspect

from django.conf import settings

API_ID = "firenze-digitale-asset-registry"
PURPOSE = "Who has what in the Florence area, on which terms another may use it, and which project chart does."
LICENCE = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}


def tell_of_the_api(result, generator, request, public):
    """Add publisher, terms, address and the parts of the API, as the settings and the views have them."""
    result["info"] |= {
        "x-summary": PURPOSE,
        "x-api-id": API_ID,
        "termsOfService": settings.API_TERMS_URL or f"{settings.SITE_URL}/api/",
        "contact": _contact(),
        "license": LICENCE,
    }
    result["servers"] = [_server()]
    result["tags"] = _tags(result, generator)
    return result


def _contact() -> dict:
    email = settings.PUBLISHER["email"]
    return {"name": settings.PUBLISHER["name"], "url": settings.SITE_URL, **({"email": email} if email else {})}


def _server() -> dict:
    server = {"url": f"{settings.SITE_URL.rstrip('/')}/api/v1", "description": "This registry."}
    if server["url"].startswith("https://"):
        return server
    return {**server, "description": "This registry on trial, without TLS.", "x-sandbox": True}


def _tags(result: dict, generator) -> list[dict]:
    """The tags of the operations, each described by the view that comes first."""
    described = {}
    prefix = len(settings.SPECTACULAR_SETTINGS["SCHEMA_PATH_PREFIX"])
    for path, _pattern, method, callback in generator.endpoints or ():
        operation = result["paths"].get(path[prefix:], {}).get(method.lower(), {})
        for tag in operation.get("tags", ()):
            described.setdefault(tag, inspect.getdoc(callback.cls).partition("\n\n")[0].replace("\n", " "))
    return [{"name": name, "description": text} for name, text in sorted(described.items())]
