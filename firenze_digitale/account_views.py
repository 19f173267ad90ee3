"""Pages of the reader's own account: logging in, and a new password."""

from urllib.parse import urlsplit

from django.contrib.auth import forms, views
from django.contrib.messages.views import SuccessMessageMixin
from django.core.validators import MaxLengthValidator
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import access_of


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
