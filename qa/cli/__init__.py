"""The ``loccit`` command."""
