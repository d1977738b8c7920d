"""Plain text and Markdown to documents."""
