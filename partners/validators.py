"""Checks of the numbers and codes that identify an Italian organisation."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from stdnum.exceptions import ValidationError as NumberError
from stdnum.it import iva

VAT_PATTERN = r"^[0-9]{11}$"
IPA_PATTERN = r"^[A-Za-z0-9_]{2,20}$"

# The Index of public administrations' own identifiers (IPA, indicepa.gov.it): “c_d612”, “r_toscan”.
validate_ipa_code = RegexValidator(
    IPA_PATTERN, _("An IPA code has 2 to 20 letters, digits or underscores, for example “c_d612”.")
)


def validate_vat_number(value: str) -> None:
    """Check the form and the check digit of an Italian VAT number (partita IVA).

    Raises:
        ValidationError: what was found, and what is expected.
    """
    try:
        if iva.validate(value) != value:
            raise NumberError
    except NumberError:
        raise ValidationError(
            _("“%(value)s” is not an Italian VAT number: 11 digits are expected, the last one a check digit."),
            params={"value": value},
        ) from None
