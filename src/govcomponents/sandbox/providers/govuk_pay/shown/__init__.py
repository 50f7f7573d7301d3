"""Records of a stub for people."""
