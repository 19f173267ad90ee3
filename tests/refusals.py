"""What the database itself says of a change that went past every `clean()`."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from firenze_digitale.rules import readable_refusals


def refusal(change) -> str:
    """Run `change`, see the database refuse it, and return what a person would read."""

    def changed_and_checked():
        with readable_refusals(), transaction.atomic():
            change()
            connection.check_constraints()

    with pytest.raises(ValidationError) as refused:
        changed_and_checked()
    return " ".join(refused.value.messages)
