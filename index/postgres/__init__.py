"""An index in a PostgreSQL database with pgvector. The only importer of psycopg."""
