"""Forms of the pages on which a chart is worked on."""

from django import forms
from django.forms.models import ModelChoiceIterator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from firenze_digitale.desk.seen import is_number
from partners.models import Partner
from projects.choices import STEPS_WITH_REASON, ParticipationRole
from projects.models import ChartComment, Objective, Participation, ProjectChart
from projects.models.chart import REASON_MISSING

LONGEST_TEXT = 5_000
LINES, FEW_LINES = 5, 3


class LinesField(forms.CharField):
    """A text of some lines, which browsers end with two characters and everybody else with one."""

    widget = forms.Textarea(attrs={"rows": LINES})

    def to_python(self, value):
        return super().to_python(value.replace("\r\n", "\n") if isinstance(value, str) else value)


class SeenField(forms.CharField):
    """The version of the row that the sender has read; what no page has sent is no version of any."""

    widget = forms.HiddenInput

    def clean(self, value):
        return value if is_number(value) else "0"


class StepForm(forms.Form):
    """Why a step is taken. Whether it must be told is the model's rule."""

    seen = SeenField()
    reason = LinesField(
        label=_("Reason"),
        required=False,
        max_length=LONGEST_TEXT,
        help_text=_("Those who take part in the chart read it beside the step, and in the e-mail that tells of it."),
    )

    def __init__(self, *args, to="", **kwargs):
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        if to in STEPS_WITH_REASON:
            reason.required, reason.error_messages["required"] = True, REASON_MISSING
        else:
            reason.label = _("Reason (recommended)")


class CommentForm(forms.ModelForm):
    """Something said of a chart."""

    class Meta:
        model = ChartComment
        fields = ["text"]
        field_classes = {"text": LinesField}
        labels = {"text": _("Your comment")}
        widgets = {"text": forms.Textarea(attrs={"rows": LINES})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"].required = True
        self.fields["text"].error_messages["required"] = _("Write what you want to say.")


class PartForm(forms.ModelForm):
    """What a partner gives to a chart, and what it gains from it."""

    seen = SeenField()

    class Meta:
        model = Participation
        fields = ["gives_it", "gives_en", "gains_it", "gains_en"]
        field_classes = dict.fromkeys(fields, LinesField)
        widgets = {name: forms.Textarea(attrs={"rows": LINES}) for name in fields}


class PartnerForm(forms.ModelForm):
    """One more partner in a chart; the lead stays who it is."""

    class Meta:
        model = Participation
        fields = ["partner", "role"]

    def __init__(self, *args, chart, **kwargs):
        super().__init__(*args, instance=Participation(chart=chart), **kwargs)
        others = Partner.objects.filter(left_on=None).exclude(participations__chart=chart)
        self.fields["partner"].queryset = others.order_by("name_it", "id")
        self.fields["role"].choices = [
            choice for choice in ParticipationRole.choices if choice[0] != ParticipationRole.LEAD
        ]


class MilestoneForm(forms.Form):
    """The day on which a milestone was done; none where it is not done after all."""

    seen = SeenField()
    done_on = forms.DateField(label=_("Done on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args, is_undone=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.is_undone = self.fields["done_on"].disabled = is_undone
        self.fields["done_on"].required = not is_undone

    @classmethod
    def of(cls, milestone):
        """For a milestone as it is; for one that is open, with the day of today."""
        return cls(initial={"seen": milestone.version, "done_on": milestone.done_on or timezone.localdate()})


class ObjectivesByPlan(ModelChoiceIterator):
    """Objectives under the titles of their plans."""

    def __iter__(self):
        plans = {}
        for objective in self.queryset:
            plans.setdefault(objective.plan.title, []).append(self.choice(objective))
        yield from plans.items()


class ObjectivesField(forms.ModelMultipleChoiceField):
    """Objectives that a chart pursues, the latest plan first."""

    widget = forms.CheckboxSelectMultiple
    iterator = ObjectivesByPlan

    def label_from_instance(self, objective):
        return f"{objective.number}. {objective.title}"


class DraftForm(forms.ModelForm):
    """A new chart: what it is about, what it pursues, who takes part. The rest is written once it is there."""

    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=100,
        help_text=_("Part of its address, and stays. Left empty, it is made from the title."),
    )
    objectives = ObjectivesField(label=_("Objectives"), required=False, queryset=Objective.objects.none())
    lead = forms.ModelChoiceField(
        label=_("Lead"),
        queryset=Partner.objects.none(),
        help_text=_("The partner that leads the chart and writes it until it is approved."),
    )
    partners = forms.ModelMultipleChoiceField(
        label=_("Other partners"),
        required=False,
        queryset=Partner.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The City always takes part. Others can be added later."),
    )

    class Meta:
        model = ProjectChart
        fields = ["title_it", "title_en", "summary_it", "summary_en", "code", "department_it", "department_en"]
        field_classes = {"summary_it": LinesField, "summary_en": LinesField}
        widgets = {name: forms.Textarea(attrs={"rows": FEW_LINES}) for name in ("summary_it", "summary_en")}

    def __init__(self, *args, who, **kwargs):
        super().__init__(*args, **kwargs)
        there = Partner.objects.filter(left_on=None).order_by("name_it", "id")
        self.fields["lead"].queryset = leads = there.whose_part_is_kept_by(who)
        self.fields["partners"].queryset = there.exclude(pk__in=Partner.objects.all().city().values("pk"))
        objectives = Objective.objects.visible_to(who).for_list()
        self.fields["objectives"].queryset = objectives.order_by("-plan__start_year", "plan_id", "number")
        if len(first := leads[:2]) == 1:
            self.fields["lead"].initial = first[0]

    @property
    def texts(self):
        """What the chart is about, in both languages side by side."""
        return [self[name] for name in ("title_it", "title_en", "summary_it", "summary_en")]

    def clean(self):
        data = super().clean()
        if data.get("title_it") and not data.get("code") and "code" not in self.errors:
            data["code"] = ProjectChart.objects.all().free_code_from(data["title_it"])
        return data
