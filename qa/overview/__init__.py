"""Questions about whole papers: their kind, the paper meant, and the sentences that answer."""
