"""What the visitor's browser stores for this page, in Python and in JavaScript."""
