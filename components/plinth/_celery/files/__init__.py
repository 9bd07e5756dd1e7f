"""Scripts that run on the instances, with the Python of Amazon Linux: 3.9, standard library."""
