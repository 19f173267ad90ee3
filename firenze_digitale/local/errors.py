"""What can go wrong with the private PostgreSQL, said so that the reader knows what to do next."""


class LocalPostgresError(RuntimeError):
    """The private PostgreSQL cannot be had. The message names the reason and the way out."""
