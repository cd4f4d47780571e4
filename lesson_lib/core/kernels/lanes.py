"""Eight float32 at once, as one value: the compiler keeps such values in registers over a whole loop, which it does with no part of an array."""

from llvmlite import ir
from numba import float32, void
from numba.core import types
from numba.extending import intrinsic, models, register_model

EIGHT = ir.VectorType(ir.FloatType(), 8)
MAY_FUSE = ("contract",)  # a·b + c in one instruction, where the processor has one


class Lanes(types.Type):
    """The type of such a value."""

    def __init__(self):
        super().__init__("eight float32")


lanes = Lanes()


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, EIGHT)


def _place(context, builder, kind, line, at, pointer):
    """Where number ``at`` of the line stands; nothing is checked."""
    return builder.bitcast(builder.gep(context.make_array(kind)(context, builder, line).data, [at]), pointer.as_pointer())


def _spread(builder, number):
    one = builder.insert_element(ir.Constant(EIGHT, ir.Undefined), number, ir.IntType(32)(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8))


@intrinsic
def load(context, line, at):
    """line[at : at + 8]."""

    def emit(context, builder, signature, args):
        return builder.load(_place(context, builder, signature.args[0], *args, EIGHT), align=4)

    return lanes(line, at), emit


@intrinsic
def spread_out(context, line, at):
    """line[at], eight times."""

    def emit(context, builder, signature, args):
        return _spread(builder, builder.load(_place(context, builder, signature.args[0], *args, ir.FloatType())))

    return lanes(line, at), emit


@intrinsic
def add_product(context, total, a, b):
    """total + a·b."""

    def emit(context, builder, signature, args):
        return builder.fadd(args[0], builder.fmul(args[1], args[2], flags=MAY_FUSE), flags=MAY_FUSE)

    return lanes(lanes, lanes, lanes), emit


@intrinsic
def total(context, value):
    """The sum of the eight."""

    def emit(context, builder, signature, args):
        kind = ir.FunctionType(ir.FloatType(), [ir.FloatType(), EIGHT])
        reduce = builder.module.declare_intrinsic("llvm.vector.reduce.fadd.v8f32", (), kind)
        return builder.call(reduce, [ir.FloatType()(0), args[0]], fastmath=["reassoc"])

    return float32(lanes), emit


@intrinsic
def deal(context, line, even, odd, source, at):
    """line[even : even + 8], line[odd : odd + 8] = source[at : at + 16 : 2], source[at + 1 : at + 16 : 2]."""

    def emit(context, builder, signature, args):
        kinds, number = signature.args, ir.IntType(64)
        halves = [builder.load(_place(context, builder, kinds[3], args[3], builder.add(args[4], number(n)), EIGHT), align=4) for n in (0, 8)]
        for first, to in enumerate(args[1:3]):
            order = ir.Constant(ir.VectorType(ir.IntType(32), 8), [*range(first, 16, 2)])
            builder.store(builder.shuffle_vector(*halves, order), _place(context, builder, kinds[0], args[0], to, EIGHT), align=4)
        return context.get_dummy_value()

    return void(line, even, odd, source, at), emit


@intrinsic
def store(context, line, at, value):
    """line[at : at + 8] = value."""

    def emit(context, builder, signature, args):
        builder.store(args[2], _place(context, builder, signature.args[0], *args[:2], EIGHT), align=4)
        return context.get_dummy_value()

    return void(line, at, lanes), emit
