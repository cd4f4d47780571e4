"""Messages of ``torch.profiler``. Rows of the table in ``errors.py``."""

PROFILER_MESSAGES = {
    "profiler_state": (AssertionError, "{message}", "{hint}"),
    "profiler_reentrant": (RuntimeError, "Profiler context manager is not reentrant", "Make a new profile for each with block."),
    "profiler_sort": (AttributeError, "'{type}' object has no attribute '{name}'", "Sort by an attribute of the events, such as self_cpu_time_total, cpu_time_total, cpu_memory_usage or count."),
    "profiler_metric": (ValueError, "metric should be one of: {metrics}", "self_cpu_time_total is the one that is measured here."),
    "profiler_timeout": (ValueError, "post_processing_timeout_s must be non-negative", "Give seconds, or None for no limit."),
    "profiler_trace_only": (RuntimeError, "events() is not available when trace_only=True in ExperimentalConfig. Use export_chrome_trace() instead.", "Leave trace_only=False to look at events here."),
    "profiler_no_trace": (RuntimeError, "The profiler has not finished a recording", "Call export_chrome_trace() after the with block, or in on_trace_ready."),
    "profiler_name": (RuntimeError, "profiler::_record_function_enter_new() Expected a value of type 'str' for argument 'name' but instead found type '{type}'.", "The name of a range is a text."),
    "profiler_schedule": (AssertionError, "Invalid profiler schedule arguments. Got wait={wait} (need >= 0), warmup={warmup} (need >= 0), active={active} (need > 0), repeat={repeat} (need >= 0), skip_first={skip_first} (need >= 0).",
                          "Give whole numbers of steps; at least one of them active."),
    "profiler_step": (AssertionError, "Step must be non-negative. Got {step}.", "Steps are counted from 0."),
    "profiler_activity_twice": (ValueError, "Activity {activity} specified more than once", "Name each activity once."),
    "profiler_activity_type": (TypeError, "Expected ProfilerActivity or dict, got {type}", "Use ProfilerActivity.CPU."),
    "profiler_stopped": (ValueError, "ProfilerAction.DEVICE_STOPPED is set internally by the profiler and must not be returned by a user-provided schedule", "Return NONE, WARMUP, RECORD or RECORD_AND_SAVE."),
    "profiler_folder": (RuntimeError, "Can't create directory: {folder}", "Give a folder that can be made and written to."),
}  # fmt: skip
