"""Looking for executions: the language of the search box, pages, groups, a histogram, an export."""
