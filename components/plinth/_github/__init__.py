"""What GitHub Actions may do in an account: subjects, and the documents that name them."""
