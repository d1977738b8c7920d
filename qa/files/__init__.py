"""Files that people bring or keep: batches of questions, uploads, original papers, feedback."""
