"""The graph in Graphviz's language, as a pure function of the model and of what is being looked at.

``to_dot`` gives the whole drawing, cards included, for any Graphviz with HTML labels. ``layout_dot`` gives boxes of the
cards' sizes: with it every Graphviz can do the layout (also one that was built without HTML labels), and ``paint``
draws the cards into it.
"""

from html import escape
from math import ceil

from .box import box_label, box_size, heading, heading_parts
from .card import CAPTION_SIZE, NAME_SIZE, PAD, SMALL_SIZE, card_of, op_size, pill_words, reference_size, shorten
from .chip import chip_label, chip_size
from .letters import text_width
from .lines import lines_of
from .theme import FONT, frame_roles, theme
from .view import State, View

AS_IT_IS = View()
TYPEWRITER = 0.6  # the width of a letter of Courier, as a part of its size
IN_TIME = "nslimit=2 nslimit1=2 mclimit=0.3"  # a layout slightly less perfect: seconds instead of minutes for long graphs with shared weights


def to_dot(model, view=AS_IT_IS):
    """The drawing as DOT text: rounded cards, circles, and at a backward step the dashed arrow with its sum."""
    state, colours = State(model, view), theme(view.theme)
    nodes = []
    for key, node, card in cards(state):
        nodes.append(f"{key} [shape=plain {_meta(key, 'tensor', node.kind)} label=<{_table(card, colours, state, key)}>];")
    for key, node in references(model).items():
        border, ink = (colours[role] for role in frame_roles(node.kind))
        label = _font(shorten(node.name), NAME_SIZE, ink, bold=True)
        nodes.append(f'{key} [shape=box style=rounded margin="0.08,0.04" height=0.3 color="{border}" {_meta(key, "reference")} label=<{label}>];')
    for key, node in chips(model).items():
        nodes.append(f"{key} [shape=plain {_meta(key, 'tensor', 'chip', node.kind)} label=<{chip_label(node, colours)}>];")
    for key, op in model.ops.items():
        look = _op_look(state, op, colours) if op.box is None else f"shape=plain label=<{box_label(op, colours, state.mark(key))}>"
        nodes.append(f"{key} [{look} {_meta(key, 'op' if op.box is None else 'box')}];")
    return _assemble(state, nodes, colours)


def layout_dot(model, view=AS_IT_IS):
    """The same graph with a bare box in place of each card and circle."""
    state = State(model, view)
    nodes = [f"{key} [shape=box {_fixed(card.size)} {_meta(key, 'tensor', node.kind)}];" for key, node, card in cards(state)]
    for key, node in references(model).items():
        nodes.append(f"{key} [shape=box {_fixed(reference_size(node.name))} {_meta(key, 'reference')}];")
    for key, node in chips(model).items():
        nodes.append(f"{key} [shape=box {_fixed(chip_size(node))} {_meta(key, 'tensor', 'chip', node.kind)}];")
    for key, op in model.ops.items():
        size = op_size(op, model.compact) if op.box is None else box_size(op)
        nodes.append(f"{key} [shape={'circle' if size[0] == size[1] else 'box'} {_fixed(size)} {_meta(key, 'op' if op.box is None else 'box')}];")
    return _assemble(state, nodes, theme(view.theme), _heading_room)


def cards(state, only=None):
    """(id, node, Card) of every tensor that has a card, or of those in ``only``."""
    if state.model.compact:
        return []
    scale, stacked = state.model.scale, state.is_small
    drawn = {key: node for key, node in state.model.tensors.items() if key not in state.model.wires and (only is None or key in only)}
    return [(key, node, card_of(node, state.pictures(node), scale, stacked)) for key, node in drawn.items()]


def chips(model):
    """id -> TensorNode of what is drawn as a chip: in a large graph, all tensors that are no lines."""
    return {key: node for key, node in model.tensors.items() if key not in model.wires} if model.compact else {}


def references(model):
    """id of each stand-in -> the TensorNode it stands for."""
    return {key: model.tensors[model.edges[number].source] for number, key in model.references().items()}


