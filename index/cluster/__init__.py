"""Reading and embedding on many machines, with Dask; the index is written by one, as always."""
