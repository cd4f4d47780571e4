"""The messages of function transforms: grad, vjp, jvp, vmap, functional_call, forward mode.

Each row: kind -> (exception type, PyTorch's first line, what to do about it). ``errors.py`` builds exceptions from them.
"""

_SAME = "Give both the same tuples, lists and dicts."

FUNC_MESSAGES = {
    # derivatives of functions
    "func_no_tensor": (ValueError, "Thing passed to transform API must be Tensor, got {type}", "Wrap numbers in tensor()."),
    "func_grad_dtype": (RuntimeError, "only Tensors of floating point dtype can require gradients", "Convert first: x.float()."),
    "func_grad_output": (RuntimeError, "grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type}", "Return one number, as a tensor; jacrev takes any output."),
    "func_grad_scalar": (RuntimeError, "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with {ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?", "Reduce it first, with sum() or mean()."),
    "func_aux": (RuntimeError, "{name}: output of function f should be a tuple: (output, aux) if has_aux is True", "Return (output, aux)."),
    "func_argnum": (RuntimeError, "Got argnum={argnum}, but only {count} positional inputs", "Count from 0."),
    "func_argnums_twice": (RuntimeError, "argnums elements must be unique, got {argnums}", "Name each argument once."),
    "func_argnums_type": (RuntimeError, "argnums must be int or Tuple[int, ...], got: {type}", "Count from 0."),
    "func_outputs": (RuntimeError, "{name}: expected f(*primals) to return only tensors, got unsupported type {type}", "Return tensors, or tuples, lists and dicts of tensors."),
    "func_cotangents": (RuntimeError, "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. cotangents: {found}, primal output: {expected}", _SAME),
    "func_primals": (RuntimeError, "{name}: Expected {what} to be a tuple. E.g. it should be valid to call f(*primals).", "For one input: (x,)."),
    "func_tangents": (RuntimeError, "{name}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple of 3 tensors, tangents also must be. Got primals with structure {expected!r} and tangents with structure {found!r}", _SAME),
    "func_no_primals": (RuntimeError, "{name}: Expected {what} to contain at least one Tensor.", "A derivative needs something to vary."),
    "tangent_size": (RuntimeError, "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. Tensor is of size {expected} while the given forward gradient is of size {found}.", "A tangent has the shape of its tensor."),
    # vmap
    "vmap_randomness": (RuntimeError, "Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}", "Choose one of the three."),
    "vmap_random": (RuntimeError, "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness flags on vmap or perform the randomness operation out of vmap", "Pass randomness=\"different\"."),
    "vmap_chunk": (ValueError, "vmap: chunk_size should be None or greater than 0. (got {size})", "The chunk counts examples."),
    "vmap_no_inputs": (ValueError, "vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function with no inputs. The latter is unsupported.", "Pass at least one tensor with a batch dimension."),
    "vmap_in_dims_type": (ValueError, "vmap({name}, in_dims={dims}, ...)(<inputs>): expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: {type}.", "in_dims=0 maps the first dimension of every input."),
    "vmap_in_dims_structure": (ValueError, "vmap({name}, in_dims={dims}, ...)(<inputs>): in_dims is not compatible with the structure of `inputs`. in_dims has structure {found!r} but inputs has structure {expected!r}.", "One entry for each input; None for those without a batch dimension."),
    "vmap_in_dim_type": (ValueError, "vmap({name}, in_dims={dims}, ...)(<inputs>): Got in_dim={dim} for an input but in_dim must be either an integer dimension or None.", "Count dimensions from 0."),
    "vmap_in_dim_value": (ValueError, "vmap({name}, in_dims={dims}, ...)(<inputs>): Got in_dim={dim} for an input but the input is of type {type}. We cannot vmap over non-Tensor arguments, please use None as the respective in_dim", "in_dims=(0, None) leaves the second argument alone."),
    "vmap_in_dim_range": (ValueError, "vmap({name}, in_dims={dims}, ...)(<inputs>): Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {ndim} so expected in_dim to satisfy -{ndim} <= in_dim < {ndim}.", "in_dims=None leaves an input alone."),
    "vmap_sizes": (ValueError, "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped dimension", "Check in_dims."),
    "vmap_outputs": (ValueError, "vmap({name}, ...): `{name}` must only return Tensors, got type {type}. Did you mean to set out_dims= to None for output?", "Return tensors, or tuples, lists and dicts of tensors."),
    "vmap_out_dims_type": (ValueError, "vmap({name}, ..., out_dims={dims}): `out_dims` must be an int, None or a python collection of ints representing where in the outputs the vmapped dimension should appear.", "out_dims=0 puts the batch first."),
    "vmap_out_dims_structure": (ValueError, "vmap({name}, ..., out_dims={dims})(<inputs>): out_dims is not compatible with the structure of `outputs`. out_dims has structure {found!r} but outputs has structure {expected!r}.", "One entry for each output."),
    "vmap_out_none": (ValueError, "vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None", "An output that is the same for the whole batch may have out_dims None; this one differs."),
    # modules as functions
    "functional_dicts": (ValueError, "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type}", "dict(module.named_parameters()) is one."),
    "functional_elements": (ValueError, "Expected all elements of parameter_and_buffer_dicts to be dictionaries", "dict(module.named_parameters()) is one."),
    "functional_tied": (ValueError, "functional_call got multiple values for keys {keys}, which are tied. Consider using tie_weights=False", "Give one of them, or the same tensor under every name."),
    "functional_repeated": (ValueError, "{keys} appeared in multiple dictionaries; behavior of functional call is ambiguous", "Keep each name in one of them."),
    "functional_strict": (RuntimeError, "Error(s) in reparametrizing for {name}:\n\t{problems}", "strict=False takes the module's own tensors for missing names."),
    "stack_none": (RuntimeError, "stack_module_state: Expected at least one model, got 0.", "Pass a list of modules."),
    "stack_classes": (RuntimeError, "stack_module_state: Expected all models to be of the same class.", "Only equal structures can be stacked."),
    "stack_modes": (RuntimeError, "stack_module_state: Expected all models to have the same training/eval mode.", "Call train() or eval() on all of them."),
    "stack_grads": (RuntimeError, "Expected {name} from each model to have the same .requires_grad", "Call requires_grad_() on all of them."),
    # forward mode
    "dual_no_level": (RuntimeError, "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first.", "Write `with dual_level():` around it."),
    "dual_nested": (RuntimeError, "Nested forward mode AD is not supported at the moment", "func.jvp can be nested."),
    "dual_exit": (RuntimeError, "Trying to exit a forward AD level that was not the last one that was created. This is not supported.", "Use `with dual_level():`."),
    "dual_twice": (RuntimeError, "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level {level} is not supported.", "Unpack it first."),
    "dual_primal": (ValueError, "Expected primal to be floating point or complex, but got: {dtype}", "Convert first: x.float()."),
    "dual_tangent": (ValueError, "Expected tangent to be floating point or complex, but got: {dtype}", "Convert first: t.float()."),
    # several gradients at once
    "grads_batched": (RuntimeError, "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. The sizes of the remaining dimensions are expected to match the shape of corresponding output, but a mismatch was detected: grad_output[{index}] has a shape of {found} and output[{index}] has a shape of {expected}. If you only want some tensors in `grad_output` to be considered batched, consider using vmap.", "Stack the gradients along a new first dimension."),
    "grads_batched_none": (ValueError, "vmap(vjp, in_dims=0, ...)(<inputs>): Got in_dim=0 for some input, but that input is a Tensor of dimensionality 0 so expected in_dim to satisfy 0 <= in_dim < 0.", "Give grad_outputs, with the batch as the first dimension."),
    "materialize": (ValueError, "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.", "Leave allow_unused away."),
    "grad_no_inputs": (RuntimeError, "`inputs` argument to `{name}()` cannot be empty.", "Name the tensors whose gradients you want."),
}  # fmt: skip
