"""The typed configuration: one schema that validates, documents and makes the example; its errors; secrets by reference."""
