"""A field's validators, compiled so that a whole column is compared at once."""

import re
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from assets.imports.targets import Target


class Limits:
    """What a target's model field, or its part of a schema, lets a value be.

    Attributes:
        minimum, maximum: of a number; None where there is no limit.
        length: most characters of a text; None where there is no limit.
        patterns: what a text must match somewhere.
        quick: these four are all there is.
    """

    def __init__(self, target: Target):
        self.validators = list(target.model_field.validators) if target.model_field is not None else []
        if isinstance(target.model_field, models.TextField) and target.model_field.max_length:
            # Which Django leaves to forms.
            self.validators.append(MaxLengthValidator(target.model_field.max_length))
        self.minimum = self.maximum = self.length = None
        self.patterns: list[re.Pattern] = []
        self.quick = True
        for validator in self.validators:
            self._compile(validator)
        if target.schema:
            self.minimum, self.maximum = (_number(target.schema.get(word)) for word in ("minimum", "maximum"))

    def _compile(self, validator) -> None:
        limit = getattr(validator, "limit_value", None)
        limit = limit() if callable(limit) else limit
        if type(validator) is MinValueValidator:
            self.minimum = limit if self.minimum is None else max(limit, self.minimum)
        elif type(validator) is MaxValueValidator:
            self.maximum = limit if self.maximum is None else min(limit, self.maximum)
        elif type(validator) is MaxLengthValidator:
            self.length = limit if self.length is None else min(limit, self.length)
        elif type(validator) is RegexValidator and not validator.inverse_match:
            self.patterns.append(validator.regex)
        else:
            self.quick = False

    def hold_number(self, value: float) -> bool:
        """Whether a number is within the limits."""
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)

    def hold_numbers(self, values: Sequence[float | None]) -> bool:
        """Whether all numbers (None: an empty cell) are within the limits."""
        if not self.quick:
            return False
        present = [value for value in values if value is not None] if None in values else values
        return not present or (self.hold_number(min(present)) and self.hold_number(max(present)))

    def hold_texts(self, texts: Sequence[str]) -> bool:
        """Whether all texts are within the limits; empty ones are."""
        if not self.quick or (self.length is not None and max(map(len, texts), default=0) > self.length):
            return False
        return all(all(map(pattern.search, filter(None, texts))) for pattern in self.patterns)

    def check(self, value: object) -> None:
        """Ask each validator of the field.

        Raises:
            ValueError: what they say.
        """
        said = {}
        for validator in self.validators:
            try:
                validator(value)
            except ValidationError as error:
                said |= dict.fromkeys(error.messages)
        if said:
            raise ValueError(" ".join(said))


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
