"""The pages: a module each. A page asks the services, and renders."""
