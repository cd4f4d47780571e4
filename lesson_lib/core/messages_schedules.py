"""The messages of learning-rate schedules and averaged models. ``errors.py`` builds exceptions from them.

Each row: kind -> (exception type, PyTorch's first line, what to do about it).
"""

from .messages_nn import PlainKeyError

SCHEDULE_MESSAGES = {
    "scheduler_optimizer": (TypeError, "{type} is not an Optimizer", "Pass the optimizer whose learning rates are to change."),
    "scheduler_resume": (PlainKeyError, "param 'initial_lr' is not specified in param_groups[{number}] when resuming scheduler with last_epoch >= 0.", "Load the optimizer's state first, or leave last_epoch=-1 for a fresh start."),
    "scheduler_lambdas": (ValueError, "Expected {expected} lr_lambdas, but got {found}", "One function for each parameter group, or one for all."),
    "scheduler_get_lr": (NotImplementedError, "{type} has no get_lr", "A schedule writes get_lr(self), which returns one rate for each group. Schedules made of others, and ReduceLROnPlateau, have none."),
    "scheduler_length": (ValueError, "{name} must have the same length as optimizer.param_groups. {name} has {given} values, param_groups has {groups}.", "Give one value for each parameter group, or one for all."),
    "scheduler_factor": (ValueError, "{message}", "A factor says what part of the rate is left: 0.1 makes it ten times smaller."),
    "scheduler_value": (ValueError, "{message}", "See help() of the schedule for what its options mean."),
    "scheduler_momentum": (ValueError, "optimizer must support momentum or beta1 with `cycle_momentum` option enabled", "Pass cycle_momentum=False, or use SGD with momentum, or Adam."),
    "scheduler_plateau_groups": (RuntimeError, "The number of param groups in the `optimizer` ({now}) differs from when `ReduceLROnPlateau` was initialized ({then}), usually due to a new param group being added to the optimizer. Please modify the `min_lrs` field to match the length of the `optimizer` param groups.",
                                 "Append the new group's lowest rate to scheduler.min_lrs, or give one min_lr for all."),
    "scheduler_no_optimizer": (TypeError, "{name} at index {index} should have `optimizer` as its attribute.", "Pass a list of schedules."),
    "scheduler_plateau": (ValueError, "{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be specified when calling `step`, but got one at index {index} in the given schedulers sequence.",
                          "Call its step(metrics) beside the others."),
    "scheduler_other": (ValueError, "{name} expects all schedulers to belong to the same optimizer, but got scheduler {type} at index {index} has {its}, which is different from {own}.", "Make all of them with the same optimizer."),
    "scheduler_milestones": (ValueError, "Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, but got number of schedulers {schedulers} and the number of milestones to be equal to {milestones}",
                             "A milestone stands between two schedules."),
    # averaged models
    "average_functions": (AssertionError, "Only one of avg_fn and multi_avg_fn should be provided", "avg_fn takes one parameter at a time, multi_avg_fn lists of all."),
    "average_decay": (ValueError, "Invalid decay value {decay} provided. Please provide a value in [0,1] range.", "Near 1 the average remembers long: 0.999 about a thousand steps."),
}  # fmt: skip
