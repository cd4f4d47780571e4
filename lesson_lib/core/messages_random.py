"""Messages about random numbers. Rows of the table in ``errors.py``."""

RANDOM_MESSAGES = {
    "poisson_rate": (RuntimeError, "invalid Poisson rate, expected rate to be non-negative", "A rate is the mean of a count: 0 or more."),
    "binomial_dtype": (ValueError, "binomial only supports floating-point dtypes for {argument}, got: {dtype}", "Convert it with .float()."),
    "cauchy_sigma": (RuntimeError, "cauchy_ expects sigma > 0.0, but found sigma={sigma:g}", "sigma is half the width at half the height."),
    "cauchy_dtype": (RuntimeError, "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you specified {dtype}", "Convert first: x.float()."),
    "log_normal_std": (RuntimeError, "log_normal_ expects std > 0.0, but found std={std:g}", "A standard deviation is a distance."),
    "geometric_p": (RuntimeError, "geometric_ expects p to be in (0, 1), but got p={p:g}", "A probability of 0 never succeeds, one of 1 at once."),
}  # fmt: skip
