"""Plugins with `isolation="process"` run here: in worker processes that can be killed."""

from plugins_app.core.process_pool.options import ProcessOptions
from plugins_app.core.process_pool.pool import ProcessPool

__all__ = ["ProcessOptions", "ProcessPool"]
