"""Small programs that write in place, for ``test_inplace_views``: each is given the library, the leaves ``x`` (3, 4) and ``w`` (4), and ``y`` = 1.5·x."""

PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


@program
def whole_tensor(t, x, w, y):
    y.mul_(2).add_(w)
    y -= 1
    y /= w
    return y


@program
def own_value_is_saved(t, x, w, y):
    y.mul_(w).mul_(w)
    return y


@program
def output_is_saved(t, x, w, y):
    y.exp_()
    return y


@program
def saved_output_overwritten(t, x, w, y):
    z = y.exp()
    z.add_(1)
    return z


@program
def saved_input_overwritten(t, x, w, y):
    z = y * w
    y.add_(1)
    return z, w * y


@program
def quotient_may_be_overwritten(t, x, w, y):
    z = y / w
    z.add_(1)
    return z


@program
def a_row(t, x, w, y):
    y[0].mul_(3)
    return y


@program
def a_row_that_is_kept(t, x, w, y):
    row = y[0]
    row.mul_(w)
    return row, y


@program
def other_views_follow(t, x, w, y):
    left, column, flat = y[:, :2], y[:, 1], y.view(-1)
    left.mul_(w[:2])
    return left, column, flat, y


@program
def a_view_made_before_the_base_was_written(t, x, w, y):
    row = y[1]
    y.mul_(w)
    return row, y


@program
def chained_views(t, x, w, y):
    y.t()[1:].unsqueeze(0)[0, :, ::2].mul_(5)
    return y


@program
def two_writes_through_two_views(t, x, w, y):
    top, last = y[:2], y[:, 3]
    top.mul_(w)
    last.exp_()
    top += 1
    return y, top, last


@program
def the_diagonal(t, x, w, y):
    y.diagonal().copy_(w[:3])
    return y


@program
def a_transposed_view(t, x, w, y):
    y.transpose(0, 1)[2] = w[:3]
    return y


@program
def through_view_and_expanded_gradient(t, x, w, y):
    y.view(2, 6)[0, 1:3].mul_(2)
    return y.sum(0)


@program
def through_windows(t, x, w, y):
    y.unfold(1, 2, 2)[:, 0].mul_(3)
    return y


@program
def through_as_strided(t, x, w, y):
    y.as_strided((3, 2), (4, 1), 1).mul_(3)
    return y


@program
def filled(t, x, w, y):
    y[1].fill_(2)
    y[:, 0].zero_()
    y[2, 3:].fill_(w.sum())
    return y


@program
def assigned(t, x, w, y):
    y[0] = w
    y[1, 2] = 7
    y[:, 3] = w[:3] * 2
    y[2, :2] = y[1, :2]
    return y


@program
def assigned_by_index(t, x, w, y):
    y[[0, 2], [1, 3]] = w[:2]
    y[y > 1] = 0
    y[:, [0]] = w[:1]
    return y


@program
def assigned_by_index_through_a_view(t, x, w, y):
    part = y[1:, 1:]
    part[[0, 1], [2, 0]] = w[1:3]
    return y, part


@program
def assigned_into_zeros(t, x, w, y):
    z = t.zeros(2, 4, dtype=t.float64)
    row = z[1]
    z[0] = w
    z[1:] = y[2]
    return z, row


@program
def zeros_filled_in_a_loop(t, x, w, y):
    z = t.zeros(3, dtype=t.float64)
    for number in range(3):
        z[number] = (y[number] * w).sum() + (z[number - 1] if number else 0)
    return z


@program
def accumulated_by_index(t, x, w, y):
    y.index_put_((t.tensor([0, 0, 2]),), w, accumulate=True)
    y.index_add_(1, t.tensor([1, 1]), y[:, :2].clone(), alpha=2)
    return y


@program
def scattered(t, x, w, y):
    y.scatter_(1, t.tensor([[0], [3], [1]]), w[:3].view(3, 1))
    y.scatter_add_(0, t.tensor([[1, 1, 0, 2]]), w.view(1, 4))
    y.index_fill_(1, t.tensor([2]), 0.5)
    y.masked_fill_(y > 2, 0.25)
    return y


