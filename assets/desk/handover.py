"""Handing assets over on the desk: the offer, what the other side sees of it, and the answer."""

from collections import Counter

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from assets import services
from assets.choices import ItemState
from assets.desk.filters import SideFilter
from assets.models import Asset, Handover
from firenze_digitale.desk.base import RegistryAdmin
from firenze_digitale.desk.changelist import NUMBER_OF_ROW
from firenze_digitale.rules import readable_refusals
from partners.models import Partner, Referent

MOST_SHOWN = 200
TITLES = {"accept": _("Accept the offer"), "decline": _("Decline the offer"), "withdraw": _("Withdraw the offer")}
GIVEN = {
    "decline": _("The offer is declined: the assets stay where they are."),
    "withdraw": _("The offer is withdrawn: the assets stay where they are."),
}


class OfferForm(forms.Form):
    """To whom assets are offered, and a word to go with them."""

    receiver = forms.ModelChoiceField(Partner.objects.none(), label=_("receiving partner"), empty_label="–")
    message = forms.CharField(
        label=_("message"),
        required=False,
        max_length=Handover._meta.get_field("message").max_length,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For whoever answers at the other partner: why, and since when."),
    )

    def __init__(self, *args, who, giver, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["receiver"].queryset = Partner.objects.visible_to(who).exclude(pk=giver.pk)
        self.fields["receiver"].initial = giver.successor_id


class AcceptForm(forms.Form):
    """Whom the new owner names as the contact of what it accepts, and what it was shown."""

    contact = forms.ModelChoiceField(
        Referent.objects.none(),
        label=_("contact"),
        required=False,
        empty_label=_("nobody for now"),
        help_text=_("A contact is a referent of the owner, so that of the old owner does not stay."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, who, handover, **kwargs):
        super().__init__(*args, **kwargs)
        referents = Referent.objects.visible_to(who).active().filter(partner=handover.receiver)
        self.fields["contact"].queryset = referents
        if len(referents) == 1:
            self.fields["contact"].initial = referents[0].pk


@admin.register(Handover)
class HandoverAdmin(RegistryAdmin):
    list_key = ("-id",)
    list_display = ("sides", "what", "state", "created_at", "offered_by", "answered_at", "answered_by")
    list_filter = (SideFilter, "state")
    #: What was answered stays answered.
    is_restorable = False

    @admin.display(description=_("from → to"))
    def sides(self, handover):
        return str(handover)

    @admin.display(description=_("assets"))
    def what(self, handover):
        return _("all of the partner's") if handover.everything else handover.item_count

    def has_add_permission(self, request):
        """An offer begins with the assets that it is of: see `offer_view`."""
        return False

    def get_urls(self):
        pages = [("offer/", self.offer_view, "offer"), ("<str:pk>/answer/<str:answer>/", self.answer_view, "answer")]
        guarded = self.admin_site.admin_view
        return [
            *(path(route, guarded(view), name=f"assets_handover_{name}") for route, view, name in pages),
            *super().get_urls(),
        ]

    def page(self, request, template: str, status: int = 200, **context):
        context |= {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/assets/handover/{template}.html", context, status=status)

    # Offering

    def offer_view(self, request):
        """Choose the other partner for assets that were ticked, or for all of a partner's; then offer them."""
        giver, assets = self.what_to_offer(request)
        form = OfferForm(request.POST or None, who=request.user, giver=giver)
        if form.is_valid():
            try:
                with readable_refusals():
                    made = services.offer(request.user, giver, assets=assets, **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                messages.success(request, _("The offer is made: %(to)s has to accept it.") % {"to": made.receiver})
                return HttpResponseRedirect(made.get_absolute_url())
        rows = list(giver.assets.order_by("name_it", "pk")) if assets is None else assets
        return self.page(
            request,
            "offer",
            title=_("Offer to another partner"),
            subtitle=str(giver),
            form=form,
            giver=giver,
            everything=assets is None,
            assets=rows[:MOST_SHOWN],
            total=len(rows),
            more=max(len(rows) - MOST_SHOWN, 0),
        )

    def what_to_offer(self, request):
        """The giver, and its assets that the address names; None: all of them.

        Raises:
            Http404: something named is not there for the asker to see.
            PermissionDenied: it is not the asker's to offer.
        """
        given = request.POST if request.method == "POST" else request.GET
        keys = given.getlist("asset") + given.getlist("partner")
        if not keys or not all(NUMBER_OF_ROW.fullmatch(key) for key in keys):
            raise Http404
        if "partner" in given:
            giver, assets = get_object_or_404(Partner.objects.visible_to(request.user), pk=given["partner"]), None
        else:
            rows = Asset.objects.visible_to(request.user).filter(pk__in=keys).select_related("owner__successor")
            assets = list(rows.order_by("name_it", "pk"))
            if len(assets) < len(set(keys)):
                raise Http404
            giver = assets[0].owner
        owners = {giver.pk, *(asset.owner_id for asset in assets or ())}
        if not all(Handover.may_be_offered_by(request.user, owner) for owner in owners):
            raise PermissionDenied
        return giver, assets

    # Reading and answering

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The offer, what has become of what it holds, and the answers that the asker may give."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        handover = self.handover_of(request, object_id)
        return self.page(
            request, "handover", title=_("Handover"), subtitle=str(handover), **self.told_of(request, handover)
        )

    def handover_of(self, request, object_id) -> Handover:
        if not NUMBER_OF_ROW.fullmatch(str(object_id)):
            raise Http404
        return get_object_or_404(self.get_queryset(request).for_list(), pk=object_id)

    def told_of(self, request, handover) -> dict:
        offered = handover.assets_now()
        answers = self.answers_of(request, handover)
        counts = Counter(row.state for row in offered if row.state != ItemState.AS_OFFERED)
        visible = Asset.objects.visible_to(request.user).filter(code__in=[row.code for row in offered[:MOST_SHOWN]])
        return {
            "handover": handover,
            "object": handover,
            # What needs a look comes first.
            "offered": sorted(offered, key=lambda row: row.state == ItemState.AS_OFFERED)[:MOST_SHOWN],
            "links": dict(visible.values_list("code", "pk")),
            "total": len(offered),
            "more": max(len(offered) - MOST_SHOWN, 0),
            "meanwhile": [(state.label, count) for state, count in counts.items()],
            "passing": sum(row.would_pass for row in offered),
            "answers": answers,
            "seen": handover.fingerprint(offered),
        }

    @staticmethod
    def answers_of(request, handover) -> list[str]:
        """Which of accept, decline and withdraw the asker may answer with."""
        awaited = Handover.objects.awaiting(request.user).filter(pk=handover.pk).exists()
        withdrawable = Handover.objects.withdrawable_by(request.user).filter(pk=handover.pk).exists()
        return [*(["accept", "decline"] if awaited else []), *(["withdraw"] if withdrawable else [])]

    def answer_view(self, request, pk, answer):
        """Ask before an answer is given, and give it."""
        if answer not in TITLES:
            raise Http404
        handover = self.handover_of(request, pk)
        if handover.is_open and answer not in self.answers_of(request, handover):
            raise PermissionDenied
        if not handover.is_open:
            messages.warning(request, _("This offer has been answered or withdrawn already."))
            return HttpResponseRedirect(handover.get_absolute_url())
        form = AcceptForm(request.POST or None, who=request.user, handover=handover)
        if request.method == "POST" and (answer != "accept" or form.is_valid()):
            try:
                with readable_refusals():
                    self.give(request, handover, answer, form)
                return HttpResponseRedirect(handover.get_absolute_url())
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
                if not isinstance(refusal, services.SeenOtherwise):
                    return HttpResponseRedirect(handover.get_absolute_url())
        context = {**self.told_of(request, handover), "answer": answer, "form": form}
        return self.page(request, "answer", title=TITLES[answer], subtitle=str(handover), **context)

    @staticmethod
    def give(request, handover, answer, form):
        if answer == "accept":
            contact, seen = form.cleaned_data["contact"], form.cleaned_data["seen"]
            passed = services.accept(request.user, handover, seen, contact)
            told = ngettext("%(count)s asset is yours now.", "%(count)s assets are yours now.", passed)
            messages.success(request, told % {"count": passed})
            return
        {"decline": services.decline, "withdraw": services.withdraw}[answer](request.user, handover)
        messages.success(request, GIVEN[answer])


class Offerable:
    """Adds to the admin of assets the action that begins an offer."""

    @admin.action(description=_("Offer to another partner…"), permissions=["change"])
    def offer(self, request, queryset):
        assets = list(queryset)
        if len({asset.owner_id for asset in assets}) > 1:
            messages.error(request, _("Nothing was offered: tick assets of one owner at a time."))
        elif not all(Handover.may_be_offered_by(request.user, asset.owner_id) for asset in assets):
            messages.error(request, _("Nothing was offered: these are not yours to give."))
        else:
            return HttpResponseRedirect(offer_url([("asset", asset.pk) for asset in assets]))
        return None


def offer_url(named: list[tuple[str, int]]) -> str:
    return f"{reverse('admin:assets_handover_offer')}?{urlencode(named)}"
