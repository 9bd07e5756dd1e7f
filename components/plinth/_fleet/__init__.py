"""What every tier of instances is made of: its boot document, its identity and its group."""
