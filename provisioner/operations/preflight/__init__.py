"""The checks of `doctor`, a file for each thing that can be in the way."""
