"""Messages of ``torch.testing`` and of the global settings. Rows of the table in ``errors.py``."""

TESTING_MESSAGES = {
    # testing
    "not_close": (AssertionError, "{message}", "Look at the place that is named; if the difference is rounding, give rtol and atol."),
    "not_comparable": (TypeError, "No comparison pair was able to handle inputs of type {a} and {b}.{place}", "Compare tensors with tensors, arrays with arrays, numbers with numbers."),
    "one_tolerance": (ValueError, "Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.", "Give both, or none."),
    "make_order": (ValueError, "`low` must be less than `high`, but got {low} >= {high}", "Numbers are drawn from low up to high."),
    "make_nan": (ValueError, "`low` and `high` cannot be NaN, but got low={low} and high={high}", "Give two numbers."),
    "make_grad": (ValueError, "`requires_grad=True` is not supported for boolean and integral dtypes, but got dtype={dtype}", "Use a floating dtype."),
    # settings
    "debug_mode_name": (RuntimeError, "invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got {value}", "0 is default, 1 warns, 2 is an error."),
    "debug_mode_number": (RuntimeError, "invalid value of debug_mode, expected 0, 1, or 2, but got {value}", "0 is default, 1 warns, 2 is an error."),
    "debug_mode_type": (TypeError, "debug_mode must be str or int, but got {type}", "0 is default, 1 warns, 2 is an error."),
    "mode_type": (TypeError, "_set_deterministic_algorithms(): argument 'mode' (position 1) must be bool, not {type}", "Give True or False."),
    "setting_type": (RuntimeError, "{name} expects a{wanted}, but got {type}", "See help({name})."),
    "threads_positive": (RuntimeError, "{name} expects a positive integer", "At least one thread computes."),
    "interop_twice": (RuntimeError, "Error: cannot set number of interop threads after parallel work has started or set_num_interop_threads called", "Set it once, at the start."),
    "default_type": (TypeError, "{start}only floating-point types are supported as the default type", "Use set_default_dtype(torch.float64)."),
    "device_module": (RuntimeError, "Device '{name}' does not have a corresponding module registered as 'torch.{name}'.", "There are torch.cpu and torch.cuda."),
    "cuda_type": (TypeError, "type torch.cuda.{name} not available. Torch not compiled with CUDA enabled.", "Use torch.tensor(data, device=device) with a device that is there."),
    # symbolic numbers
    "sym_bool": (AssertionError, "expected SymBool or bool, got {type}", "Compare first: sym_ite(a > b, a, b)."),
    "sym_types": (AssertionError, "type mismatch: {a} vs {b}", "Both branches need one type."),
}  # fmt: skip
