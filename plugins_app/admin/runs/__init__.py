"""Lists of executions, and the page about one, as operators see them."""
