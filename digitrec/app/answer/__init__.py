"""The answer to a drawing: sentence and bars, why, where it looked, what the layers saw."""
