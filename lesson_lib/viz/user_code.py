"""The user's failing expression as a syntax tree: which part of it is which operand, and how the line reads with a part replaced."""

import ast
import linecache
from types import ModuleType

from ..nn.module import Module

PLAIN = ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.Constant | ast.Tuple | ast.List  # need no parentheses before a dot


class UserCode:
    """The statement in which a call failed. Nothing of it is run: variables are only looked up."""

    def __init__(self, call):
        self.frame, self.callers = call.frame, call.callers
        self.text = "".join(linecache.getlines(call.frame.f_code.co_filename, call.frame.f_globals))
        self.statement, self.expression = _found(self.text, call.at)
        self.parts = {} if self.expression is None else self._parts(call)

    def name(self, operand):
        """What the user wrote for an operand, such as ``b`` or ``model(x)``; None if it is nowhere to be seen."""
        part = self.parts.get(operand.place)
        return None if part is None else _one_line(ast.get_source_segment(self.text, part))

    def receiver(self, operand):
        """The same, with parentheses where a method would bind too tightly."""
        part, name = self.parts.get(operand.place), self.name(operand)
        return name if isinstance(part, PLAIN) else f"({name})"

    def module_name(self, root, path):
        """``model.fc``: the variable that holds the outermost module (or one around it), and the path to the inner one; None if no variable does."""
        scopes = [scope for frame in self.callers for scope in (frame.f_locals, frame.f_globals)]
        held = {id(value): name for scope in reversed(scopes) for name, value in scope.items() if isinstance(value, Module) and not name.startswith("_")}
        if id(root) in held:
            return _dotted(held[id(root)], path)
        around = {id(value): value for scope in scopes for value in scope.values() if id(value) in held}
        for key, value in around.items():
            above = next((name for name, module in value.named_modules() if module is root), None)
            if above is not None:
                return _dotted(held[key], f"{above}.{path}")
        return None

    def parameter(self, position, name, words):
        """What to replace so that the call gets ``words`` for a parameter: the argument, or the end of the call; nothing if it is no call."""
        node = self.expression
        if not isinstance(node, ast.Call):
            return {}
        for keyword in node.keywords:
            if keyword.arg in (name, {"dim": "axis"}.get(name)):
                return {keyword.value: words}
        given = self._given()
        if position < len(given):
            return {given[position]: words}
        source = ast.get_source_segment(self.text, node)
        comma = ", " if node.args or node.keywords else ""
        return {node: f"{source[:-1].rstrip(', ')}{comma}{name}={words})"}

    def written_out(self):
        """``a = a + b`` for ``a += b``."""
        node = self.statement
        return ast.unparse(ast.Assign([node.target], ast.BinOp(node.target, node.op, node.value), lineno=node.lineno))

    def line(self, replaced):
        """The statement on one line, with other text in place of some parts (a part -> its text)."""
        ends = [0]
        for row in self.text.splitlines(keepends=True):
            ends.append(ends[-1] + len(row.encode()))
        source = self.text.encode()  # Python counts columns in bytes
        first = ends[self.statement.lineno - 1] + self.statement.col_offset
        last = ends[self.statement.end_lineno - 1] + self.statement.end_col_offset
        if hasattr(self.statement, "body"):  # of a loop only the first line
            last = ends[self.statement.lineno]
        for part, words in sorted(replaced.items(), key=lambda pair: -(ends[pair[0].lineno - 1] + pair[0].col_offset)):
            begin, end = ends[part.lineno - 1] + part.col_offset, ends[part.end_lineno - 1] + part.end_col_offset
            source = source[:begin] + words.encode() + source[end:]
            last += len(words.encode()) - (end - begin)
        return _one_line(source[first:last].decode())

    def _parts(self, call):
        """place of an operand -> the node of the syntax tree that stands for it."""
        own = {id(tensor) for module in call.calls for tensor in (*module.parameters(), *module.buffers())}
        names = [node for node in ast.walk(self.expression) if isinstance(node, ast.Name | ast.Attribute)]
        names.sort(key=lambda node: (node.lineno, node.col_offset))
        found = {}
        for operand in call.operands:
            part = self._argument(operand) if call.direct and id(operand.tensor) not in own else None
            if part is None:  # not where it was expected: is it a variable?
                part = next((node for node in names if node not in found.values() and self._value(node) is operand.tensor), None)
            if part is not None:
                found[operand.place] = part
        return found

    def _argument(self, operand):
        """The part of the expression at the operand's place, or None; a variable that holds another tensor is not it."""
        where, key, *inner = operand.place
        given = self._given()
        node = given[key] if where == "args" and key < len(given) and not any(isinstance(one, ast.Starred) for one in given) else None
        if node is None and isinstance(self.expression, ast.Call):
            node = next((keyword.value for keyword in self.expression.keywords if keyword.arg == operand.role), None)
        if inner:
            node = node.elts[inner[0]] if isinstance(node, ast.Tuple | ast.List) and inner[0] < len(node.elts) else None
        return None if node is None or self._value(node) not in (None, operand.tensor) else node

    def _given(self):
        """The parts of the expression that an operation gets, in its order."""
        node = self.expression
        if isinstance(node, ast.BinOp):
            return [node.left, node.right]
        if isinstance(node, ast.AugAssign):
            return [node.target, node.value]
        if isinstance(node, ast.Compare):
            return [node.left, *node.comparators]
        if isinstance(node, ast.Subscript):
            return [node.value, node.slice, *([self.statement.value] if isinstance(self.statement, ast.Assign) and isinstance(node.ctx, ast.Store) else [])]
        if isinstance(node, ast.Call):
            function = self._value(node.func)
            method = isinstance(node.func, ast.Attribute) and not isinstance(function, Module) and not isinstance(self._value(node.func.value), ModuleType | Module)
            return [*([node.func.value] if method else []), *node.args]
        return []

    def _value(self, node):
        """What a name, or an attribute of a module or of a Module, stands for; None where looking it up could run code of the user's."""
        if isinstance(node, ast.Name):
            return self.frame.f_locals.get(node.id, self.frame.f_globals.get(node.id))
        if isinstance(node, ast.Attribute):
            owner = self._value(node.value)
            if isinstance(owner, Module):
                return next((table[node.attr] for table in (owner._parameters, owner._buffers, owner._modules) if node.attr in table), None)
            return vars(owner).get(node.attr) if isinstance(owner, ModuleType) else None
        return None


def _found(text, at):
    """(the statement, the expression) at a place of the source; (None, None) where there is no source."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None, None
    line, last_line, column, last_column = at
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and node.lineno <= (line or 0) <= node.end_lineno]
    if not statements:
        return None, None
    statement = max(statements, key=lambda node: (node.lineno, node.col_offset))
    exact = [
        node for node in ast.walk(statement)
        if hasattr(node, "lineno") and (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset) == (line, last_line, column, last_column)
    ]  # fmt: skip
    return statement, next((node for node in exact if not isinstance(node, ast.Expr)), None)


def _dotted(name, path):
    """``net[2].fc`` for the path 2.fc in ``net``."""
    return name + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split(".") if part)


def _one_line(source):
    return " ".join(source.split())
