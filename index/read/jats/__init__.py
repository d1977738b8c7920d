"""JATS XML to documents."""
