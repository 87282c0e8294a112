"""Official clients against relay: what they accumulate through it is what they accumulate from the provider."""
