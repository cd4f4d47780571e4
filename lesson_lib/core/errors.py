"""Every message a user can meet: PyTorch's type and first line, the user's own line, and one remedy.

``error("broadcast", a=2, b=3, dim=1)`` builds the exception; the caller raises it. One table holds the texts, so
that tests and the documentation are made from the same rows.
"""

import linecache
import os
import sys

from .messages_autograd import AUTOGRAD_MESSAGES
from .messages_data import DATA_MESSAGES
from .messages_dtypes import DTYPE_MESSAGES
from .messages_elements import ELEMENT_MESSAGES
from .messages_func import FUNC_MESSAGES
from .messages_layers import LAYER_MESSAGES
from .messages_linalg import LINALG_MESSAGES
from .messages_losses import LOSS_MESSAGES
from .messages_memory import MEMORY_MESSAGES
from .messages_modules import MODULE_MESSAGES
from .messages_nn import NN_MESSAGES
from .messages_profiler import PROFILER_MESSAGES
from .messages_random import RANDOM_MESSAGES
from .messages_recurrent import RECURRENT_MESSAGES
from .messages_saving import SAVING_MESSAGES
from .messages_schedules import SCHEDULE_MESSAGES
from .messages_signal import SIGNAL_MESSAGES
from .messages_spatial import SPATIAL_MESSAGES
from .messages_testing import TESTING_MESSAGES

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

