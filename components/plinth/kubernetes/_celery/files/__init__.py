"""Programs that are run in the app's own image, as text: they need Python, and no file of ours."""
