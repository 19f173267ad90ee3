"""Sessions in the database, whose keys are letters and digits: any other key is nobody's."""

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Django asks the database for whatever a cookie holds; PostgreSQL refuses some of it (NUL)."""

    def _validate_session_key(self, key):
        return super()._validate_session_key(key) and key.isascii() and key.isalnum()
