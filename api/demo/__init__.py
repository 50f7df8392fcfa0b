"""The demonstration: a few hundred payments of small shops, made up, and three to try by hand."""
