"""The verbs of `imprimatur`, one a module; what they share is in `common`."""
