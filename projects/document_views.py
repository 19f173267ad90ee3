"""Documents of charts and meetings: served to whom may see them, added and removed by who may change the chart."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from firenze_digitale.api.authentication import caller_of
from firenze_digitale.file_types import TYPES
from projects import services
from projects.document_forms import DocumentForm
from projects.models import ChartDocument, MeetingDocument, ProjectChart

logger = logging.getLogger(__name__)
UNKNOWN_TYPE = "application/octet-stream"


@login_not_required
@require_safe
def chart_document(request, code, pk):
    documents = ChartDocument.objects.visible_to(caller_of(request, "project-charts")).exclude(file="")
    return served(request, get_object_or_404(documents, chart__code=code, pk=pk))


@login_not_required
@require_safe
def meeting_document(request, code, pk):
    documents = MeetingDocument.objects.visible_to(caller_of(request, "meetings")).exclude(file="")
    return served(request, get_object_or_404(documents, meeting__code=code, pk=pk))


def served(request, document):
    """The file of a document as a download that no browser shows or runs as a page of the registry."""
    try:
        file = document.file.open("rb")
    except OSError:
        logger.exception("the file of %s %s cannot be read", document._meta.label, document.pk)
        context = {"document": document, "whole": document.shown_with()}
        return render(request, "projects/document_missing.html", context, status=404)
    media_type = document.media_type if document.media_type in TYPES else UNKNOWN_TYPE
    response = FileResponse(file, as_attachment=True, filename=document.file_name, content_type=media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def chart_document_add(request, code):
    chart = changeable_chart(request, code)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = DocumentForm(*sent, chart=chart)
    if form.is_valid():
        try:
            services.add_document(form.instance, request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
        else:
            messages.success(request, _("The document “%(title)s” is added.") % {"title": form.instance.title})
            return HttpResponseRedirect(f"{chart.get_absolute_url()}#documents")
    status = 400 if form.errors else 200
    return render(request, "projects/document_add.html", {"chart": chart, "form": form}, status=status)


@require_POST
def chart_document_remove(request, code, pk):
    chart = changeable_chart(request, code)
    document = get_object_or_404(chart.documents.deletable_by(request.user), pk=pk)
    document.delete()
    told = _("The document “%(title)s” is removed. The chart's history at the desk can bring it back.")
    messages.success(request, told % {"title": document.title})
    return HttpResponseRedirect(f"{chart.get_absolute_url()}#documents")


def changeable_chart(request, code: str) -> ProjectChart:
    """The chart that the asker changes.

    Raises:
        Http404: they may not see it.
        PermissionDenied: they may not change it.
    """
    chart = get_object_or_404(ProjectChart.objects.visible_to(request.user), code=code)
    if not chart.may_be_changed_by(request.user):
        raise PermissionDenied
    return chart
