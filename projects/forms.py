"""Forms of project charts."""

from django import forms
from django.utils.translation import gettext_lazy as _

from firenze_digitale.desk.forms import ReadableForm
from partners.models import Partner


class NewChartForm(ReadableForm):
    """A chart begins with the partner that leads it."""

    lead = forms.ModelChoiceField(
        label=_("lead"), queryset=Partner.objects.none(), help_text=_("The partner that leads the chart and writes it.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["lead"].queryset = partners = Partner.objects.all().whose_part_is_kept_by(self.who)
        if len(partners[:2]) == 1:
            self.fields["lead"].initial = partners[0]
