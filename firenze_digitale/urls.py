"""Every door of the registry: pages, the admin, the API."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.i18n import set_language

from firenze_digitale import account_views, search_views, views
from firenze_digitale.developers import views as developers

account = [
    path("login/", account_views.LoginView.as_view(), name="login"),
    path("logout/", login_not_required(LogoutView.as_view()), name="logout"),
    path("password/", account_views.PasswordChangeView.as_view(), name="password_change"),
    path("notices/", account_views.NoticesView.as_view(), name="account-notices"),
    path("language/", login_not_required(set_language), name="set_language"),
]

urlpatterns = [
    # First, since systems ask most often, and an address is looked for from the top.
    path("api/", developers.guide, name="developers"),
    path("api/reference/", developers.reference_index, name="developers-reference"),
    path("api/reference/<str:tag>/", developers.reference_group, name="developers-reference-group"),
    path("api/v1/", include("firenze_digitale.api_urls")),
    path("", views.home, name="home"),
    path("", include("projects.urls")),
    path("assets/", include("assets.urls")),
    path("partners/", include("partners.urls")),
    path("map/", include("assets.map_urls")),
    path("account/", include(account)),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("privacy/", views.privacy, name="privacy"),
    path("search/", search_views.search, name="search"),
    path("search/suggest/", search_views.suggest, name="search-suggest"),
    path("admin/", admin.site.urls),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", login_not_required(views.FaviconView.as_view()), name="favicon"),
]

handler400 = "firenze_digitale.bodies.unreadable"
handler404 = "firenze_digitale.problems.not_found"
handler500 = "firenze_digitale.problems.server_error"
