from django.contrib.admin.apps import AdminConfig


class MarketplaceConfig(AdminConfig):
    default_site = "django.contrib.admin.sites.AdminSite"
