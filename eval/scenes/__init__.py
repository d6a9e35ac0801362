"""Generators and scores for what real libraries and recordings bring; run by plays.py."""
