"""The pad: what is on it, the pens that draw on it, its canvas and its buttons."""
