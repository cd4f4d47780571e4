"""The named tuples that functions with several results return: ``x.max(dim=0).values``."""

from collections import namedtuple


def return_type(name, *fields):
    """A named tuple that prints as PyTorch's: ``torch.return_types.max(`` and a line for each part."""

    def show(self):
        parts = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n{parts})"

    return type(name, (namedtuple(name, fields),), {"__slots__": (), "__module__": "torch.return_types", "__repr__": show})


max, min, median, mode, sort, topk, kthvalue, cummax, cummin = (
    return_type(name, "values", "indices") for name in ("max", "min", "median", "mode", "sort", "topk", "kthvalue", "cummax", "cummin")
)

linalg_svd, linalg_qr = return_type("linalg_svd", "U", "S", "Vh"), return_type("linalg_qr", "Q", "R")
svd, qr = return_type("svd", "U", "S", "V"), return_type("qr", "Q", "R")
linalg_eigh, linalg_eig = (return_type(name, "eigenvalues", "eigenvectors") for name in ("linalg_eigh", "linalg_eig"))
linalg_slogdet, slogdet = (return_type(name, "sign", "logabsdet") for name in ("linalg_slogdet", "slogdet"))
linalg_lstsq = return_type("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
linalg_inv_ex, linalg_cholesky_ex = return_type("linalg_inv_ex", "inverse", "info"), return_type("linalg_cholesky_ex", "L", "info")
triangular_solve = return_type("triangular_solve", "solution", "cloned_coefficient")
frexp, aminmax = return_type("frexp", "mantissa", "exponent"), return_type("aminmax", "min", "max")
nanmedian, histogram = return_type("nanmedian", "values", "indices"), return_type("histogram", "hist", "bin_edges")
