"""The answer to a drawing: the sentence, the bars, why, where it looked, and what the layers saw."""
