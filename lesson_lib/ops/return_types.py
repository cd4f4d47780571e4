"""The named tuples that functions with several results return: ``x.max(dim=0).values``."""

from collections import namedtuple


def return_type(name, *fields):
    """A named tuple that prints as PyTorch's: ``torch.return_types.max(`` and a line for each part."""

    def show(self):
        parts = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n{parts})"

    made = namedtuple(name, fields, module="torch.return_types")
    made.__repr__ = show
    return made


max, min, median, mode, sort, topk, kthvalue, cummax, cummin = (
    return_type(name, "values", "indices") for name in ("max", "min", "median", "mode", "sort", "topk", "kthvalue", "cummax", "cummin")
)

linalg_svd, linalg_qr = return_type("linalg_svd", "U", "S", "Vh"), return_type("linalg_qr", "Q", "R")
svd, qr = return_type("svd", "U", "S", "V"), return_type("qr", "Q", "R")
linalg_eigh, linalg_eig = (return_type(name, "eigenvalues", "eigenvectors") for name in ("linalg_eigh", "linalg_eig"))
linalg_slogdet, slogdet = (return_type(name, "sign", "logabsdet") for name in ("linalg_slogdet", "slogdet"))
linalg_lstsq = return_type("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
linalg_inv_ex, linalg_cholesky_ex = return_type("linalg_inv_ex", "inverse", "info"), return_type("linalg_cholesky_ex", "L", "info")
linalg_solve_ex = return_type("linalg_solve_ex", "result", "info")
linalg_lu_factor, linalg_lu_factor_ex = return_type("linalg_lu_factor", "LU", "pivots"), return_type("linalg_lu_factor_ex", "LU", "pivots", "info")
linalg_lu, lu_unpack = (return_type(name, "P", "L", "U") for name in ("linalg_lu", "lu_unpack"))
linalg_ldl_factor, linalg_ldl_factor_ex = return_type("linalg_ldl_factor", "LD", "pivots"), return_type("linalg_ldl_factor_ex", "LD", "pivots", "info")
geqrf = return_type("geqrf", "a", "tau")
triangular_solve = return_type("triangular_solve", "solution", "cloned_coefficient")
frexp, aminmax = return_type("frexp", "mantissa", "exponent"), return_type("aminmax", "min", "max")
nanmedian = return_type("nanmedian", "values", "indices")
histogram, histogramdd = (return_type(name, "hist", "bin_edges") for name in ("histogram", "histogramdd"))