#: kind -> (exception type, PyTorch's first line, what to do about it)
TABLE = {
    # shapes
    "broadcast": (RuntimeError, "The size of tensor a ({a}) must match the size of tensor b ({b}) at non-singleton dimension {dim}",
                  "Sizes must be equal or 1, counted from the right. Use unsqueeze, reshape or a transpose to line them up."),
    "inplace_shape": (RuntimeError, "output with shape {shape} doesn't match the broadcast shape {broadcast}",
                      "An in-place operation cannot grow its tensor. Write y = a + b instead of a += b."),
    "overlap": (RuntimeError, "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation.",
                "expand() shows one element many times; write to x.clone() or to the tensor before expand()."),
    "overlap_partly": (RuntimeError, "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. Please clone() the tensor before performing the operation.",
                       "Part of what is read would be overwritten first. Read from a copy: x[:-1].clone()."),
    "read_only": (RuntimeError, "the tensor's memory is read-only", "It comes from a read-only NumPy array: write to x.clone()."),
    "fill_value": (RuntimeError, "fill_ only supports 0-dimension value tensor but got tensor with {ndim} dimensions.", "Use copy_ to write a tensor."),
    "detach_view": (RuntimeError, "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution.",
                    "Use x.detach()."),
    "type_name": (ValueError, "invalid type: '{name}'", "Use a dtype, such as float32."),
    "dtype_type": (TypeError, "{name}(): argument 'dtype' must be torch.dtype, not {type}", "Use a dtype, such as float32."),
    "matmul": (RuntimeError, "mat1 and mat2 shapes cannot be multiplied ({m}x{k} and {k2}x{n})",
               "The columns of the first must equal the rows of the second. Check the layer's in_features, or transpose one of them."),
    "matmul_1d": (RuntimeError, "inconsistent tensor size, expected tensor [{a}] and src [{b}] to have the same number of elements, but got {a} and {b} elements respectively",
                  "A dot product needs two vectors of the same length."),
    "matmul_vec": (RuntimeError, "size mismatch, got input ({input}), mat ({m}x{k}), vec ({k2})",
                   "The matrix needs as many columns as the vector has elements."),
    "bmm": (RuntimeError, "Expected size for first two dimensions of batch2 tensor to be: [{b}, {k}] but got: [{b2}, {k2}].",
            "Each batch multiplies (n×m) by (m×p)."),
    "must_be_matrix": (RuntimeError, "{name} must be a matrix", "mm takes two 2-d tensors; matmul (or @) takes any number of dimensions."),
    "must_be_3d": (RuntimeError, "{name} must be a 3D tensor", "bmm takes two 3-d tensors; matmul (or @) takes any number of dimensions."),
    "must_be_matrix_2d": (RuntimeError, "{name} must be a matrix, got {ndim}-D tensor", "addmm takes two 2-d tensors."),
    "mv_dims": (RuntimeError, "vector + matrix @ vector expected, got 1, {a}, {b}", "mv takes a matrix and a vector."),
    "dot_dims": (RuntimeError, "1D tensors expected, but got {a}D and {b}D tensors", "dot takes two vectors; matmul (or @) takes any number of dimensions."),
    "dot_dtype": (RuntimeError, "dot : expected both vectors to have same dtype, but found {a} and {b}", "Convert one of them with .to(dtype)."),
    "addmv_dtype": (RuntimeError, "addmv input tensors must have the same dtype, but got {x}, {a}, and {b}", "Convert one of them with .to(dtype)."),
    "addmm_dtype": (RuntimeError, "{name} and mat2 must have the same dtype, but got {a} and {b}", "Convert one of them with .to(dtype)."),
    "outer_dims": (RuntimeError, "outer: Expected 1-D argument {name}, but got {ndim}-D", "outer takes two vectors; flatten them first."),
    "contract_sizes": (RuntimeError, "contracted dimensions need to match, but first has size {a} in dim {i} and second has size {b} in dim {j}", "The summed dimensions need equal sizes."),
    "einsum": (RuntimeError, "einsum(): {message}", "Each operand needs one letter per dimension; a letter always has one size."),
    "einsum_dims": (RuntimeError, "einsum(): the number of subscripts in the equation ({given}) does not match the number of dimensions ({ndim}) for operand {number} and no ellipsis was given",
                    "Each operand needs one letter per dimension."),
    "matmul_0d": (RuntimeError, "both arguments to matmul need to be at least 1D, but they are {a}D and {b}D", "Multiply by a scalar with * instead."),
    "view_shape": (RuntimeError, "shape '{shape}' is invalid for input of size {size}", "The new sizes must multiply to {size}; one of them may be -1."),
    "view_infer": (RuntimeError, "only one dimension can be inferred", "Leave at most one -1 in the shape."),
    "view_stride": (RuntimeError, "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.",
                    "reshape copies where view cannot; contiguous() first does the same."),
    "view_negative": (RuntimeError, "invalid shape dimension {size} at index {position} of shape {shape}", "Sizes are 0 or more; one -1 stands for whatever is left."),
    "view_ambiguous": (RuntimeError, "cannot reshape tensor of 0 elements into shape {shape} because the unspecified dimension size -1 can be any value and is ambiguous", "Write the size instead of -1."),
    "sizes_type": (TypeError, "{name}(): argument '{argument}' (position 1) must be tuple of ints, not {type}", "Sizes are integers: one by one, or as a tuple."),
    "sizes_item": (TypeError, "{name}(): argument '{argument}' failed to unpack the object at pos {position} with error \"type must be tuple of ints,but got {type}\"", "Sizes are integers."),
    "sizes_place": (TypeError, "{name}(): argument 'size' (position 2) must be tuple of ints, not {type}", "Write the shape as a tuple: (3,)."),
    "missing_argument": (TypeError, '{name}() missing 1 required positional arguments: "{argument}"', "See help({name}) for what it takes."),
    "zeros_size": (RuntimeError, "{name}: Dimension size must be non-negative.", "Sizes are 0 or more."),
    "negative_dim": (RuntimeError, "Trying to create tensor with negative dimension {size}: {shape}", "Sizes are 0 or more."),
    "number_type": (TypeError, "{name}(): argument '{argument}' (position {position}) must be Number, not {type}", "Give a number."),
    "eye_size": (RuntimeError, "{name} must be greater or equal to 0, got {size}", "Sizes are 0 or more."),
    "step_zero": (RuntimeError, "step must be nonzero", "The step says how far one number is from the next."),
    "step_zero_int": (ValueError, "step must be nonzero", "As an integer the step is 0: give a floating-point dtype."),
    "range_infinite": (RuntimeError, "unsupported range: {start} -> {end}", "Give two finite numbers."),
    "range_sign": (RuntimeError, "upper bound and lower bound inconsistent with step sign", "Counting down needs a negative step."),
    "negative_dimension": (RuntimeError, "Trying to create tensor with negative dimension {size}: {shape}", "A size is at least 0."),
    "arange_step": (RuntimeError, "step must be nonzero", "Count up with a positive step, down with a negative one."),
    "arange_sign": (RuntimeError, "upper bound and lower bound inconsistent with step sign", "Swap the bounds, or change the sign of the step."),
    "steps_negative": (RuntimeError, "number of steps must be non-negative", "Ask for 0 numbers or more."),
    "matrix_ndim": (RuntimeError, "{name}: input tensor must have at least 2 dimensions", "A vector has no triangle."),
    "diag_ndim": (RuntimeError, "diag(): Supports 1D or 2D tensors. Got {ndim}D", "diagonal() and diag_embed() take any number of dimensions."),
    "arguments": (TypeError, "{name}() received an invalid combination of arguments - got ({types}), but expected one of:", "See help({name}) for what it takes."),
    "dim_type": (TypeError, "{name}(): argument '{argument}' (position {position}) must be int, not {type}", "Give an integer."),
    "expand": (RuntimeError, "The expanded size of the tensor ({new}) must match the existing size ({old}) at non-singleton dimension {dim}.  Target sizes: {target}.  Tensor sizes: {sizes}",
               "expand only stretches dimensions of size 1."),
    "expand_few": (RuntimeError, "expand(torch.{title}{{{sizes}}}, size={size}): the number of sizes provided ({given}) must be greater or equal to the number of dimensions in the tensor ({ndim})",
                   "Give a size for each dimension; -1 keeps the one it has."),
    "expand_lead": (RuntimeError, "The expanded size of the tensor ({new}) isn't allowed in a leading, non-existing dimension {dim}", "-1 keeps a size; a new dimension has none to keep."),
    "t_dims": (RuntimeError, "t() expects a tensor with <= 2 dimensions, but self is {ndim}D", "Use mT to transpose the last two dimensions, or permute."),
    "matrix_property": (RuntimeError, "{message}", "permute and transpose take any number of dimensions."),
    "permute_count": (RuntimeError, "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {given}",
                      "Name every dimension once."),
    "permute_twice": (RuntimeError, "permute(): duplicate dims are not allowed.", "Name every dimension once."),
    "movedim_count": (RuntimeError, "movedim: Invalid source or destination dims: source ({source} dims) should contain the same number of dims as destination ({destination} dims)", "Every dimension needs one place to go."),
    "movedim_twice": (RuntimeError, "movedim: repeated dim in `{name}` ({dims})", "Name each dimension once."),
    "flatten_order": (RuntimeError, "flatten() has invalid args: start_dim cannot come after end_dim", "Dimensions start_dim to end_dim, both included, become one."),
    "unflatten_empty": (RuntimeError, "unflatten: sizes must be non-empty", "Give the sizes that the dimension is split into."),
    "unflatten_sizes": (RuntimeError, "unflatten: Provided sizes {sizes} don't multiply up to the size of dim {dim} ({size}) in the input tensor", "The new sizes must multiply to the old one; one of them may be -1."),
    "narrow_length": (RuntimeError, "narrow(): length must be non-negative.", "The length counts elements."),
    "narrow_start": (IndexError, "start out of range (expected to be in range of [{low}, {high}], but got {start})", "Negative numbers count from the end."),
    "narrow_end": (RuntimeError, "start ({start}) + length ({length}) exceeds dimension size ({size}).", "Take fewer elements, or start earlier."),
    "narrow_0d": (RuntimeError, "narrow() cannot be applied to a 0-dim tensor.", "A 0-d tensor has no dimension to narrow."),
    "select_range": (IndexError, "select(): index {index} out of range for tensor of size {sizes} at dimension {dim}", "Negative indexes count from the end."),
    "select_0d": (IndexError, "select() cannot be applied to a 0-dim tensor.", "A 0-d tensor is one number: use .item()."),
    "diagonal_dims": (RuntimeError, "diagonal dimensions cannot be identical {dim1}, {dim2}", "A diagonal runs through two different dimensions."),
    "roll_dims": (RuntimeError, "shifts and dimensions must align. shifts: {shifts}, dims:{dims}", "Give one shift for each dimension."),
    "rot90_dims": (RuntimeError, "expected rotation dims to be different, but got dim0 = {first} and dim1 = {second}", "A plane has two different dimensions."),
    "block_diag_ndim": (RuntimeError, "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {number} has {ndim} dimensions", "Reshape it to a matrix."),
    "repeat_few": (RuntimeError, "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor", "Give a count for every dimension, or use tile."),
    "repeats_negative": (RuntimeError, "{message}", "Counts are 0 or more."),
    "repeats_size": (RuntimeError, "repeats must have the same size as input along dim, but got repeats.size(0) = {found} and input.size({dim}) = {size}", "Give one count for each slice."),
    "window_size": (RuntimeError, "maximum size for tensor at dimension {dim} is {length} but size is {size}", "The window must fit into the dimension."),
    "unfold_negative": (RuntimeError, "size is {size} but must be >= 0", "The window's size counts elements."),
    "unfold_step": (RuntimeError, "step is {step} but must be > 0", "The step says how far one window is from the next."),
    "strided_length": (RuntimeError, "mismatch in length of strides and shape", "Every dimension has one size and one stride."),
    "strided_negative": (RuntimeError, "as_strided: Negative strides are not supported at the moment, got strides: {strides}", "Use flip to reverse a dimension."),
    "strided_bounds": (RuntimeError, "setStorage: sizes {sizes}, strides {strides}, storage offset {offset}, and itemsize {itemsize} requiring a storage size of {needed} are out of bounds for storage of size {held}",
                       "The last element, at offset + sum((size - 1) * stride), must lie inside the memory."),
    "meshgrid_indexing": (RuntimeError, 'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}', 'Use "ij" for matrix order, "xy" for plotting.'),
    "meshgrid_dtype": (RuntimeError, "meshgrid expects all tensors to have the same dtype", "Convert them with .to(dtype)."),
    "meshgrid_ndim": (RuntimeError, "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {found}D", "Each axis of the grid is one vector."),
    "dim_range": (IndexError, "Dimension out of range (expected to be in range of [{low}, {high}], but got {dim})",
                  "This tensor has {ndim} dimension(s); negative numbers count from the end."),
    "dim_repeated": (RuntimeError, "dim {dim} appears multiple times in the list of dims", "Name each dimension once."),
    "cat_shape": (RuntimeError, "Sizes of tensors must match except in dimension {dim}. Expected size {expected} but got size {found} for tensor number {index} in the list.",
                  "Only the joined dimension may differ."),
    "cat_dims": (RuntimeError, "Tensors must have same number of dimensions: got {a} and {b}", "unsqueeze the smaller one first."),
    "stack_shape": (RuntimeError, "stack expects each tensor to be equal size, but got {a} at entry 0 and {b} at entry {index}", "stack needs equal shapes; cat joins different ones."),
    "cat_empty": (ValueError, "torch.cat(): expected a non-empty list of Tensors", "Give at least one tensor."),
    "cat_0d": (RuntimeError, "zero-dimensional tensor (at position {position}) cannot be concatenated", "Join numbers with stack."),
    "tensor_list": (TypeError, "{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type}", "Put the tensors into a list: {name}([a, b])."),
    "tensor_item": (TypeError, "expected Tensor as element {position} in argument 0, but got {type}", "Wrap the value: tensor(value)."),
    "split_0d": (RuntimeError, "{name} expects at least a 1-dimensional tensor", "A 0-d tensor has nothing to split."),
    "split_0d_any": (RuntimeError, "{name} expected at least a 1-dimensional tensor, but got a tensor with {ndim} dims", "A 0-d tensor has nothing to split."),
    "split_entries": (RuntimeError, "split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={sizes}", "Sizes are 0 or more."),
    "split_sections": (RuntimeError, "split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension {dim}), but got split_sizes={sizes}", "The parts must make up the whole."),
    "split_negative": (RuntimeError, "split expects split_size be non-negative, but got split_size={size}", "The size counts elements."),
    "split_zero": (RuntimeError, "split_size can only be 0 if dimension size is 0, but got dimension size of {size}", "Parts need at least one element."),
    "chunk_count": (RuntimeError, "chunk expects `chunks` to be greater than 0, got: {chunks}", "Ask for at least one part."),
    "sections": (RuntimeError, "number of sections must be larger than 0, got {sections}", "Ask for at least one part."),
    "split_dims": (RuntimeError, "torch.{name} requires a tensor with at least {least} dimension, but got a tensor with {ndim} dimensions!", "Add dimensions with unsqueeze, or use tensor_split."),
    "split_uneven": (RuntimeError, "torch.{name} attempted to split along dimension {dim}, but the size of the dimension {size} is not divisible by the split_size {sections}!", "tensor_split makes unequal parts."),
    "unbind_0d": (IndexError, "Dimension specified as {dim} but tensor has no dimensions", "A 0-d tensor is one number."),
    "empty_list": (RuntimeError, "{message}", "Give at least one tensor."),
    "batch_size": (ValueError, "Expected input batch_size ({input}) to match target batch_size ({target}).", "Inputs and targets must have the same first dimension."),
    # indices
    "index_dims": (IndexError, "too many indices for tensor of dimension {ndim}", "A tensor of {ndim} dimension(s) takes at most {ndim} index(es)."),
    "index_0d": (IndexError, "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number",
                 "A 0-d tensor has no dimensions to index; use .item()."),
    "index_range": (IndexError, "index {index} is out of bounds for dimension {dim} with size {size}", "Valid indexes run from {low} to {high}."),
    "index_empty": (IndexError, "index is out of bounds for dimension with size 0", "The dimension is empty: there is nothing to index."),
    "index_range_advanced": (IndexError, "index {index} is out of bounds for dimension {dim} with size {size}", "Valid indexes run from {low} to {high}."),
    "index_type": (IndexError, "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {type})",
                   "Convert a float to int first, or use a bool or integer tensor."),
    "index_tensor_type": (IndexError, "tensors used as indices must be long, int, byte or bool tensors", "Convert the index with .long()."),
    "index_mask": (IndexError, "The shape of the mask {mask} at index {mask_axis} does not match the shape of the indexed tensor {shape} at index {axis}",
                   "A mask needs the shape of the dimensions that it selects from."),
    "index_broadcast": (IndexError, "shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}", "Index tensors must broadcast to one shape."),
    "slice_step": (ValueError, "step must be greater than zero", "Use flip to reverse a dimension."),
    "slice_0d": (IndexError, "slice() cannot be applied to a 0-dim tensor.", "A 0-d tensor is one number: use .item()."),
    "index_data": (TypeError, "new(): invalid data type '{type}'", "Index with integers, slices, lists or tensors."),
    "index_value": (RuntimeError, "shape mismatch: value tensor of shape {value} cannot be broadcast to indexing result of shape {result}", "The value needs the shape of x[index], or one that stretches to it."),
    "index_self": (IndexError, "index out of range in self", "Valid indexes run from {low} to {high}."),
    "gather_range": (RuntimeError, "index {index} is out of bounds for dimension {dim} with size {size}", "Valid indexes run from {low} to {high}."),
    "index_copy_range": (IndexError, "index_copy_(): index {index} is out of bounds for dimension {dim} with size {size}", "Valid indexes run from {low} to {high}."),
    "gather_dims": (RuntimeError, "Index tensor must have the same number of dimensions as {other} tensor", "unsqueeze the index until its dimensions match."),
    "gather_size": (RuntimeError, "Size does not match at dimension {axis} expected index {index} to be no larger than self {sizes} apart from dimension {dim}", "Only along dim may the index be longer."),
    "scatter_size": (RuntimeError, "Expected index {index} to be no larger than self {sizes} apart from dimension {dim} and to be no larger size than src {src}", "Every index needs an element of src."),
    "scatter_dtype": (RuntimeError, "scatter(): Expected self.dtype to be equal to src.dtype", "Convert src with .to(dtype)."),
    "index_dtype": (RuntimeError, "{name}(): Expected dtype {kinds} for index", "Convert the index with .long()."),
    "index_vector": (IndexError, "{name}(): Index is supposed to be a vector", "Flatten the index, or use gather."),
    "take_along_dims": (RuntimeError, "torch.take_along_dim(): input and indices should have the same number of dimensions, but got {input} dimensions for input, and {indices} dimensions for indices", "unsqueeze the indices."),
    "index_add_dtype": (RuntimeError, "index_add_(): self ({a}) and source ({b}) must have the same scalar type", "Convert the source with .to(dtype)."),
    "index_copy_dtype": (RuntimeError, "index_copy_(): self and source expected to have the same dtype, but got (self) {a} and (source) {b}", "Convert the source with .to(dtype)."),
    "index_add_count": (RuntimeError, "index_add_(): Number of indices ({index}) should be equal to source.size(dim): ({source}), for dim: {dim}", "Every slice of the source needs one index."),
    "index_copy_count": (IndexError, "index_copy_(): Number of indices ({index}) should be equal to source.size(dim) ({source})", "Every slice of the source needs one index."),
    "index_source": (RuntimeError, "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = {a} source.shape = {b}", "Only along dim may the sizes differ."),
    "index_fill_value": (RuntimeError, "index_fill_ only supports a 0-dimensional value tensor, but got tensor with {ndim} dimension(s).", "Use index_copy to write a tensor."),
    "take_dtype": (RuntimeError, "take(): Expected a long tensor for index, but got {dtype}", "Convert the index with .long()."),
    "take_range": (IndexError, "out of range: tried to access index {index} on a tensor of {size} elements.", "take counts through the flattened tensor."),
    "masked_select_mask": (RuntimeError, "masked_select: expected BoolTensor for mask", "Make the mask with a comparison, or with .bool()."),
    "masked_scatter_mask": (RuntimeError, "masked_scatter_ only supports boolean masks, but got mask with dtype {dtype}", "Make the mask with a comparison, or with .bool()."),
    "masked_scatter_dtype": (RuntimeError, "masked_scatter: expected self and source to have same dtypes but got{a} and {b}", "Convert the source with .to(dtype)."),
    "masked_scatter_count": (RuntimeError, "Number of elements of source < number of ones in mask", "The source needs an element for every True."),
    "index_put_dtype": (RuntimeError, "Index put requires the source and destination dtypes match, got {wanted} for the destination and {found} for the source.", "Convert the value with .to(dtype)."),
    "index_put_dims": (IndexError, "too many indices for tensor of dimension {ndim} (got {found})", "Give at most one index for each dimension."),
    "assign_type": (TypeError, "can't assign a {type} to a torch.{title}", "Make it a tensor first: tensor(value)."),
    # dtypes
    "cast_result": (RuntimeError, "result type {found} can't be cast to the desired output type {wanted}",
                    "An in-place operation keeps its tensor's dtype. Convert first: a = a.float()."),
    "dtype_match": (RuntimeError, "expected m1 and m2 to have the same dtype, but got: {a} != {b}", "Convert one of them with .to(dtype)."),
    "dtype_expected": (RuntimeError, "expected scalar type {expected} but found {found}", "Convert one of them with .to(dtype)."),
    "grad_dtype": (RuntimeError, "only Tensors of floating point and complex dtype can require gradients", "Make it a float: tensor([1., 2.]), or .float()."),
    "mean_dtype": (RuntimeError, "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: {dtype}", "Convert first: x.float().mean()."),
    "bool_subtract": (RuntimeError, "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.", "Use ^ for the difference of two masks."),
    "bool_subtract_one": (RuntimeError, "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
                          "Use ~mask."),
    "bool_negative": (RuntimeError, "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.", "Use ~mask."),
    "not_implemented_for": (NotImplementedError, '"{kernel}" not implemented for \'{dtype}\'', "Convert the input to a dtype that this operation knows, usually with .float()."),
    "operand_type": (TypeError, "{name}(): argument '{argument}' (position {position}) must be Tensor, not {type}", "Wrap the value: tensor(value)."),
    "zero_division": (RuntimeError, "ZeroDivisionError", "An integer divided by 0 has no value; floats give inf or nan."),
    "rounding_mode": (RuntimeError, "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'", "Leave it out for the true quotient."),
    "alpha_float": (RuntimeError, "For integral input tensors, argument alpha must not be a floating point number.", "Convert the tensors to float first."),
    "alpha_bool": (RuntimeError, "Boolean alpha only supported for Boolean results.", "Give alpha as a number."),
    "bool_positive": (RuntimeError, "The `+` operator, on a bool tensor is not supported.", "A mask has no sign."),
    "bool_relu": (RuntimeError, "Boolean inputs not supported for relu", "A mask has no negative part; convert it with .float()."),
    "addcdiv_int": (RuntimeError, "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * tensor1 / tensor2), for all dtypes.",
                    "Convert the tensors to float first."),
    "argument_dtype": (RuntimeError, "expected dtype {expected} for `{argument}` but got dtype {found}", "Convert one of them with .to(dtype)."),
    "no_derivative": (RuntimeError, "derivative for aten::{name} is not implemented", "Its result does not change smoothly; detach() the input if that is meant."),
    "dtype_mismatch": (RuntimeError, "{a} did not match {b}", "Convert one of them with .to(dtype)."),
    "negative_tolerance": (RuntimeError, "{name} must be greater than or equal to zero, but got {value}", "A tolerance is a distance."),
    "where_condition": (RuntimeError, "where expected condition to be a boolean tensor, but got a tensor with dtype {dtype}", "Compare first: where(x > 0, a, b)."),
    "mask_dtype": (RuntimeError, "masked_fill_ only supports boolean masks, but got mask with dtype {dtype}", "Compare first: x.masked_fill(x < 0, 0)."),
    "mask_value": (RuntimeError, "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {ndim} dimension(s).", "Use where for many values."),
    "clamp_nothing": (RuntimeError, "torch.clamp: At least one of 'min' or 'max' must not be None", "Give a lower bound, an upper bound or both."),
    "hardtanh_order": (ValueError, "min_val cannot be greater than max_val", "Exchange them."),
    "gelu_approximate": (RuntimeError, "approximate argument must be either none or tanh.", "\"none\" is the exact form with erf."),
    "celu_alpha": (RuntimeError, "ZeroDivisionError: alpha cannot be 0 for CELU", "alpha is the scale of the negative side."),
    "prelu_size": (RuntimeError, "Mismatch of parameter numbers and input channel size. Found parameter numbers = {found} and channel size = {channels}.", "One slope per channel (dimension 1), or one for all."),
    "glu_size": (RuntimeError, "Halving dimension must be even, but dimension {dim} is size {size}", "One half is the gate of the other."),
    "invert": (TypeError, "~ (operator.invert) is only implemented on integer and Boolean-type tensors", "Compare first: ~(x > 0)."),
    "int_pow": (RuntimeError, "Integers to negative integer powers are not allowed.", "Convert to float first."),
    "scalar_overflow": (RuntimeError, "value cannot be converted to type {type} without overflow", "Use a wider dtype."),
    # values
    "item": (RuntimeError, "a Tensor with {size} elements cannot be converted to Scalar", "Pick one element, or reduce with sum() or mean()."),
    "bool_many": (RuntimeError, "Boolean value of Tensor with more than one value is ambiguous", "Use .any() or .all()."),
    "bool_none": (RuntimeError, "Boolean value of Tensor with no values is ambiguous", "Test x.numel() instead."),
    "len_0d": (TypeError, "len() of a 0-d tensor", "A 0-d tensor is one number: use .item()."),
    "iter_0d": (TypeError, "iteration over a 0-d tensor", "A 0-d tensor is one number: use .item()."),
    "index_scalar": (TypeError, "only integer tensors of a single element can be converted to an index", "Use int(x)."),
    "empty_reduce": (IndexError, "{name}(): Expected reduction dim {dim} to have non-zero size.", "An empty dimension has no {name}."),
    "empty_reduce_all": (RuntimeError, "{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.", "An empty tensor has no {name}."),
    "empty_position_all": (IndexError, "{name}(): Expected reduction dim to be specified for input.numel() == 0.", "An empty tensor has no {name}."),
    "no_bool": (RuntimeError, "{name}(): does not support bool input", "Convert the mask first: mask.int()."),
    "mean_dtype_asked": (RuntimeError, "mean(): could not infer output dtype. Optional dtype must be either a floating point or complex dtype. Got: {dtype}", "An average of integers is seldom one: ask for a float dtype."),
    "var_dtype": (RuntimeError, "std and var only support floating point and complex dtypes", "Convert first: x.float().var()."),
    "norm_dtype": (RuntimeError, "linalg.vector_norm: Expected a floating point or complex tensor as input. Got {dtype}", "Convert first: x.float().norm()."),
    "norm_empty": (RuntimeError, "linalg.vector_norm cannot compute the {p} norm on an empty tensor because the operation does not have an identity", "An empty tensor has no largest element."),
    "sum_to_size": (RuntimeError, "size {{{size}}} is not expandable to size {{{shape}}}.", "Each size must be 1 or the tensor's own, counted from the right."),
    "topk_range": (RuntimeError, "selected index k out of range", "k counts elements of that dimension."),
    "kth_range": (RuntimeError, "kthvalue(): selected number k out of range for dimension {dim}", "k counts from 1 to the dimension's size."),
    "target_range": (IndexError, "Target {target} is out of bounds.", "Class numbers run from 0 to {high}."),
    "dropout_p": (ValueError, "dropout probability has to be between 0 and 1, but got {p}", "p is the chance that an element is dropped."),
    "ragged": (ValueError, "expected sequence of length {expected} at dim {dim} (got {found})", "Every row of the list needs the same length."),
    "not_sequence": (TypeError, "not a sequence", "Every row of the list must be a list."),
    "not_integer": (TypeError, "'{type}' object cannot be interpreted as an integer", "Every row of the list needs the same depth."),
    "too_many_dims": (ValueError, "too many dimensions '{type}'", "A tensor holds numbers: convert the text first, with int() or float()."),
    "infer_dtype": (RuntimeError, "Could not infer dtype of {type}", "A tensor is made of numbers, nested lists of numbers, or an array."),
    "one_element": (ValueError, "only one element tensors can be converted to Python scalars", "Join tensors with stack or cat."),
    "long_overflow": (ValueError, "Overflow when unpacking long long", "int64 holds numbers from -2**63 to 2**63 - 1."),
    "negative_strides": (ValueError, "At least one stride in the given numpy array is negative, and tensors with negative strides are not currently supported. (You can probably work around this by making a copy of your array  with array.copy().) ",
                         "Use array.copy()."),
    "byte_order": (ValueError, "given numpy array has byte order different from the native byte order. Conversion between byte orders is currently not supported.",
                   "Convert the array first: array.astype(array.dtype.newbyteorder('='))."),
    "not_ndarray": (TypeError, "expected np.ndarray (got {type})", "Use tensor() for lists and numbers."),
    "asarray_copy": (ValueError, "can't alias arbitrary sequence into a tensor.", "Leave copy=False away."),
    "legacy_dtype": (TypeError, "expected a tensor of dtype {wanted} (got {found})", "Use x.to(dtype)."),
    "legacy_data": (TypeError, "new(): data must be a sequence (got {type})", "Use tensor(value)."),
    "grad_dtype_new": (RuntimeError, "Only Tensors of floating point and complex dtype can require gradients", "Give it a floating-point dtype: dtype=float32."),
    # memory shared with other libraries
    "dlpack_grad": (BufferError, "Can't export tensors that require gradient, use tensor.detach()", "x.detach() shares the memory without the history."),
    "dlpack_capsule": (RuntimeError, "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might have already constructed a tensor from it once.", "Pass the array itself, not its capsule."),
    "buffer_protocol": (ValueError, "object does not implement Python buffer protocol.", "Pass bytes, a bytearray, an array or a memoryview."),
    "buffer_empty": (ValueError, "both buffer length ({length}) and count ({count}) must not be 0", "There is nothing to look at."),
    "buffer_offset": (ValueError, "offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) minus 1", "The offset counts bytes."),
    "buffer_multiple": (ValueError, "buffer length ({length} bytes) after offset ({offset} bytes) must be a multiple of element size ({size})", "Pass count, or another dtype."),
    "buffer_short": (ValueError, "requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be greater than actual buffer length ({length} bytes)", "Ask for fewer elements."),
    # random numbers
    "seed_type": (RuntimeError, "manual_seed expected a long, but got {type}", "A seed is a whole number: manual_seed(0)."),
    "int64_overflow": (ValueError, "Overflow when unpacking long long", "The number must fit in 64 bits."),
    "rng_state_type": (TypeError, "RNG state must be a torch.ByteTensor", "Pass what get_state() or get_rng_state() gave."),
    "rng_state_size": (RuntimeError, "Expected a CPUGeneratorImplState of size {expected} but found the input RNG state size to be {found}",
                       "Pass what get_state() or get_rng_state() gave."),
    "rng_state_value": (RuntimeError, "Invalid mt19937 state", "Pass what get_state() or get_rng_state() gave."),
    "out_of_bounds": (RuntimeError, "{name} is out of bounds for {type}", "Use a wider dtype or a smaller number."),
    "uniform_order": (RuntimeError, "uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}", "Swap the two bounds."),
    "uniform_width": (RuntimeError, "uniform_ expects to-from <= std::numeric_limits<{type}>::max(), but found to={high:g} and from={low:g} which result in to-from to exceed the limit",
                      "Use a narrower range or a wider dtype."),
    "normal_std": (RuntimeError, "normal expects std >= 0.0, but found std {std:g}", "A standard deviation is never negative."),
    "normal_std_all": (RuntimeError, "normal expects all elements of std >= 0.0", "A standard deviation is never negative."),
    "exponential_dtype": (RuntimeError, "Exponential distribution is a continuous probability distribution. dtype must be a floating point but you specified {dtype}", "Convert first: x.float()."),
    "multinomial_dtype": (RuntimeError, "multinomial only supports floating-point dtypes for input, got: {dtype}", "Convert the weights: w.float()."),
    "randint_order": (RuntimeError, "random_ expects 'from' to be less than 'to', but got from={low} >= to={high}", "high itself is never drawn, so it must be above low."),
    "randint_dtype": (RuntimeError, "check_random_bounds handles only integral, floating-point and boolean types", "Draw integers, then convert."),
    "negative_size": (RuntimeError, "Trying to create tensor with negative dimension {size}: [{size}]", "A size is at least 0."),
    "bernoulli_p": (RuntimeError, "bernoulli_ expects p to be in [0, 1], but got p={p:g}", "p is a probability."),
    "bernoulli_p_array": (RuntimeError, "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)",
                          "Every element is a probability: apply sigmoid first, or clamp(0, 1)."),
    "exponential_rate": (RuntimeError, "exponential_ expects lambda > 0.0, but found lambda={rate:g}", "The rate is one over the mean."),
    "multinomial_dims": (RuntimeError, "prob_dist must be 1 or 2 dim", "One row of weights, or a matrix with a row for each draw."),
    "multinomial_count": (RuntimeError, "cannot sample n_sample <= 0 samples", "Draw at least one."),
    "multinomial_too_many": (RuntimeError, "cannot sample n_sample > prob_dist.size(-1) samples without replacement", "Draw at most {size}, or pass replacement=True."),
    "multinomial_categories": (RuntimeError, "number of categories cannot exceed 2^24", "Draw in two steps: a group first, then one of its members."),
    "multinomial_entry": (RuntimeError, "probability tensor contains either `inf`, `nan` or element < 0", "Weights are finite and at least 0: apply softmax to scores first."),
    "multinomial_negative": (RuntimeError, "invalid multinomial distribution (encountering probability entry < 0)", "Weights are finite and at least 0: apply softmax to scores first."),
    "multinomial_infinite": (RuntimeError, "invalid multinomial distribution (encountering probability entry = infinity or NaN)", "Weights are finite and at least 0: apply softmax to scores first."),
    "multinomial_zero": (RuntimeError, "invalid multinomial distribution (sum of probabilities <= 0)", "At least one weight of every row must be above 0."),
    # names
    "missing_name": (AttributeError, "{first}", "PyTorch has {name}, lesson_lib has not: {why}. docs/api.md lists what there is."),
    # devices
    "device_name": (RuntimeError, "Expected one of {known} device type at start of device string: {name}", 'Use "cpu" or "cuda".'),
    "device_string": (RuntimeError, "Invalid device string: '{text}'", 'Write it as "cuda:0".'),
    "device_unavailable": (RuntimeError, "PyTorch is not linked with support for {name} devices", "lesson_lib computes on \"cpu\" and \"cuda\"; {name} exists by name only."),
    "cuda_not_installed": (AssertionError, "Torch not compiled with CUDA enabled", "Install CuPy for your CUDA version: pip install lesson_lib[gpu]."),
    "cuda_no_device": (RuntimeError, "No CUDA GPUs are available", "Run on a machine with an NVIDIA GPU, or use device=\"cpu\"."),
    "device_mix": (RuntimeError, "Expected all tensors to be on the same device, but found at least two devices, {a} and {b}!", "Move one of them: x.to(\"{a}\")."),
}  # fmt: skip
for rows in (
    AUTOGRAD_MESSAGES, DATA_MESSAGES, DTYPE_MESSAGES, ELEMENT_MESSAGES, FUNC_MESSAGES, LAYER_MESSAGES, LINALG_MESSAGES, LOSS_MESSAGES,
    MEMORY_MESSAGES, MODULE_MESSAGES, NN_MESSAGES, PROFILER_MESSAGES, RANDOM_MESSAGES, RECURRENT_MESSAGES, SAVING_MESSAGES, SCHEDULE_MESSAGES,
    SIGNAL_MESSAGES, SPATIAL_MESSAGES, TESTING_MESSAGES,
):  # fmt: skip
    TABLE.update(rows)


