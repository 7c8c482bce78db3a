"""A believable year, made up from a seed: who is there, when they come, and what they ask and say."""
