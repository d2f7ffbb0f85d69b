"""Estimate how thick the ice of micrographs is."""
