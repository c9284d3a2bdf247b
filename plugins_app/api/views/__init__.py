"""The HTTP API. Each view names its scope, reads its parameters, calls one verb, renders."""
