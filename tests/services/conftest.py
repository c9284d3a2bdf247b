from tests.runtime.conftest import engine_of, family

__all__ = ["engine_of", "family"]