def _assemble(state, nodes, colours, label=None):
    """Graph attributes, nodes and edges as one DOT text."""
    direction = "rankdir=LR nodesep=0.3 ranksep=0.3" if state.is_small else f"rankdir=TB nodesep=0.4 ranksep=0.3 {IN_TIME}"
    if state.model.compact:
        direction = f"rankdir=TB nodesep=0.25 ranksep=0.4 {IN_TIME}"
    head = [
        "digraph {",
        f'graph [{direction} bgcolor="transparent" pad=0.2];',
        f'node [fontname="{FONT}" fontsize={NAME_SIZE} fontcolor="{colours["text"]}"];',
        f'edge [fontname="{FONT}" fontsize={SMALL_SIZE} color="{colours["line"]}" arrowsize=0.6];',
    ]
    stand_ins = state.model.references()
    edges = [_edge(line, stand_ins.get(line.number, line.source), state, colours) for line in lines_of(state.model)]
    flows = [_flow(flow, state, colours) for flow in state.flows.values()]
    return "\n".join([*head, *nodes, *clusters(state.model, colours, label or _heading_label), *edges, *flows, "}"]) + "\n"


def clusters(model, colours, label_of):
    """The open groups, nested, each with a heading and the ids of what stands directly in it."""
    inside = {key: [] for key in model.clusters}
    for key, node in (*model.ops.items(), *model.tensors.items()):
        place = model.cluster_of(node)
        if place is not None and key not in model.wires:
            inside[place].append(key)
    look = f'style=rounded penwidth=1 color="{colours["group_line"]}" labeljust=l margin=10 fontsize={NAME_SIZE}'
    written = {}
    for key, group in reversed(model.clusters.items()):  # inner ones first
        below = [written[other] for other, inner in model.clusters.items() if inner.parent == key]
        opening = f'subgraph cluster_{key} {{ graph [id="{key}" class="group" {look} bgcolor="{colours["group"]}" {label_of(group, model)}];'
        written[key] = " ".join([opening, *(f"{one};" for one in inside[key]), *below, "}"])
    return [written[key] for key, group in model.clusters.items() if group.parent is None]


def _heading_label(group, model):
    return f'fontname="{FONT}" label={quoted(heading(group, model))}'


def _heading_room(group, model):
    """A label as wide as the heading that is painted in its place: every Graphviz knows how wide the letters of a typewriter are."""
    title, words = heading_parts(group, model)
    width = text_width(title, NAME_SIZE, bold=True) + 6 + text_width(words, SMALL_SIZE) + PAD
    return f'fontname="Courier" label="{"x" * ceil(width / (TYPEWRITER * NAME_SIZE))}"'


def _edge(line, source, state, colours):
    """The arrow of the computation. In a large graph a backward step turns it round and writes its sum beside it."""
    edge = state.model.edges[line.number]
    flow = state.flow_along(edge)
    look = ' style=dotted arrowhead=normal' if line.passing else ""
    if line.label:
        look += f' xlabel={quoted(f" {line.label} ")} fontcolor="{colours["small"]}"'
    if flow is not None:
        look = f" {_back(colours)} xlabel={quoted(flow.label)}"
    if state.runs_forward(edge):
        look += f' color="{colours["value"]}" penwidth=2'
    return f'{source} -> {line.target} [id="e{line.number}" class="data"{look}];'


def _flow(flow, state, colours):
    """The dashed arrow back. While stepping, the others are there too, unseen: so nothing moves from step to step."""
    look = _back(colours) if state.runs(flow) else "style=invis"
    return f'{flow.tensor} -> {flow.op} [id="{flow.id}" class="flow" constraint=false {look} label={quoted(flow.label)}];'


def _back(colours):
    return f'dir=back style=dashed color="{colours["gradient"]}" fontcolor="{colours["gradient_ink"]}" penwidth=1.6'


def _meta(key, *classes):
    return f'id="{key}" class="{" ".join(classes)}"'


def _fixed(size):
    width, height = size
    return f'fixedsize=true width={width / 72:.3f} height={height / 72:.3f} label=""'


