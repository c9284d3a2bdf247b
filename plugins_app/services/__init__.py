"""The verbs that all doors share. A door authenticates, calls one of these, and renders."""
