"""Kernels that Numba compiles, each the second form of an operation whose readable form is the NumPy one. ``core/compiled.py`` chooses."""
