"""Every door by which something can be changed -> the actions that the audit trail has of it, or
'-' and why it has none. docs/audit.md says the same in words."""

from __future__ import annotations

_BROWSER = "- kept in the browser, by a cookie"
_OWN = "- a mark that only its user sees"
_EXECUTION = "- the execution log has every call"
_READS = "- reads"
_NOTHING = "- leads on, or there is nothing"
_FILES = "- writes files of the project, for its developers"

ADDRESSES = {
    "": _NOTHING,
    "api/plugins/search": _READS,
    "api/plugins/<plugin:name>/execute": _EXECUTION,
    "api/plugins/<plugin:name>/validate": _READS,
    "api/plugins/<plugin:name>/reload": "reload reload.rejected",
    "api/plugins/<plugin:name>/enable": "enable",
    "api/plugins/<plugin:name>/disable": "disable",
    "api/plugins/<plugin:name>/breaker/<breaker_move:move>": (
        "breaker.force_open breaker.force_closed breaker.reset"
    ),
    "admin/": _NOTHING,
    "admin/(?P<url>.*)$": _NOTHING,
    "admin/r/<path:content_type_id>/<path:object_id>/": _NOTHING,
    "admin/plugins": _NOTHING,
    "admin/^<app_label>/$": _READS,
    "admin/data/": _READS,
    "admin/theme/": _BROWSER,
    "admin/columns/": _BROWSER,
    "admin/first-steps/hide/": _BROWSER,
    "admin/login/": "login login.failed login.locked",
    "admin/logout/": "logout",
    "admin/password_change/": "user.change",
    "admin/plugins/<plugin_name:name>/enable/": "enable",
    "admin/plugins/<plugin_name:name>/disable/": "disable",
    "admin/plugins/<plugin_name:name>/reload/": "reload reload.rejected",
    "admin/plugins/<plugin_name:name>/reset-breaker/": "breaker.reset",
    "admin/plugins/<plugin_name:name>/favourite/": _OWN,
    "admin/plugins/<plugin_name:name>/config/": "overrides",
    "admin/plugins/<plugin_name:name>/try/": _EXECUTION,
    "admin/catalogue/bulk/": (
        "bulk.enable bulk.disable bulk.reload enable disable reload reload.rejected"
    ),
    "admin/catalogue/discover/": "discover",
    "admin/executions/export/": "export",
    "admin/executions/searches/": _OWN,
    "admin/executions/searches/<int:search_id>/delete/": _OWN,
    "admin/executions/<str:execution_id>/again/": "execute.again",
    "admin/audit/export/": "export",
    "admin/api-keys/new/": "key.create",
    "admin/api-keys/<int:key_id>/": "key.change",
    "admin/api-keys/<int:key_id>/disable/": "key.disable",
    "admin/api-keys/<int:key_id>/enable/": "key.enable",
    "admin/api-keys/<int:key_id>/rotate/": "key.rotate",
    "admin/api-keys/<int:key_id>/revoke/": "key.revoke",
    "admin/plugins_app/user/<id>/password/": "user.change",
}
"""As the URLconf has them; below /api/v1/ it is the same. Stock pages are in MODELS."""

MODELS = {
    "plugins_app.User": "user.create user.change user.delete",
    "auth.Group": "group.create group.change group.delete",
}
"""Those whose stock pages write."""

COMMANDS = {
    "api_keys": "key.create key.rotate key.disable key.enable key.revoke",
    "backup": "backup",
    "changepassword": "user.change",
    "createsuperuser": "user.create",
    "disable_plugins": "disable",
    "discover_plugins": "discover",
    "enable_plugins": "enable",
    "migrate": "migrate",
    "prune_executions": "prune",
    "quickstart": "migrate discover user.create",
    "reload_plugins": "reload reload.rejected",
    "run_plugin": _EXECUTION,
    "seed_demo": "demo.seed demo.clear discover enable disable key.create key.revoke",
    "verify_audit": "audit.guard",
    "warm_plugins": "warm",
    "axes_reset": "login.unlock",
    "axes_reset_failure_logs": "login.unlock",
    "axes_reset_ip": "login.unlock",
    "axes_reset_ip_username": "login.unlock",
    "axes_reset_logs": "login.unlock",
    "axes_reset_username": "login.unlock",
    "clearsessions": "prune",
    "createcachetable": "command",
    "dumpdata": "export",
    "loaddata": "command",
    "remove_stale_contenttypes": "command",
    "dbshell": "- what is typed there passes by ZANTARA",
    "shell": "- what is typed there passes by ZANTARA",
    "flush": "- the database refuses it, because of the trail",
    "test": "- works on a database of its own",
    "testserver": "- works on a database of its own",
    "runserver": "- serves",
    "sendtestemail": "- sends a letter",
    "collectstatic": _FILES,
    "compilemessages": _FILES,
    "makemessages": _FILES,
    "makemigrations": _FILES,
    "optimizemigration": _FILES,
    "squashmigrations": _FILES,
    "startapp": _FILES,
    "startproject": _FILES,
    **dict.fromkeys(
        (
            "axes_list_attempts", "check", "diffsettings", "doctor", "export_tools", "findstatic",
            "generateschema", "inspectdb", "list_plugins", "plugin_stats", "show_plugin",
            "showmigrations", "spectacular", "sqlflush", "sqlmigrate", "sqlsequencereset",
        ),
        _READS,
    ),
}  # fmt: skip

TASKS = {
    "zantara.run": _EXECUTION,
    "zantara.sweep": "- ends rows of the execution log as abandoned, and the log says so",
    "zantara.prune": "prune",
    "zantara.clear_sessions": "prune",
}


def actions(told: str) -> set[str]:
    return set() if told.startswith("- ") else set(told.split())
