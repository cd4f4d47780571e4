"""The messages of linear algebra, Fourier transforms and special functions; part of the table in ``errors.py``."""


class LinAlgError(RuntimeError):
    """A matrix that has no such decomposition, inverse or solution.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.LinAlgError.html
    """


LINALG_MESSAGES = {
    "linalg_square": (RuntimeError, "{name}: A must be batches of square matrices, but they are {m} by {n} matrices", "The last two dimensions must be equal. Least squares (linalg.lstsq) takes any shape."),
    "linalg_ndim": (RuntimeError, "{name}: The input tensor{argument} must have at least 2 dimensions.", "Give a matrix, or a batch of matrices in the last two dimensions."),
    "linalg_dtype": (RuntimeError, "{name}: Expected a floating point or complex tensor as input. Got {dtype}", "Convert first: A.float()."),
    "linalg_same_dtype": (RuntimeError, "{name}: Expected A and B to have the same dtype, but found A of type {a} and B of type {b} instead", "Convert one of them with .to(dtype)."),
    "linalg_shapes": (RuntimeError, "{name}: Incompatible shapes of A and B for the equation {equation} ({a} and {b})", "A is n×n; B has n rows (n columns with left=False)."),
    "linalg_singular": (LinAlgError, "linalg.inv: {batch}The diagonal element {index} is zero, the inversion could not be completed because the input matrix is singular.",
                        "A singular matrix has no inverse; linalg.pinv has an answer for every matrix."),
    "linalg_solve_singular": (LinAlgError, "torch.linalg.solve: {batch}The solver failed because the input matrix is singular.", "linalg.lstsq has an answer for every matrix."),
    "linalg_definite": (LinAlgError, "linalg.cholesky: {batch}The factorization could not be completed because the input is not positive-definite (the leading minor of order {index} is not positive-definite).",
                        "A must be symmetric with positive eigenvalues; a small multiple of the identity added to it often helps."),
    "linalg_converge": (LinAlgError, "{name}: The algorithm failed to converge because the input matrix contained non-finite values.", "Look for nan and inf in the matrix first: A.isfinite().all()."),
    "qr_mode": (RuntimeError, "qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'", "\"reduced\" is what most algorithms want."),
    "qr_grad": (RuntimeError, "{message}", "Use mode=\"reduced\"."),
    "eigh_half": (RuntimeError, "Expected UPLO argument to be 'L' or 'U', but got {half}", "It says which triangle is read."),
    "svd_grad": (RuntimeError, "svd_backward: The singular vectors in the case m != n are not differentiable with full_matrices=True", "Use full_matrices=False: the further vectors are arbitrary."),
    "matrix_norm_order": (RuntimeError, "linalg.matrix_norm: Order {order} not supported.", "Orders: \"fro\", \"nuc\", 1, -1, 2, -2, inf, -inf."),
    "linalg_norm_ndim": (RuntimeError, "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D.", "Give the dimensions: dim=-1 for vectors, dim=(-2, -1) for matrices."),
    "cross_size": (RuntimeError, "linalg.cross: inputs dimension {dim} must have length 3. Got {a} and {b}", "A cross product is a matter of three dimensions."),
    "cross_none": (RuntimeError, "no dimension of size 3 in input", "Give dim=, the dimension with the three coordinates."),
    "trace_ndim": (RuntimeError, "trace: expected a matrix, but got tensor with dim {ndim}", "For a batch: A.diagonal(0, -2, -1).sum(-1)."),
    "multi_dot_few": (RuntimeError, "multi_dot(): expected at least 2 tensors but got {count}", "Give a list of matrices."),
    "multi_dot_shapes": (RuntimeError, "multi_dot(): tensors {i} and {j} with shapes {a} and {b} cannot be multiplied", "The columns of each must equal the rows of the next."),
    "multi_dot_ndim": (RuntimeError, "multi_dot(): tensor {index} must be 2D but got {ndim}D", "Only the first and the last may be vectors."),
    "pinv_input": (RuntimeError, "linalg.pinv({title}{{{shape}}}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types", "Give a matrix of floats."),
    "cond_square": (RuntimeError, "linalg.cond(ord={order}): A must be batches of square matrices, but they are {m} by {n} matrices", "Only the orders None, 2 and -2 take any shape."),
    "lstsq_rows": (RuntimeError, "torch.linalg.lstsq: input.size(-2) should match other.size(-2)", "Each row of A is an equation; B has one row for each."),
    "vander_size": (RuntimeError, "N must be greater than 1.", "A power of 0 alone says nothing."),
    "polygamma_order": (RuntimeError, "polygamma(n, x) does not support negative n.", "n counts derivatives."),
    "mvlgamma_p": (RuntimeError, "p has to be greater than or equal to 1", "p counts dimensions."),
    "fft_norm": (RuntimeError, 'Invalid normalization mode: "{norm}"', "Use \"backward\", \"ortho\" or \"forward\"."),
    "fft_real": (RuntimeError, "{name} expects a {wanted} input tensor, but got {dtype}", "A complex signal has a whole spectrum: use fft."),
    "fft_dtype": (RuntimeError, "Unsupported dtype {dtype}", "Convert first: x.float()."),
    "fft_points": (RuntimeError, "Invalid number of data points ({size}) specified", "A transform needs at least one element."),
    "fft_unique": (RuntimeError, "FFT dims must be unique", "Name each dimension once."),
    "fft_lengths": (RuntimeError, "When given, dim and shape arguments must have the same length", "Give one size for each dimension."),
    "fft_shape": (RuntimeError, "Got shape with {given} values but input tensor only has {ndim} dimensions.", "Give at most one size for each dimension."),
    "dim_of_0d": (IndexError, "Dimension specified as {dim} but tensor has no dimensions", "unsqueeze makes a 0-d tensor a vector."),
    "view_as_real": (RuntimeError, "view_as_real is only supported for complex tensors", "A real tensor has no imaginary part."),
    "view_as_complex_dtype": (RuntimeError, "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: {dtype}", "Convert first: x.float()."),
    "view_as_complex_0d": (RuntimeError, "Input tensor must have one or more dimensions", "The last dimension holds the two parts."),
    "view_as_complex_size": (RuntimeError, "Tensor must have a last dimension of size 2", "The last dimension holds the two parts."),
    "view_as_complex_stride": (RuntimeError, "Tensor must have a last dimension with stride 1", "Use x.contiguous() first."),
    "imag_real": (RuntimeError, "imag is not implemented for tensors with non-complex dtypes.", "A real tensor has no imaginary part."),
    "complex_parts": (RuntimeError, "Expected both inputs to be Half, Float or Double tensors but got {a} and {b}", "Convert first: x.float()."),
    "complex_same": (RuntimeError, "Expected object of scalar type {wanted} but got scalar type {found} for second argument", "Convert one of them with .to(dtype)."),
    "cov_ndim": (RuntimeError, "cov(): expected input to have two or fewer dimensions but got an input with {ndim} dimensions", "Each row is a variable, each column an observation."),
    "cov_weights": (RuntimeError, "cov(): expected {name} to have one or fewer dimensions but got {name} with {ndim} dimensions", "One weight for each observation."),
    "cov_count": (RuntimeError, "cov(): expected {name} to have the same numel as there are observations in the input but got {found} != {wanted}", "One weight for each observation."),
}  # fmt: skip
