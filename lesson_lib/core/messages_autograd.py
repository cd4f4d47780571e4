"""The messages of autograd: gradients and the writes that spoil them, functional derivatives, transforms, anomaly mode, hooks, checkpoints.

Each row: kind -> (exception type, PyTorch's first line, what to do about it). ``errors.py`` builds exceptions from them.
"""


class CheckpointError(RuntimeError):
    """What a checkpoint raises when its second run is not like its first."""


CheckpointError.__module__ = "torch.utils.checkpoint"

_SAME_TWICE = "The function must do the same both times: no global state, no random choice outside PyTorch's own stream."
_STRICT = "strict=False gives zeros there instead of an error."

#: the end of "modified", without and with anomaly mode
MODIFIED_HINTS = (
    "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False).",
    "Hint: the backtrace further above shows the operation that failed to compute its gradient. The variable in question was changed in there or anywhere later. Good luck!",
)

AUTOGRAD_MESSAGES = {
    # gradients
    "no_grad_fn": (RuntimeError, "element {number} of tensors does not require grad and does not have a grad_fn",
                   "Nothing with requires_grad=True went into this tensor, or it was made under no_grad() or detach()."),
    "non_real": (RuntimeError, "grad can be implicitly created only for real scalar outputs but got {dtype}", "Make it real first (y.abs()), or give backward(gradient=...)."),
    "non_scalar": (RuntimeError, "grad can be implicitly created only for scalar outputs", "Reduce it first (loss.mean()), or give backward(gradient=...)."),
    "grad_shape": (RuntimeError, "Mismatch in shape: grad_output[{index}] has a shape of {found} and output[{index}] has a shape of {expected}.", "The gradient must have the output's shape."),
    "grad_complex": (RuntimeError, "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: grad_output[{index}] has a dtype of {found} and output[{index}] has a dtype of {expected}.", "Convert the gradient with .to(dtype)."),
    "freed": (RuntimeError, "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.",
              "Run the forward pass again, or call backward(retain_graph=True) the first time."),
    "modified": (RuntimeError, "one of the variables needed for gradient computation has been modified by an inplace operation: [torch.{title} {shape}]{origin} is at version {found}; expected version {expected} instead. {hint}",
                 "Replace the in-place write (x += 1, x[0] = 1, x.relu_()) by a new tensor (x = x + 1)."),
    "leaf_inplace": (RuntimeError, "a leaf Variable that requires grad is being used in an in-place operation.", "Wrap a parameter update in `with no_grad():`, or work on a copy: x.clone()."),
    "view_leaf_inplace": (RuntimeError, "a view of a leaf Variable that requires grad is being used in an in-place operation.", "Wrap the write in `with no_grad():`, or work on a copy: x.clone()."),
    "no_grad_view_inplace": (RuntimeError, "{start} Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked).",
                             "Make the view outside no_grad()."),
    "many_views_inplace": (RuntimeError, "{start} This view is the output of a function that returns multiple views. Such functions do not allow the output views to be modified inplace. You should replace the inplace operation by an out-of-place one.",
                           "Write to a slice of the whole tensor instead."),
    "unused": (RuntimeError, "The differentiated Tensor at index {index} appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.", "Pass allow_unused=True to get None for it."),
    "no_formula": (NotImplementedError, "the derivative for '{name}' is not implemented.", "detach() the input if it is a constant."),
    "no_rule": (RuntimeError, "The function '{function}' is not differentiable with respect to argument '{argument}'. This input cannot have requires_grad True.",
                "Pass {argument}.detach() if it is not meant to be learned."),
    "inputs_empty": (RuntimeError, "`inputs` argument to `{name}()` cannot be empty.", "Name the tensors to differentiate by."),
    "materialize_edge": (RuntimeError, "materialize_grads cannot be used when the given input is a GradientEdge", "Use allow_unused=True, which gives None."),
    "retain_required": (RuntimeError, "can't retain_grad on Tensor that has requires_grad=False", "Set requires_grad=True on it before the computation."),
    "gradient_count": (RuntimeError, "got {tensors} tensors and {gradients} gradients", "Give one gradient, or None, for each tensor."),
    "gradient_type": (TypeError, "gradients can be either Tensors or None, but got {type}", "Wrap the value: tensor(value)."),
    "not_required": (RuntimeError, "One of the differentiated Tensors does not require grad", "Set requires_grad=True on it before the computation."),
    "change_non_leaf": (RuntimeError, "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach().",
                        "Use x.detach()."),
    "numpy_grad": (RuntimeError, "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.", "x.detach().numpy() shares the memory without the history."),
    "numpy_device": (TypeError, "can't convert {device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first.", "x.cpu().numpy()"),
    "deepcopy_non_leaf": (RuntimeError, "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001",
                          "Detach it first: copy.deepcopy(x.detach())."),
    "assign_grad_type": (TypeError, "assigned grad expected to be a Tensor or None but got grad of type {type}", "Wrap the value: tensor(value)."),
    "assign_grad_itself": (RuntimeError, "can't assign Variable as its own grad", "Use x.grad = x.detach().clone()."),
    "assign_grad_size": (RuntimeError, "attempting to assign a gradient of size '{found}' to a tensor of size '{wanted}'. Please ensure that the gradient and the tensor are the same size", "Reshape the gradient."),
    "assign_grad_device": (RuntimeError, "assigned grad has data located on a different device", "Move it with .to(device)."),
    "assign_grad_dtype": (RuntimeError, "attempting to assign a gradient with dtype '{found}' to a tensor with grad_dtype '{wanted}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break downstream systems that assume they match.",
                          "Convert the gradient with .to(dtype)."),
    "grad_dtype_leaf": (RuntimeError, "grad_dtype can only be {what} on leaf tensors.", "Only leaves keep a gradient."),
    "grad_dtype_type": (RuntimeError, "grad_dtype must be a torch.dtype or None, but got {type}", "Use a dtype, such as float32."),
    "grad_dtype_held": (RuntimeError, "Cannot set grad_dtype to '{wanted}' because there is already a gradient with dtype '{found}'. Please clear the gradient (.grad = None) before changing grad_dtype, or ensure the new grad_dtype matches the existing gradient's dtype.",
                        "Set x.grad = None first."),
    "out_grad": (RuntimeError, "{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad.", "Leave out= away, or wrap the call in no_grad()."),
    "non_differentiable": (RuntimeError, "{message}", "Use a differentiable function instead."),
    "function_grads": (RuntimeError, "function {name} returned an incorrect number of gradients (expected {expected}, got {found})", "Return one gradient (or None) for each argument of forward."),
    # autograd.functional
    "functional_type": (TypeError, "The {what} given to {name} must be either a Tensor or a tuple of Tensors but the given {what} has type {type}.", "Wrap numbers in tensor()."),
    "functional_type_at": (TypeError, "The {what} given to {name} must be either a Tensor or a tuple of Tensors but the value at index {index} has type {type}.", "Wrap numbers in tensor()."),
    "functional_v_count": (RuntimeError, "v is a tuple of invalid length: should be {expected} but got {found}.", "Give one direction for each tensor."),
    "functional_v_single": (RuntimeError, "The given v should contain a single Tensor.", "Give one direction for each tensor."),
    "functional_v_size": (RuntimeError, "{entry}v has invalid size: should be {expected} but got {found}.", "A direction has the shape of what it moves."),
    "vjp_needs_v": (RuntimeError, "The vector v can only be None if the user-provided function returns a single Tensor with a single element.", "Pass v, with the shape of the output."),
    "jvp_needs_v": (RuntimeError, "The vector v can only be None if the input to the user-provided function is a single Tensor with a single element.", "Pass v, with the shape of the input."),
    "hessian_output": (RuntimeError, "The function given to {name} should return a single Tensor", "A Hessian belongs to a function with one number as its result."),
    "hessian_size": (RuntimeError, "The Tensor returned by the function given to {name} should contain a single element", "Reduce it first, with sum() or mean()."),
    "strict_outputs": (RuntimeError, "Output {index} of the user-provided function does not require gradients. The outputs must be computed in a differentiable manner from the input when running in strict mode.", _STRICT),
    "strict_grad_inputs": (RuntimeError, "The gradient with respect to input {index} is independent of the inputs of the user-provided function. This is not allowed in strict mode.", _STRICT),
    "strict_jacobian": (RuntimeError, "While computing the hessian, found that the jacobian of the user-provided function with respect to input {index} is independent of the input. This is not allowed in strict mode. You should ensure that your function is twice differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for example).", _STRICT),
    "strict_unused": (RuntimeError, "The output of the user-provided function is independent of input {index}. This is not allowed in strict mode.", _STRICT),
    "strict_unused_output": (RuntimeError, "Output {output} of the user-provided function is independent of input {index}. This is not allowed in strict mode.", _STRICT),
    "strict_trick": (RuntimeError, "The gradient with respect to the input is independent of entry {index} in the grad_outputs when using the double backward trick to compute forward mode gradients. This is not allowed in strict mode.", _STRICT),
    "strict_double": (RuntimeError, "The jacobian of the user-provided function is independent of input {index}. This is not allowed in strict mode.", _STRICT),
    "strict_double_trick": (RuntimeError, "The hessian of the user-provided function is independent of entry {index} in the grad_jacobian. This is not allowed in strict mode as it prevents from using the double backward trick to replace forward mode AD.", _STRICT),
    "strict_graph": (RuntimeError, "The {what} of the user-provided function is independent of input {index}. This is not allowed in strict mode when create_graph=True.", _STRICT),
    "strategy": (AssertionError, 'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".', "Choose one of the two."),
    "strategy_outer": (AssertionError, 'Expected strategy to be either "forward-mode" or "reverse-mode".', "Choose one of the two."),
    "forward_create_graph": (NotImplementedError, 'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not supported together (yet). Please either set `create_graph=False` or `strategy="reverse-mode"`.', "Use reverse mode."),
    "forward_strict": (RuntimeError, 'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not supported together (yet). Please either set `strict=False` or `strategy="reverse-mode"`.', "Use reverse mode."),
    "forward_vectorize": (NotImplementedError, "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for `vectorize=True`.", "Pass vectorize=True."),
    "vectorize_strict": (RuntimeError, "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. Please either set `strict=False` or `vectorize=False`.", "Leave one of them away."),
    # anomaly mode
    "anomaly_nan": (RuntimeError, "Function '{name}' returned nan values in its {number}th output.", "The warning shows the line that made it: look for sqrt or log of 0 or less, 0/0, inf - inf."),
    # hooks
    "pack_writes": (RuntimeError, "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if you need to perform in-place operations on the input to a pack hook.", "Work on a copy: tensor.clone()."),
    "unpack_type": (TypeError, "Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type}", "Return what pack_hook was given, or a tensor with the same values."),
    "hooks_disabled": (RuntimeError, "{message}", "Somebody switched saved-tensor hooks off here, with disable_saved_tensors_hooks."),
    "gradient_edge": (RuntimeError, "It is not possible to get the gradient edge for a Tensor that does not require gradients", "Set requires_grad=True on it first."),
    "multi_hook_mode": (ValueError, "Expects mode to be one of ('all', 'any') but got {mode}", "Choose one of the two."),
    # checkpoints
    "checkpoint_kwargs": (ValueError, "Unexpected keyword arguments: {names}", "Keyword arguments go to the function with use_reentrant=False only."),
    "checkpoint_context": (ValueError, "Passing `context_fn` or `debug` is only supported when use_reentrant=False.", "Pass use_reentrant=False."),
    "checkpoint_check": (ValueError, "determinism_check should be one of {known}, but got {found}", "Choose one of them."),
    "checkpoint_grad": (RuntimeError, "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` parameter to .backward(). To resolve this error, you can either set use_reentrant=False, or call .backward() without passing the `inputs` argument.", "Pass use_reentrant=False."),
    "checkpoint_needless": (RuntimeError, "none of output has requires_grad=True, this checkpoint() is not necessary", "Call the function without a checkpoint."),
    "checkpoint_twice": (CheckpointError, "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already unpacked once. If you are calling ctx.saved_tensors in backward, make sure to do so only once. Otherwise please open an issue with details on your use case.", "Keep ctx.saved_tensors in a variable."),
    "checkpoint_more": (CheckpointError, "torch.utils.checkpoint: trying to save more tensors during recomputation than during the original forward pass.", _SAME_TWICE),
    "checkpoint_count": (CheckpointError, "torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\nNumber of tensors saved during forward: {first}\nNumber of tensors saved during recomputation: {second}.", _SAME_TWICE),
    "checkpoint_different": (CheckpointError, "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the forward pass.\n{tensors}", _SAME_TWICE),
}  # fmt: skip
