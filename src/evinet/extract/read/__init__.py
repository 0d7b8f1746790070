"""Drafts of trial files from publications and registry records: rules, no network, no guessing."""
