"""Messages about memory: its size, storages, other strides over it. Rows of the table in ``errors.py``."""


class OutOfMemoryError(RuntimeError):
    """What a GPU without free memory raises: ``torch.OutOfMemoryError``."""


OutOfMemoryError.__module__ = "torch"

MEMORY_MESSAGES = {
    # too much of it
    "out_of_memory": (RuntimeError, "DefaultCPUAllocator: can't allocate memory: you tried to allocate {bytes} bytes. Error code 12 (Cannot allocate memory)",
                      "A tensor of shape {shape} takes {size}. Check the sizes: x[:, None] * x makes every pair, a sum or matmul in parts does not."),
    "cuda_out_of_memory": (OutOfMemoryError, "CUDA out of memory. Tried to allocate {size}.", "Use smaller batches, delete what is not needed, or call torch.cuda.empty_cache()."),
    "storage_overflow": (RuntimeError, "Storage size calculation overflowed with sizes={sizes}", "No memory is that large: check the sizes."),
    "size_overflow": (TypeError, "{name}(): argument 'size' failed to unpack the object at pos {position} with error \"Overflow when unpacking long long", "A size is below 2**63."),
    # other sizes and strides
    "bytes_0d": (RuntimeError, "self.dim() cannot be 0 to view {old} as {new} (different element sizes)", "Give it a dimension first: x.unsqueeze(0)."),
    "bytes_apart": (RuntimeError, "self.stride(-1) must be 1 to view {old} as {new} (different element sizes), but got {step}", "Use contiguous() first."),
    "bytes_broken": (RuntimeError, "self.{what} must be divisible by {times} to view {old} as {new} (different element sizes), but got {found}", "Use contiguous() first, or a dtype of the same size."),
    "strided_offset": (RuntimeError, "Tensor: invalid storage offset {offset}", "The offset counts elements from the memory's first one on."),
    "strided_history": (RuntimeError, "the history of this view is lost: its base was given other strides in place", "Use as_strided, which makes a new view, in place of as_strided_ and resize_."),
    "resize_grad": (RuntimeError, "cannot resize variables that require grad", "Use reshape, or resize x.detach()."),
    "numel_overflow": (RuntimeError, "numel: integer multiplication overflow", "Sizes are 0 or more, and their product is below 2**63."),
    "set_dtype": (RuntimeError, "Could not set tensor of type {found} to a tensor of type {wanted}", "Convert the source with .to(dtype)."),
    "no_derivative_of": (RuntimeError, "derivative for {name} is not implemented", "It looks at other memory, which has no history: detach() first if that is meant."),
    "out_count": (RuntimeError, "{name}_out expected an out= argument of size {expected}, got size {found}", "Give one tensor for each result."),
    "strided_dims": (RuntimeError, "dimensionality of sizes ({sizes}) must match dimensionality of strides ({strides})", "Every dimension has one size and one stride."),
    "strided_overflow": (RuntimeError, "Storage size calculation overflowed with sizes={sizes} and strides={strides}", "Strides are 0 or more."),
    "layout_count": (RuntimeError, "Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = {sizes} is not equal to len(physical_layout) = {dims}",
                     "Name every dimension once, the outermost in memory first."),
    "layout_twice": (RuntimeError, "Duplicate dim not allowed", "Name every dimension once, the outermost in memory first."),
    "layout_range": (RuntimeError, "Dimension out of range (expected to be between 0 and {last}, but got {dim} at index {place}).  NB: negative dims not currently supported; file an issue if you want it.",
                     "Count the dimensions from 0 on."),
    "narrow_start_tensor": (RuntimeError, "start must be an 0-dim integral Tensor.", "Give one integer."),
    "order_check": (TypeError, "The ambiguity_check argument must be a bool or a list of memory formats.", "Leave it away to get one of the possible orders."),
    "order_ambiguous": (RuntimeError, "The tensor does not have unique dim order, or cannot map to exact one of the given memory formats.", "Leave ambiguity_check away to get one of the possible orders."),
    "subclass_type": (TypeError, "Creating a Tensor subclass from a class that does not inherit from Tensor is not possible. Make sure your class inherits from Tensor.", "Write class Mine(torch.Tensor)."),
    "map_grad": (RuntimeError, "Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.", "A Python function has no gradient here; write it with tensors, or as an autograd.Function."),
    "map_device": (TypeError, "{name} is only implemented on CPU tensors", "Move it with .cpu()."),
    "map_type": (TypeError, "{name}: expected torch.{wanted} for 'other' (got torch.{found})", "Convert it with .to(dtype)."),
    # files
    "file_missing": (RuntimeError, "unable to open file <{name}> in read-only mode: No such file or directory (2)", "Check the path, or pass shared=True to make the file."),
    "file_short": (RuntimeError, "file <{name}> size <{found}> is smaller than the required mapping size <{needed}>", "Take fewer elements, or another dtype."),
    "file_size": (RuntimeError, "unable to mmap {bytes} bytes from file <{name}>: Cannot allocate memory (12)", "The size counts elements."),
    # storages
    "storage_range": (IndexError, "index {index} out of range for storage of size {size}", "Valid indexes run from -{size} to {size} - 1."),
    "storage_index": (TypeError, "can't index a torch.{name} with {type}", "Give an integer."),
    "storage_slice": (RuntimeError, "slices are only supported in UntypedStorage.__getitem__", "Use tolist(), or the untyped storage."),
    "storage_step": (RuntimeError, "Trying to slice with a step of {step}, but only a step of 1 is supported", "Use tolist()[::2]."),
    "storage_value": (RuntimeError, "can only set storage content with a int types, but got {type} instead", "A byte is an integer."),
    "storage_content": (RuntimeError, "torch.UntypedStorage(): Expected a sequence type, but got {type}", "Give a number of bytes, or a list of them."),
    "storage_copy": (RuntimeError, "size does not match, self was {mine} bytes but src was {other} bytes", "Resize one of them first."),
    "storage_dtype": (RuntimeError, "Expected a Storage of type {wanted} or an UntypedStorage, but got type {found} for argument 1 'storage'", "Give the untyped storage to read its bytes as another dtype."),
}  # fmt: skip