def quoted(words):
    """A DOT string: quotes and backslashes lose their meaning, newlines become line breaks."""
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


# --- the cards as HTML labels ---------------------------------------------------------------------------------------


def _op_look(state, op, colours):
    """A circle or pill with its symbol; where the step is, a thick ring in the colour of its direction."""
    width, height = op_size(op, state.model.compact)
    shape = "shape=circle style=filled" if width == height else 'shape=box style="rounded,filled"'
    fill, line, pen = op_colours(state.mark(op.id) or ("selected" if state.view.selected == op.id else ""))
    if state.model.compact:
        caption = ""
        symbol, caption = pill_words(op)
        inner = " ".join(filter(None, (f"<B>{escape(symbol)}</B>", _font(caption, CAPTION_SIZE, colours["small"]))))
        size = f"fixedsize=true width={width / 72:.3f} height={height / 72:.3f}"
        return f'{shape} {size} fillcolor="{colours[fill]}" color="{colours[line]}" penwidth={pen} label=<{inner}>'
    caption = f" xlabel=<{_font(op.caption, CAPTION_SIZE, colours['small'])}>" if op.caption else ""
    size = f"fixedsize=true width={width / 72:.3f} height={height / 72:.3f}"
    return f'{shape} {size} fillcolor="{colours[fill]}" color="{colours[line]}" penwidth={pen} label=<<B>{escape(op.symbol)}</B>>{caption}'


def op_colours(mark):
    """(fill role, border role, border width) of an operation or card with this mark."""
    return {
        "forward": ("value_wash", "value", 2.4),
        "backward": ("gradient_wash", "gradient", 2.4),
        "selected": ("op", "value", 2.4),
    }.get(mark, ("op", "op_line", 1))


def _table(card, colours, state, key):
    """A card as an HTML label: the header, then the blocks in a row or in a column."""
    border, ink = frame_roles(card.kind)
    thick = 2 if state.mark(key) or state.view.selected == key else 1
    header = f"{_font(card.name, NAME_SIZE, colours[ink], bold=True)}  {_font(card.subtitle, SMALL_SIZE, colours['small'])}"
    blocks = [f"<TD>{_block_table(block, colours)}</TD>" for block in card.blocks]
    rows = "".join(f"<TR>{block}</TR>" for block in blocks) if card.stacked else f"<TR>{''.join(blocks)}</TR>"
    span = 1 if card.stacked else len(blocks)
    frame = f'BORDER="{thick}" COLOR="{colours[border]}" BGCOLOR="{colours["card"]}" STYLE="ROUNDED"'
    return (
        f'<TABLE {frame} CELLBORDER="0" CELLSPACING="2" CELLPADDING="2">'
        f'<TR><TD ALIGN="LEFT" COLSPAN="{span}">{header}</TD></TR>{rows}</TABLE>'
    )


def _block_table(block, colours):
    """A thumbnail above its caption."""
    if block.known and block.cells:
        rows = "".join(f"<TR>{''.join(_cell(cell, block.cell_size, colours) for cell in row)}</TR>" for row in block.cells)
        picture = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="0">{rows}</TABLE>'
    else:
        picture = _font(block.absent, SMALL_SIZE, colours["small"])
    caption = _font(block.caption, CAPTION_SIZE, colours[block.role + "_ink"])
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"><TR><TD>{picture}</TD></TR><TR><TD>{caption}</TD></TR></TABLE>'


def _cell(cell, size, colours):
    width, height = size
    colour = f"{colours[cell.role]}{round(cell.depth * 255):02x}"
    return f'<TD BGCOLOR="{colour}" FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height}">{_font(cell.text, SMALL_SIZE, colours["text"])}</TD>'


def _font(words, size, colour, bold=False):
    """Escaped text in one size and colour; nothing at all for no text, which Graphviz would refuse."""
    inner = escape(words)
    if not inner:
        return ""
    return f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{f"<B>{inner}</B>" if bold else inner}</FONT>'
