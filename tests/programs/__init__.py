"""Programs as PyTorch users write them. tests/test_programs.py runs each twice: as it stands, and with only its imports changed."""
