"""Population adjustment: for whom a result holds, and what it is for others.

`adjust` carries the effect of a trial with patients to the population of a published one, by
weights (MAIC) or by a model of the outcome (STC). `regression` and `answers` take networks of
patients and published arms; `modifiers` learns from published subgroups.
"""
