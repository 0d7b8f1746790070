"""The report: figures, words and pages made from the results."""
