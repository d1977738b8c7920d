"""Files of each format to text with pages and metadata."""
