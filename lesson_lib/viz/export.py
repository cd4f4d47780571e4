"""A picture to take along: PNG and PDF made from the SVG, with DejaVu's letters inside, so that they look the same everywhere.

resvg-py paints the pixels, fpdf2 writes the page; the letters come with Matplotlib. All three are in the extra ``lab``.
DejaVu has no Chinese letters: for a picture with such words a Chinese font of the system is used.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

from .theme import theme as colours_of

FAMILY = "DejaVu Sans"
STYLES = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf", "I": "DejaVuSans-Oblique.ttf"}
ZOOM = 2  # pixels for each point: sharp on screens of today
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback",
    "Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "Arial Unicode MS",
)  # fmt: skip
NO_CHINESE = (
    "This picture has Chinese words, and no font with Chinese letters was found. Install one, for example Noto Sans CJK (Debian, Ubuntu: apt install fonts-noto-cjk), "
    "or save the picture as .svg, whose letters come from the reader's system, or switch to English: viz.language('en')"
)
HOW_TO = "To save a picture as {format}, run: python -m pip install {package} matplotlib"
SVG = "http://www.w3.org/2000/svg"


def to_png(svg, theme="light"):
    """The picture as PNG bytes, twice as large as its nominal size, on the theme's background."""
    try:
        import resvg_py
    except ImportError:
        raise ImportError(HOW_TO.format(format="PNG", package="resvg-py")) from None
    letters = [str(path) for path in (*_letters("PNG", "resvg-py").values(), *_chinese_font(svg))]
    look = {"font_files": letters, "font_family": FAMILY, "sans_serif_family": FAMILY, "skip_system_fonts": True}
    svg = re.sub(r'(width|height)="([\d.]+)pt"', r'\1="\2"', svg, count=2)  # resvg refuses some sizes in points
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=ZOOM, background=colours_of(theme)["page"], **look))


def to_pdf(svg):
    """The picture as a PDF of one page of its size: lines and letters, not pixels."""
    try:
        import fpdf
    except ImportError:
        raise ImportError(HOW_TO.format(format="PDF", package="fpdf2")) from None
    root = ElementTree.fromstring(svg)
    width, height = (float(number) for number in root.get("viewBox").split()[2:])
    page = fpdf.FPDF(unit="pt", format=(width, height))
    page.set_margin(0)
    page.set_auto_page_break(False)
    letters = _letters("PDF", "fpdf2")
    for other in _chinese_font(svg):
        letters = dict.fromkeys(letters, other)  # fpdf2 takes all letters of a text from one font
    for style, path in letters.items():
        page.add_font(FAMILY, style, path)
    page.add_page()
    fpdf.svg.SVGObject(_for_pdf(root)).draw_to_page(page)
    return bytes(page.output())


def _letters(format, package):
    """Style -> font file."""
    try:
        import matplotlib
    except ImportError:
        raise ImportError(HOW_TO.format(format=format, package=package)) from None
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    return {style: folder / name for style, name in STYLES.items()}


def _chinese_font(svg):
    """The file of a font of the system that has Chinese letters, as a list, which is empty if the picture needs none; RuntimeError if there is none."""
    if not re.search("[\u2e80-\uffdc]", svg):
        return []
    from matplotlib import font_manager  # looks through all fonts of the system, which takes a second

    known = {font.name: font.fname for font in font_manager.fontManager.ttflist}
    for name in CHINESE_FONTS:
        if name in known:
            return [Path(known[name])]
    raise RuntimeError(NO_CHINESE)


def _for_pdf(root):
    """The SVG text with our letters by name, and without what fpdf2 does not draw: titles, and the halo of words on a line, which would hide them."""
    for element in root.iter():
        for title in element.findall(f"{{{SVG}}}title"):
            element.remove(title)
        if element.get("font-family"):
            element.set("font-family", FAMILY)
        if element.get("paint-order"):
            for name in ("paint-order", "stroke", "stroke-width"):
                element.attrib.pop(name, None)
        if element.get("style"):
            element.set("style", re.sub(r"font-family:[^;]*", f"font-family:{FAMILY}", element.get("style")))
    ElementTree.register_namespace("", SVG)
    return ElementTree.tostring(root, encoding="unicode")
