"""``torch.version``: what this build was made with. There is nothing compiled in it.

Source: https://pytorch.org/docs/stable/torch.html
"""

__version__ = "0.1.0"
debug = False
git_version = ""
cuda = hip = xpu = None
