"""What follows from a posterior, a table each."""
