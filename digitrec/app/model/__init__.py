"""The model in use: where it comes from, how good it is, what it mixes up, how it was built."""
