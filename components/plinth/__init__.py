"""The production platform of a Python web application on AWS, as Pulumi components."""
