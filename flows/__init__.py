"""What happens to a session: one module per flow."""
