"""The visitor's own digits: what was corrected, and what the model learns from it."""
