"""Evidence: trial files as published -> tidy, validated tables."""
