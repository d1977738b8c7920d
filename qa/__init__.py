"""Questions to quoted answers, and the command line."""
