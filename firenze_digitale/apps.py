"""The project's own apps: what is common to all, and the admin."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class RegistryConfig(AppConfig):
    """Template tags and commands that belong to no app in particular; no tables."""

    name = "firenze_digitale"


class RegistryAdminConfig(AdminConfig):
    """The referent's desk in place of Django's stock admin site."""

    default_site = "firenze_digitale.desk.site.RegistryAdminSite"
