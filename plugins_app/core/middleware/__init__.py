"""One concern around a call per file. The order is a list, in the runtime's engine."""