@program
def saved_by_a_view(t, x, w, y):
    squares = (y[0] * y[0]).sum()
    y[1].add_(1)
    return squares


@program
def saved_itself(t, x, w, y):
    squares = y[0] * y[0]
    y[0, 1] = 5
    return squares


@program
def written_without_recording(t, x, w, y):
    row = y[0]
    with t.no_grad():
        row.mul_(2)
        y[1] = 9
    return row, y


@program
def leaf_written_without_recording(t, x, w, y):
    row = x[0]
    with t.no_grad():
        x.mul_(2)
        x[1] = w
    return x, row


@program
def detached_view_bumps_the_version(t, x, w, y):
    z = y * y
    y.detach()[0] = 1
    return z


@program
def data_does_not(t, x, w, y):
    z = y * y
    y.data[0] = 1
    return z


@program
def the_detached_gets_its_own_history(t, x, w, y):
    z = y.detach()
    z[0] = w
    return z, y


@program
def a_leaf(t, x, w, y):
    x.add_(1)


@program
def a_view_of_a_leaf(t, x, w, y):
    x[0].zero_()


@program
def assignment_to_a_leaf(t, x, w, y):
    x[0] = 1


@program
def a_leaf_that_is_a_view(t, x, w, y):
    z = t.zeros(3)[1:].requires_grad_()
    z[z > 0] = 1


@program
def unbound(t, x, w, y):
    y.unbind(0)[1].mul_(2)


@program
def split_and_viewed(t, x, w, y):
    y.split(2, 1)[0][1].mul_(2)


@program
def chunk_of_constants_times_a_leaf(t, x, w, y):
    t.zeros(2, 4, dtype=t.float64).chunk(2)[0].mul_(w)


@program
def unbound_then_base_written(t, x, w, y):
    rows = y.unbind(0)
    y.mul_(2)
    return y, rows[1] * 2


@program
def unbound_written_without_recording(t, x, w, y):
    rows = y.unbind(0)
    with t.no_grad():
        rows[0].zero_()
    return y


@program
def view_made_without_recording(t, x, w, y):
    with t.no_grad():
        row = y[0]
    row.mul_(2)


@program
def view_made_without_recording_then_base_written(t, x, w, y):
    with t.no_grad():
        row = y[0]
    y.mul_(2)
    return row * 2


@program
def constants_viewed_without_recording(t, x, w, y):
    with t.no_grad():
        row = t.zeros(2, 4, dtype=t.float64)[0]
    row.add_(1)
    row.mul_(w)


@program
def overlapping_source(t, x, w, y):
    y[1:].copy_(y[:-1])


@program
def overlapping_transpose(t, x, w, y):
    square = y[:, :3].clone()
    square += square.t()


@program
def same_memory_as_source(t, x, w, y):
    z = y.detach().clone()
    z[:2].add_(z[:2])
    return z * w


@program
def stretched(t, x, w, y):
    y[:, :1].expand(3, 4).add_(1)


@program
def wrong_shape(t, x, w, y):
    y.add_(t.zeros(2, 3, 4))


@program
def wrong_shape_of_a_copy(t, x, w, y):
    y.copy_(t.zeros(1, 3, 4))


@program
def wrong_shape_of_a_value(t, x, w, y):
    y[0] = t.zeros(3)


@program
def wrong_dtype(t, x, w, y):
    t.zeros(3, dtype=t.int64).add_(1.5)


@program
def graph_through_the_old_and_the_new(t, x, w, y):
    before = y.sum()
    y[0] = w * before
    return y * before


@program
def clamped_in_place(t, x, w, y):
    y[:2].clamp_(-0.5, 0.5)
    return y


@program
def fresh_copy_is_independent(t, x, w, y):
    z = y.transpose(0, 1).reshape(-1)
    z[0] = 3
    return y, z
