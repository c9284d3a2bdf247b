"""Plugins that are given secrets in every place that a schema has, and are careless with them."""

from __future__ import annotations

import asyncio
import logging
import warnings
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationInfo, field_validator

from plugins_app.core import Context, Plugin, PluginError, PluginInput, PluginMetadata, PluginOutput
from plugins_app.core.errors import TransientError

Sensitive = {"x-sensitive": True}
logger = logging.getLogger(__name__)
MADE = "CANARY-99999-made-by-the-plugin"
"""Nobody sent it."""


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
    shouted: Annotated[str, AfterValidator(str.upper)] = Field("", json_schema_extra=Sensitive)
    note: str = ""

    @field_validator("note")
    @classmethod
    def _quotes_another_field(cls, note: str, info: ValidationInfo) -> str:
        raise ValueError(f"{note} does not go with {info.data}")

    def texts(self) -> list[str]:
        """Every secret, as the plugin sees it."""
        logins = [each for each in (self.login, *self.logins, *self.by_name.values()) if each]
        found = [self.token, self.renamed, self.shouted]
        found += (login.password.get_secret_value() for login in logins)
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


class Numbers(BaseModel):
    """Refuses texts, and quotes them."""

    numbers: list[int]


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
            case "makes":
                return VaultOutput(said=f"made {MADE}", token=MADE)
            case "declines":
                return VaultOutput.fail(f"Declined: {quoted}")
            case "tells":
                return VaultOutput(metadata={"given": quoted})
            case "logs":
                _log(quoted, input_data, context)
                return VaultOutput(said="done")
            case "hangs":
                await asyncio.Event().wait()
        return _fail(input_data, given, quoted)


def _log(quoted: str, input_data: VaultInput, context: Context) -> None:
    extra = {"given": quoted, "list": [quoted], quoted: 1, "input": input_data, "set": {quoted}}
    context.log.warning("given %s", quoted, extra={**extra, "pin": input_data.pin})
    logger.error("crashed on %s", quoted, exc_info=RuntimeError(quoted))
    logger.warning("two %s places %s", quoted)
    warnings.warn(quoted, RuntimeWarning, stacklevel=1)
    context.progress(0.5, quoted)


def _fail(input_data: VaultInput, given: list[str], quoted: str) -> Any:
    match input_data.way:
        case "refuses":
            raise PluginError(f"Refused: {quoted}")
        case "crashes":
            raise RuntimeError(quoted) from KeyError(input_data.token)
        case "groups":
            raise ExceptionGroup(quoted, [KeyError(each) for each in given])
        case "quotes":
            return Numbers(numbers=given)  # type: ignore[arg-type]
        case "browses":
            raise RuntimeError(f"404 for http://127.0.0.1/?token={quote(input_data.token)}")
        case "lies":
            return {"said": [quoted], "token": [MADE * 3]}
    return VaultOutput(said="done")


class Thread(Plugin[VaultInput, VaultOutput]):
    """The same on a thread of its own, and twice."""

    metadata = PluginMetadata(
        name="vault.thread", isolation="thread", idempotent=True, max_attempts=2
    )

    def execute(self, input_data: VaultInput) -> VaultOutput:
        logger.warning("thread given %s", input_data.texts())
        raise TransientError(f"not now: {input_data.texts()}")


class Cached(Plugin[VaultInput, VaultOutput]):
    metadata = PluginMetadata(name="vault.cached", read_only=True, cache_ttl=60)

    async def execute(self, input_data: VaultInput) -> VaultOutput:
        return VaultOutput(said=str(input_data.texts()), token=input_data.token)


class Caller(Plugin[VaultInput, VaultOutput]):
    """Hands a secret of its own on to a plugin that fails with it."""

    metadata = PluginMetadata(name="vault.caller")

    async def execute(self, input_data: VaultInput, context: Context) -> VaultOutput:
        await context.call("vault.opens", {"way": input_data.way, "token": MADE})
        return VaultOutput()


class Keeper(Plugin[VaultInput, VaultOutput]):
    metadata = PluginMetadata(name="vault.keeper")

    async def execute(self, input_data: VaultInput, context: Context) -> VaultOutput:
        await context.store.put("given", "last", {"token": input_data.token})
        return VaultOutput()


class Leaver(Plugin[PluginInput, PluginOutput]):
    """Fails when it goes."""

    metadata = PluginMetadata(name="vault.leaver")
    config_model = VaultConfig

    def on_unload(self) -> None:
        raise RuntimeError(f"cannot log out with {self.config.api_key.get_secret_value()}")

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput()


class Careless(Plugin[PluginInput, PluginOutput]):
    """Does not load, and says why."""

    metadata = PluginMetadata(name="vault.careless")
    config_model = VaultConfig

    def on_load(self) -> None:
        raise RuntimeError(f"cannot log in with {self.config.api_key.get_secret_value()}")

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput()


class StrictConfig(BaseModel):
    api_key: int = Field(json_schema_extra=Sensitive)


class Misfit(Plugin[PluginInput, PluginOutput]):
    """Its configuration is of a wrong type."""

    metadata = PluginMetadata(name="vault.misfit")
    config_model = StrictConfig

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput()


class FragileConfig(BaseModel):
    api_key: SecretStr

    def model_post_init(self, context: Any) -> None:
        raise LookupError(f"no such key: {self.api_key.get_secret_value()}")


class Fragile(Plugin[PluginInput, PluginOutput]):
    """The model of its configuration crashes."""

    metadata = PluginMetadata(name="vault.fragile")
    config_model = FragileConfig

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput()
