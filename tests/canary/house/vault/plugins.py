"""A plugin that is given secrets in every place that a schema has, and is careless with them."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr

from plugins_app.core import Context, Plugin, PluginError, PluginInput, PluginMetadata, PluginOutput

Sensitive = {"x-sensitive": True}
logger = logging.getLogger(__name__)


class Login(BaseModel):
    kind: Literal["login"] = "login"
    user: str = ""
    password: SecretStr


class Ticket(BaseModel):
    kind: Literal["ticket"] = "ticket"
    code: str = Field(json_schema_extra=Sensitive)


class VaultInput(PluginInput):
    way: str = "succeeds"
    token: str = Field("", json_schema_extra=Sensitive)
    secret: SecretStr | None = None
    pin: int | None = Field(None, json_schema_extra=Sensitive)
    login: Login | None = None
    logins: list[Login] = []
    by_name: dict[str, Login] = {}
    either: Annotated[Login | Ticket, Field(discriminator="kind")] | None = None
    short: str = Field("", max_length=5, json_schema_extra=Sensitive)
    renamed: str = Field("", alias="re-named", json_schema_extra=Sensitive)

    def texts(self) -> list[str]:
        """Every secret, as the plugin sees it."""
        logins = [each for each in (self.login, *self.logins, *self.by_name.values()) if each]
        found = [self.token, self.renamed, *(login.password.get_secret_value() for login in logins)]
        if self.secret:
            found.append(self.secret.get_secret_value())
        if isinstance(self.either, Ticket):
            found.append(self.either.code)
        return [*filter(None, found), *([str(self.pin)] if self.pin else [])]


class VaultOutput(PluginOutput):
    said: str = ""
    token: str = Field("", json_schema_extra=Sensitive)


class VaultConfig(BaseModel):
    api_key: SecretStr = SecretStr("")


class Vault(Plugin[VaultInput, VaultOutput]):
    metadata = PluginMetadata(name="vault.opens", timeout=0.3)
    config_model = VaultConfig

    def validate(self, input_data: VaultInput) -> bool:
        if input_data.way == "objects":
            raise ValueError(f"refused {input_data.texts()}")
        if input_data.way == "stumbles":
            raise KeyError(input_data.texts()[0])
        return True

    async def execute(self, input_data: VaultInput, context: Context) -> Any:
        given = [*input_data.texts(), self.config.api_key.get_secret_value()]
        quoted = f"{' '.join(given)} {given!r}"
        match input_data.way:
            case "echoes":
                return VaultOutput(said=quoted, token=input_data.token)
            case "declines":
                return VaultOutput.fail(f"Declined: {quoted}")
            case "refuses":
                raise PluginError(f"Refused: {quoted}")
            case "crashes":
                raise RuntimeError(quoted) from KeyError(input_data.token)
            case "lies":
                return {"said": [quoted]}
            case "logs":
                context.log.warning(
                    "given %s",
                    quoted,
                    extra={"given": quoted, "list": [quoted], "pin": input_data.pin},
                )
                logger.error("crashed on %s", quoted, exc_info=RuntimeError(quoted))
                context.progress(0.5, quoted)
            case "hangs":
                await asyncio.Event().wait()
            case "tells":
                return VaultOutput(metadata={"given": quoted})
        return VaultOutput(said="done")


class Careless(Plugin[PluginInput, PluginOutput]):
    """Does not load, and says why."""

    metadata = PluginMetadata(name="vault.careless")
    config_model = VaultConfig

    def on_load(self) -> None:
        raise RuntimeError(f"cannot log in with {self.config.api_key.get_secret_value()}")

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput()
