"""The catalogue as operators look through it: filters, order, pages, table."""
