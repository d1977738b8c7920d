"""A question as typed to a query: terms, wanted kind, people, spelling, abbreviations."""
