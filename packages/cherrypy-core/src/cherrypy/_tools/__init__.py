"""Hooks, tools and toolboxes."""
