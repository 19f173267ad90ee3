"""Which requests are the API's, and which of these are a system's."""

API = "/api/v1/"
SCHEME = "bearer"


def is_of_system(request) -> bool:
    """Whether a request to the API carries a token, right or wrong."""
    return request.path_info.startswith(API) and has_token(request)


def has_token(request) -> bool:
    """Whether a request carries a token, right or wrong."""
    return request.META.get("HTTP_AUTHORIZATION", "")[: len(SCHEME)].lower() == SCHEME
