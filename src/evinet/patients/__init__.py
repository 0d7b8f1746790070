"""Statistics of patients: Kaplan-Meier, Nelson-Aalen, Cox, log-rank, restricted means, rates."""
