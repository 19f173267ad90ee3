"""Pages on which a chart is worked on: drafted, moved along, filled in and talked about. All of them need a log-in."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from firenze_digitale.history import changes_since, state_shown_at
from firenze_digitale.listing import page_of
from projects import chart_page, services
from projects.choices import ChartStatus
from projects.models import ChartComment, Milestone, Participation, ProjectChart
from projects.work_forms import CommentForm, DraftForm, MilestoneForm, PartForm, PartnerForm, StepForm

ENTRIES_A_PAGE = 50

reads_and_writes = require_http_methods(["GET", "HEAD", "POST"])


def chart_seen_by(request, code: str) -> ProjectChart:
    return get_object_or_404(ProjectChart.objects.visible_to(request.user), code=code)


def sent(request):
    """What a form was sent with; None where it is only to be shown."""
    return request.POST if request.method == "POST" else None


def add_refusal(form, refusal: ValidationError) -> None:
    """Say in a form what the models or the database refuse; above it where it has no such field."""
    by_field = getattr(refusal, "error_dict", None) or {None: refusal.error_list}
    for name, told in by_field.items():
        form.add_error(name if name in form.fields else None, told)


def changes_meanwhile(row, request) -> list:
    """What others did to a row since the version that the form was sent from, newest first, as history tells it."""
    seen = state_shown_at(row, request.POST.get("seen", ""), request.user)
    return changes_since(row, seen, request.user) if seen else []


def typed_again(request, row):
    """What was typed, to be sent again by who has read what changed meanwhile."""
    data = request.POST.copy()
    data["seen"] = row.version
    return data


@never_cache
@reads_and_writes
def chart_new(request):
    """Draft a chart with those who take part in it."""
    if not ProjectChart.may_be_added_by(request.user):
        raise PermissionDenied
    form = DraftForm(sent(request), who=request.user)
    if form.is_valid():
        given = (form.cleaned_data[name] for name in ("lead", "partners", "objectives"))
        try:
            chart = services.draft_chart(form.instance, *given, request.user)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The draft is there. Tell below who gives and gains what, then propose it."))
            return redirect(chart)
    return render(request, "projects/chart_new.html", {"form": form}, status=400 if form.errors else 200)


@never_cache
@reads_and_writes
def chart_step(request, code):
    """Ask before a chart moves along, with what the step asks for; then move it."""
    chart = chart_seen_by(request, code)
    to = (request.POST if request.method == "POST" else request.GET).get("to", "")
    if request.method == "POST":
        return take_step(request, chart, to)
    steps = chart_page.steps_open_to(chart, request.user)
    if not steps:
        raise PermissionDenied
    if to not in {step.status for step in steps}:
        messages.info(request, _("This step is not open now. The chart is: %(status)s.") % told_status(chart))
        return redirect(chart)
    return step_page(request, chart, to, StepForm(initial={"seen": chart.version}, to=to))


def take_step(request, chart, to: str):
    if not ProjectChart.objects.all().written_by(request.user).filter(pk=chart.pk).exists():
        raise PermissionDenied
    form = StepForm(request.POST, to=to)
    if not form.is_valid():
        return step_page(request, chart, to, form, status=400)
    try:
        given = (form.cleaned_data[name] for name in ("reason", "seen"))
        chart = services.take_step(chart, to, request.user, *given)
    except services.ChangedMeanwhile as changed:
        form = StepForm(typed_again(request, changed.row), to=to)
        context = {"changed": True, "changes": changes_meanwhile(changed.row, request)}
        return step_page(request, changed.row, to, form, status=409, **context)
    except ValidationError as refusal:
        add_refusal(form, refusal)
        return step_page(request, chart, to, form, status=400)
    messages.success(request, _("The chart is now: %(status)s.") % told_status(chart))
    return redirect(chart)


def step_page(request, chart, to: str, form, status=200, **context):
    steps = chart_page.steps_open_to(chart, request.user)
    step = next((step for step in steps if step.status == to), None)
    checks = chart_page.checks_of(chart, to) if step else []
    context |= {
        "chart": chart,
        "form": form,
        "step": step,
        "steps": [step] if step else steps,
        "after": ChartStatus(to) if step else None,
        "checks": checks,
        "is_hindered": any(check.is_asked and not check.is_met for check in checks),
    }
    return render(request, "projects/chart_step.html", context, status=status)


def told_status(chart) -> dict:
    return {"status": chart.get_status_display()}


@never_cache
@reads_and_writes
def chart_part(request, code, partner):
    """What one partner gives and gains, written by itself or by who writes the chart."""
    parts = Participation.objects.visible_to(request.user).for_list()
    part = get_object_or_404(parts, chart__code=code, partner__code=partner)
    if not part.may_be_changed_by(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return part_page(request, part, PartForm(instance=part, initial={"seen": part.version}))
    form = PartForm(request.POST, instance=part)
    if not form.is_valid():
        return part_page(request, part, form, status=400)
    values = dict(form.cleaned_data)
    try:
        changed = services.write_part(part, values, request.user, values.pop("seen"))
    except services.ChangedMeanwhile as met:
        form = PartForm(typed_again(request, met.row), instance=part)
        context = {"changed": True, "changes": changes_meanwhile(met.row, request)}
        return part_page(request, part, form, status=409, **context)
    except ValidationError as refusal:
        add_refusal(form, refusal)
        return part_page(request, part, form, status=400)
    messages.success(request, _("The part is stored.") if changed else _("Nothing has changed."))
    return redirect(f"{part.chart.get_absolute_url()}#parts")


def part_page(request, part, form, status=200, **context):
    context |= {"chart": part.chart, "part": part, "form": form}
    return render(request, "projects/chart_part.html", context, status=status)


@never_cache
@reads_and_writes
def chart_partner_add(request, code):
    """One more partner in a chart."""
    chart = chart_seen_by(request, code)
    if not chart.may_be_changed_by(request.user):
        raise PermissionDenied
    form = PartnerForm(sent(request), chart=chart)
    if form.is_valid():
        try:
            part = services.add_partner(form.instance, request.user)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("%(partner)s takes part now.") % {"partner": part.partner})
            return redirect(f"{chart.get_absolute_url()}#parts")
    context = {"chart": chart, "form": form}
    return render(request, "projects/chart_partner_add.html", context, status=400 if form.errors else 200)


@never_cache
@reads_and_writes
def chart_comment(request, code):
    """All that was said of a chart and every step it took, oldest first; and something more to say."""
    chart = chart_seen_by(request, code)
    if not chart_page.is_discussed(chart, request.user):
        raise PermissionDenied
    form = CommentForm(sent(request))
    if form.is_valid():
        comment = services.say(chart, form.cleaned_data["text"], request.user)
        messages.success(request, _("Your comment is kept."))
        return redirect(f"{chart.get_absolute_url()}#comment-{comment.pk}")
    entries = ChartComment.objects.visible_to(request.user).filter(chart=chart)
    page, problem = page_of(request, entries, ("id",), ENTRIES_A_PAGE)
    context = {"chart": chart, "form": form, "page": page, "problem": problem}
    return render(request, "projects/chart_comments.html", context, status=400 if form.errors or problem else 200)


@never_cache
@reads_and_writes
def milestone_done(request, code, pk):
    """The day on which a milestone was done, or that it is not done after all."""
    chart = chart_seen_by(request, code)
    milestone = get_object_or_404(Milestone, pk=pk, chart=chart)
    if not milestone.may_be_changed_by(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return milestone_page(request, chart, milestone, MilestoneForm.of(milestone))
    form = MilestoneForm(request.POST, is_undone="undo" in request.POST)
    if not form.is_valid():
        return milestone_page(request, chart, milestone, form, status=400)
    done_on, seen = form.cleaned_data["done_on"], form.cleaned_data["seen"]
    try:
        services.mark_milestone(milestone, done_on, request.user, seen)
    except services.ChangedMeanwhile as met:
        form = MilestoneForm(typed_again(request, met.row))
        context = {"changed": True, "changes": changes_meanwhile(met.row, request)}
        return milestone_page(request, chart, met.row, form, status=409, **context)
    told = _("“%(milestone)s” is done.") if done_on else _("“%(milestone)s” is open again.")
    messages.success(request, told % {"milestone": milestone})
    return redirect(f"{chart.get_absolute_url()}#milestones")


def milestone_page(request, chart, milestone, form, status=200, **context):
    context |= {"chart": chart, "milestone": milestone, "form": form}
    return render(request, "projects/milestone_done.html", context, status=status)
