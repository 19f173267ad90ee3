"""Pages of the reader's own account: logging in, a new password, and which e-mails they get."""

from urllib.parse import urlsplit

from django.contrib.auth import forms, views
from django.contrib.messages.views import SuccessMessageMixin
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.forms import ModelForm, RadioSelect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.generic import UpdateView

from firenze_digitale.access import access_of
from partners.models import User
from projects.notices import follow_pace


class LoginForm(forms.AuthenticationForm):
    """Refuses a name that no account can have, before it is looked up or counted as a guess."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].validators.append(MaxLengthValidator(self.username_field.max_length))


class LoginView(views.LoginView):
    """Logs in, and leads on to anywhere on the site but here: referents to their desk, unless they came from a page."""

    form_class = LoginForm
    redirect_authenticated_user = True

    def get_redirect_url(self):
        address = super().get_redirect_url()
        return "" if urlsplit(address).path == self.request.path else address

    def get_default_redirect_url(self):
        access = access_of(self.request.user)
        if access.has_a_desk and not access.sees_everything:
            return reverse("admin:index")
        return super().get_default_redirect_url()


class PasswordChangeView(SuccessMessageMixin, views.PasswordChangeView):
    """The reader's own password."""

    success_url = reverse_lazy("home")
    success_message = _("Your password is changed.")


class NoticesForm(ModelForm):
    """When somebody is told of their charts, and in which language."""

    class Meta:
        model = User
        fields = ["notice_pace", "language"]
        labels = {"notice_pace": _("When I am told"), "language": _("In which language")}
        widgets = {"notice_pace": RadioSelect, "language": RadioSelect}


class NoticesView(SuccessMessageMixin, UpdateView):
    """The reader's own e-mails. The address itself is for administrators to change."""

    form_class = NoticesForm
    template_name = "registration/notices.html"
    success_url = reverse_lazy("account-notices")
    success_message = _("Your choice is kept.")

    def get_object(self, queryset=None):
        return User.objects.get(pk=self.request.user.pk)

    def form_valid(self, form):
        with transaction.atomic():
            follow_pace(form.instance)
            return super().form_valid(form)

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=400)
