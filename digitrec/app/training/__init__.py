"""A training as the page sees it: options, progress, guesses, and the choice at its end."""
