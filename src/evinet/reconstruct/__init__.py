"""Individual patient data from what a publication prints."""
