"""Forms of project charts."""

from django import forms
from django.utils.translation import gettext_lazy as _

from firenze_digitale.desk.forms import ReadableForm
from partners.models import Partner
from projects.choices import STEPS_WITH_REASON
from projects.models.chart import REASON_MISSING
from projects.work_forms import LONGEST_TEXT, LinesField


class ChartForm(ReadableForm):
    """A chart, and why it takes the step that is asked for together with saving it."""

    reason = LinesField(
        label=_("reason"),
        required=False,
        max_length=LONGEST_TEXT,
        help_text=_("For the buttons that move the chart along: those who take part in it read it beside the step."),
    )

    def clean(self):
        data = super().clean()
        if self.data.get("_move") in STEPS_WITH_REASON and not data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", REASON_MISSING)
        self.instance.step_reason = data.get("reason", "")
        return data


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
