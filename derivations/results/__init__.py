"""One module a derived result; each has a function ``build``."""
