"""What is there of all that a site may use, whether it works, and what to do about what does not."""
