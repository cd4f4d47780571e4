"""The course as web pages. The source folder is the project's own, so that the notebooks are taken from where they are."""

project = "lesson_lib"
author = "The lesson_lib authors"

extensions = ["myst_nb"]
root_doc = "docs/index"
include_patterns = ["docs/*.md", "notebooks/*.ipynb"]
exclude_patterns = ["**/.ipynb_checkpoints"]

# The outputs in the notebooks are the ones that the tests have compared; nothing is run again.
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_title = "lesson_lib"
html_theme_options = {"repository_url": "https://github.com/lesson-lib/lesson_lib", "use_repository_button": True}
