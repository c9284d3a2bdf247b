"""SharedState on Redis: one script, one round trip before a call and one after."""
