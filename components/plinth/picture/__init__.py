"""Pictures of a preview: its components, and who talks to whom."""
