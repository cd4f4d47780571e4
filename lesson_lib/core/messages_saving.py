"""Messages about files: what cannot be saved, what is refused when it is loaded. Rows of the table in ``errors.py``."""

from pickle import UnpicklingError

_TWO_OPTIONS = "Weights only load failed. This file can still be loaded, to do so you have two options, \033[1mdo those steps only if you trust the source of the checkpoint\033[0m. "
_UNSAFE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` from `False` to `True`. Re-running `torch.load` with `weights_only` set to `False` "
    "will likely succeed, but it can result in arbitrary code execution. Do it only if you got the file from a trusted source."
)
_MINIZ = "This is an internal miniz error. If you are seeing this error, there is a high likelihood that your checkpoint file is corrupted. This can happen if the checkpoint was not saved properly, was transferred incorrectly, or the file was modified after saving."


class SafetensorError(Exception):
    """A safetensors file that is none: ``safetensors.SafetensorError``."""


SAVING_MESSAGES = {
    # saving
    "save_target": (AttributeError, "expected 'f' to be string, path, or a file-like object with a 'write' attribute", "Give a path, or a file opened with mode 'wb'."),
    "save_folder": (RuntimeError, "Parent directory {folder} does not exist.", "Make it first: pathlib.Path(...).mkdir(parents=True, exist_ok=True)."),
    "save_dtypes": (RuntimeError, "Cannot save multiple tensors or storages that view the same data as different types", "Save one of them, or a clone()."),
    "save_legacy": (RuntimeError, "the format from before PyTorch 1.6 is read here and not written", "Leave _use_new_zipfile_serialization away."),
    # what a file may hold
    "unpickle_global": (UnpicklingError, _TWO_OPTIONS,
                        "No code from a file runs here, whatever weights_only says. WeightsUnpickler error: Unsupported global: GLOBAL {name} was not an allowed global by default. Please use "
                        "`torch.serialization.add_safe_globals([{name}])` or the `torch.serialization.safe_globals([{name}])` context manager to allowlist this global if you trust this class/function."),
    "unpickle_blocked": (UnpicklingError, "Weights only load failed. " + _UNSAFE,
                         "Do not use this file: it asks for {name}, and a checkpoint has no need of the module {module}. WeightsUnpickler error: Trying to load unsupported GLOBAL {name} whose module {module} is blocked."),
    "unpickle_not_here": (UnpicklingError, "Weights only load failed. " + _UNSAFE, "The file holds {what}, which this library has not ({name}). Convert it with PyTorch."),
    "unpickle": (UnpicklingError, "Weights only load failed. " + _UNSAFE, "Get the file again: it is damaged, or was not written by torch.save. WeightsUnpickler error: {problem}"),
    "not_a_save": (UnpicklingError, "Weights only load failed. " + _UNSAFE, "This is no file of torch.save: it is {what}. A file object must stand at its beginning: f.seek(0)."),
    "not_a_checkpoint": (ValueError, "Expected input to be a checkpoint returned by torch.save", "Files from before PyTorch 1.6 cannot be looked into."),
    "safe_pair": (ValueError, "Expected tuple of length 2 (global, str of callable full path), but got tuple of length: {found}", "Give (Class, 'module.Class')."),
    "safe_name": (TypeError, "Expected second item in tuple to be str of callable full path, but got: {type}", "Give (Class, 'module.Class')."),
    # the archive
    "archive_corrupt": (RuntimeError, "PytorchStreamReader failed reading zip archive: {why}. " + _MINIZ, "Get the file again, or use an older checkpoint."),
    "archive_missing": (RuntimeError, "PytorchStreamReader failed locating file {name}: file not found. " + _MINIZ, "Get the file again: a part is missing, or it was not written by torch.save."),
    "archive_checksum": (RuntimeError, "PytorchStreamReader failed reading file {name}: its checksum is wrong. " + _MINIZ, "Get the file again: its bytes have changed since it was written."),
    "archive_compressed": (RuntimeError, "PytorchStreamReader failed reading zip archive: its entries are compressed or encrypted", "Unpack it, and pack it again without compression: zip -0 -r."),
    "record_size": (RuntimeError, "record size ({found} bytes) does not match expected size ({expected} bytes = {expected} elements * 1 bytes/element) for dtype Byte", "Get the file again: it is damaged."),
    "load_dims": (RuntimeError, "unequal size length ({sizes}) and stride length ({strides})", "Get the file again: it is damaged."),
    "load_byteorder": (ValueError, "Unknown endianness type: {name}", "Get the file again: it is damaged."),
    "load_torchscript": (RuntimeError, "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. " + _UNSAFE, "It is a compiled program. Save its state_dict() with PyTorch."),
    # how to load
    "load_source": (AttributeError, "'{type}' object has no attribute '{name}'. You can only torch.load from a file that is seekable. Please pre-load the data into a buffer like io.BytesIO and try to load from it instead.",
                    "Give a path, or io.BytesIO(data)."),
    "load_text": (AssertionError, "Expected bytes, got {type}", "Open the file with mode 'rb'."),
    "load_mmap": (ValueError, "f must be a file path in order to use the mmap argument", "Give the path, or leave mmap away."),
    "load_mmap_legacy": (RuntimeError, "mmap can only be used with files saved with `torch.save(_use_new_zipfile_serialization=True), please torch.save your checkpoint with this option in order to use mmap.", "Load it without mmap and save it again."),
    "load_pickle_module": (RuntimeError, "Can not safely load weights when explicit pickle_module is specified", "Leave pickle_module away: it is not used."),
    "load_safetensors": (RuntimeError, "Loading safetensors file with {what} map_location is not supported. Use a device string or torch.device instead.", 'Give map_location="cpu".'),
    "mmap_options": (ValueError, "Invalid argument in function set_default_mmap_options, expected mmap.MAP_PRIVATE or mmap.MAP_SHARED, but got {flags}", "Give one of these two."),
    "map_location_type": (TypeError, "'{type}' object is not callable", 'map_location is a device such as "cpu", a dictionary, or a function of storage and location.'),
    "map_location_result": (TypeError, "TypedStorage.__init__ received an invalid combination of arguments. Argument 'wrap_storage' must be UntypedStorage, but got {type}", "Let map_location return the storage, or None."),
    "location_unknown": (RuntimeError, "don't know how to restore data location of torch.storage.UntypedStorage (tagged with {location})", 'Give map_location="cpu".'),
    "location_no_cuda": (RuntimeError, "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running on a CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map your storages to the CPU.",
                         'Give map_location="cpu".'),
    "location_no_such_gpu": (RuntimeError, "Attempting to deserialize object on CUDA device {index} but torch.cuda.device_count() is {count}. Please use torch.load with map_location to map your storages to an existing device.", 'Give map_location="cuda:0" or "cpu".'),
    # safetensors
    "safetensors_file": (SafetensorError, "Error while deserializing: {problem}", "Get the file again: it is damaged, or no safetensors file."),
    "safetensors_dict": (ValueError, "Expected a dict of [str, torch.Tensor] but received {type}", "Give a dictionary from names to tensors, such as model.state_dict()."),
    "safetensors_value": (ValueError, "Key `{key}` is invalid, expected torch.Tensor but received {type}", "safetensors holds tensors alone; strings can go into metadata."),
    "safetensors_dtype": (ValueError, "`{key}` is of dtype {dtype}, which safetensors has not", "Convert it, or use torch.save."),
    "safetensors_metadata": (TypeError, "argument 'metadata': '{type}' object is not an instance of 'str'", "Keys and values of metadata are strings: json.dumps makes one of anything."),
    "safetensors_shared": (RuntimeError, "Some tensors share memory, this will lead to duplicate memory on disk and potential differences when loading them again: [{names}].", "Use save_model, which keeps one name for each, or clone() one of them."),
    "safetensors_model": (RuntimeError, "Error(s) in loading state_dict for {name}:\n    {problems}", "The file was written from another model; strict=False loads what fits."),
    "safetensors_missing": (SafetensorError, "File does not contain tensor {name}", "keys() tells what is in the file."),
    "safetensors_framework": (SafetensorError, "framework {name} is invalid", 'Give framework="pt".'),
}  # fmt: skip
