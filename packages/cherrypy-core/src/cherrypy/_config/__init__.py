"""Configuration: values, files, namespaces, and the token that every change replaces."""
