"""Network meta-analysis of aggregate data: arms, contrasts, or both, of any outcome."""
