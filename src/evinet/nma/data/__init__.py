"""The three kinds of data that studies bring to a network: arms, contrasts and patients."""
