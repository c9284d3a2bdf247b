"""The charts: a module for each, which makes a drawing from what the rollups say."""
