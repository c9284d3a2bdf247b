from __future__ import annotations

from plugins_app.core.caller import Scope, model_allowed
from plugins_app.core.errors import Forbidden, ModelNotAllowed, Unauthenticated
from plugins_app.core.execution import Answering, CallNext, Execution


class Authorize:
    """Scope, administrator, and the AI model that the caller speaks for."""

    def __call__(self, execution: Execution, call_next: CallNext) -> Answering:
        caller, metadata = execution.caller, execution.loaded.metadata
        if not caller.may(Scope.EXECUTE):
            if not caller.authenticated:
                raise Unauthenticated("Executing plugins needs an API key or a login")
            raise Forbidden("Executing plugins needs the scope 'execute'")
        if metadata.requires_admin and not caller.may(Scope.ADMIN):
            raise Forbidden(f"Plugin {metadata.name!r} is for administrators")
        if not model_allowed(caller.model, metadata.allowed_models):
            raise ModelNotAllowed(
                f"Plugin {metadata.name!r} does not allow the model {caller.model!r}"
            )
        return call_next(execution)
