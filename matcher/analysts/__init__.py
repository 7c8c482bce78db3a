"""Who analyses questions: rules, or a language model over them. What they answer is in `matcher.analysis`."""
