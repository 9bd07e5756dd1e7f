"""The platform on one machine: a model of its containers, and the two ways to start them."""
