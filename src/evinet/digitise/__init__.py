"""From the figure in a paper to curves, censor marks and numbers at risk."""
