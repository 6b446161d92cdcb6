"""A training as the page sees it: its options, its progress, its guesses, and old and new beside each other."""