def error(kind, **values):
    """The exception of row ``kind``, ready to raise, with the caller's own file and line in it."""
    exception, first_line, remedy = TABLE[kind]
    return exception(compose(first_line.format(**values), remedy.format(**values)))


def compose(first_line, remedy):
    """PyTorch's line, then where it happened in the user's program, then what to do."""
    where = user_line()
    return first_line + (f"\n  at {where}" if where else "") + f"\n  Try: {remedy}"


def user_frame(frame=None):
    """The innermost frame that is not this package's own, or None."""
    frame = frame or sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame


def user_line():
    """``file.py:12: y = a @ b`` for the line of the user's program that is running, or an empty string.

    In a notebook: ``line 2 of the cell: y = a @ b``.
    """
    frame = user_frame(sys._getframe(1))
    if frame is None:
        return ""
    path, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(path, number).strip()
    folder, file = os.path.split(path)
    # A notebook's cell has a temporary file with a meaningless name.
    place = f"line {number} of the cell" if os.path.basename(folder).startswith("ipykernel_") else f"{file}:{number}"
    return place + (f": {text}" if text else "")


def tensor_title(np_dtype):
    """PyTorch's old-style class name in messages: ``FloatTensor`` for float32."""
    names = {"float32": "Float", "float64": "Double", "float16": "Half", "bfloat16": "BFloat16", "int64": "Long", "int32": "Int", "complex64": "ComplexFloat", "complex128": "ComplexDouble"}
    return names.get(getattr(np_dtype, "name", ""), str(np_dtype)) + "Tensor"


def typename(value):
    """What PyTorch calls a value's type in messages: ``torch.FloatTensor``, ``int``, ``package.module.Class``."""
    if hasattr(value, "_a") and not isinstance(value, type):
        return "torch." + tensor_title(value._a.dtype)
    kind = value if hasattr(value, "__qualname__") else type(value)
    module = getattr(kind, "__module__", None)
    return kind.__qualname__ if module in (None, "builtins") else f"{module}.{kind.__qualname__}"


def operand_shapes_error(shapes):
    """The broadcast error for the first dimension (from the right) where ``shapes`` clash, or None if they do not."""
    ndim = max(map(len, shapes))
    for back in range(1, ndim + 1):
        seen = 1
        for shape in shapes:
            size = shape[-back] if back <= len(shape) else 1
            if size != 1 and seen != 1 and size != seen:
                return error("broadcast", a=seen, b=size, dim=ndim - back)
            seen = size if size != 1 else seen
    return None
