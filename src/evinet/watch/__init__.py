"""What is new in ClinicalTrials.gov and in PubMed for a review. It never enters a number."""
