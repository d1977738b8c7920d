"""Files that people hand in or take out: questions, uploads, feedback."""
