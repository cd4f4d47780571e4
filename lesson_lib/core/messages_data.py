"""Messages of data sets, samplers and the DataLoader. Rows of the table in ``errors.py``."""

DATA_MESSAGES = {
    "stack_both": (ValueError, "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like input/output, but both types are given.", "Give all data sets by name, or none."),
    "stack_empty": (ValueError, "At least one dataset should be passed", "Pass the data sets that belong together."),
    "stack_sizes": (ValueError, "Size mismatch between datasets", "Sample i is made of the samples i of all of them."),
    "stack_items": (ValueError, "Nested dataset's output size mismatch. Expected {expected}, got {found}", "__getitems__ gives one sample for each index."),
    "replacement": (ValueError, "replacement should be a boolean value, but got replacement={value}", "Use True or False."),
    "no_process_group": (ValueError, "Default process group has not been initialized, please make sure to call init_process_group.", "Pass num_replicas and rank."),
    "sampler_rank": (ValueError, "Invalid rank {rank}, rank should be in the interval [0, {last}]", "The processes are counted from 0."),
    # worker processes
    "loader_assertion": (AssertionError, "{message}", "That option is about worker processes: see num_workers."),
    "loader_start_method": (ValueError, "multiprocessing_context option should specify a valid start method in {methods}, but got multiprocessing_context='{given}'", "\"fork\" is the quickest, where there is one."),
    "loader_context": (TypeError, "multiprocessing_context option should be a valid context object or a string specifying the start method, but got multiprocessing_context={given}", "Pass \"fork\" or \"spawn\"."),
    "loader_timeout": (RuntimeError, "DataLoader timed out after {seconds} seconds", "Pass a longer timeout=, or look with num_workers=0 at what takes so long."),
    "worker_died": (RuntimeError, "DataLoader worker (pid(s) {pids}) exited unexpectedly", "Something ended that process: too little memory, a crash, sys.exit(). With num_workers=0 it happens in this process and can be seen."),
    "tensor_crossing": (RuntimeError, "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support crossing process boundaries.  If you just want to transfer the data, call detach() on the tensor before serializing (e.g., putting it on the queue).",
                        "Return x.detach() from the data set."),
    "files_lost": (RuntimeError, "unable to open shared memory: too many open files", "Let batches go before taking more, or raise the limit: ulimit -n."),
}  # fmt: skip
