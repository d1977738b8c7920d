"""A query to ranked sentences: retrieval, features, learned ranking, reading."""
