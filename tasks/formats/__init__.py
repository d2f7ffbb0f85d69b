"""File formats: pure readers and writers, one module per format."""
