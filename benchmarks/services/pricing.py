"""The pricing plugin as the registry would hand it out: configured and loaded."""

from __future__ import annotations

from typing import Any

from plugins.bali_zero.pricing_plugin import PricingPlugin
from plugins_app.core.registry import PluginRegistry


async def loaded_pricing() -> Any:
    return (await PluginRegistry().register(PricingPlugin)).plugin
