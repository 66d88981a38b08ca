"""What a request may look like, in our own declarations. Judges requests; carries nothing out."""
