"""The source: query, column mapping, weeks, merging rows, templates, what is wrong with the data."""
