"""One summary of a run, rendered as text, JSON, Markdown and HTML."""
