from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class MarketplaceConfig(AdminConfig):
    """The stock admin app (same name and label, so its migrations and templates hold) with our
    site in place of its own."""

    default_site = "plugins_app.admin.site.ZantaraAdminSite"

    def ready(self) -> None:
        super().ready()
        from plugins_app.admin import logins, models  # noqa: F401  (registers receivers and pages)
