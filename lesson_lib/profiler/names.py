"""What PyTorch calls our ops: ``aten::mul``. A building block that PyTorch has not got keeps its own name, ``lesson_lib::cofactors``."""

from functools import cache

#: our name -> PyTorch's, where they differ and the declaration does not say so
RENAMED = {
    "to_dtype": "_to_copy", "to_device": "_to_copy", "view_dtype": "view", "unsafe_view": "_unsafe_view", "slice_": "slice", "true_div": "div",
    "div_rounded": "div", "where_else": "where", "max_all": "max", "min_all": "min", "max_dim": "max", "min_dim": "min", "pow_scalar": "pow",
    "pow_tensor": "pow", "pow_base": "pow", "vector_norm": "linalg_vector_norm", "logsigmoid": "log_sigmoid", "prelu_kernel": "_prelu_kernel",
    "median_dim": "median", "median_all": "median", "nanmedian_dim": "nanmedian", "nanmedian_all": "nanmedian", "fill_in": "fill_",
    "split_equal": "split", "split_parts": "split_with_sizes", "unsafe_split_equal": "unsafe_split", "unsafe_split_parts": "unsafe_split_with_sizes",
    "t_in": "t_", "transpose_in": "transpose_", "unsqueeze_in": "unsqueeze_", "squeeze_in": "squeeze_", "strided": "as_strided", "strided_in": "as_strided_",
    "batch_norm_train": "native_batch_norm", "batch_norm_eval": "native_batch_norm", "native_rms_norm": "rms_norm", "pair_norm": "norm",
    "safe_softmax": "_safe_softmax", "attention_kernel": "scaled_dot_product_attention", "mse_loss_kernel": "mse_loss",
    "smooth_l1_loss_kernel": "smooth_l1_loss", "huber_loss_kernel": "huber_loss", "binary_cross_entropy_kernel": "binary_cross_entropy",
    "binary_cross_entropy_with_logits_kernel": "binary_cross_entropy_with_logits", "nll_loss_kernel": "nll_loss_forward",
    "nll_loss2d_kernel": "nll_loss2d_forward", "cross_entropy_kernel": "cross_entropy_loss", "cross_entropy2d_kernel": "cross_entropy_loss",
    "cross_entropy_soft_kernel": "cross_entropy_loss", "ctc_loss_kernel": "ctc_loss", "soft_margin_loss_kernel": "soft_margin_loss",
    "multi_margin_loss_kernel": "multi_margin_loss", "multilabel_margin_loss_kernel": "multilabel_margin_loss", "fft_c2c": "_fft_c2c", "fft_r2c": "_fft_r2c",
    "fft_c2r": "_fft_c2r", "trilinear": "_trilinear", "lstm_sequence": "lstm", "gru_sequence": "gru", "normal_of_mean": "normal", "normal_of_std": "normal",
    "normal_of_both": "normal", "normal_fill": "normal_", "random_fill": "random_", "bernoulli_fill": "bernoulli_", "bernoulli_fill_given": "bernoulli_",
    "bernoulli_drawn": "bernoulli", "poisson_drawn": "poisson", "binomial_drawn": "binomial", "upsample_nearest_exact1d": "_upsample_nearest_exact1d",
    "upsample_nearest_exact2d": "_upsample_nearest_exact2d", "upsample_nearest_exact3d": "_upsample_nearest_exact3d",
    "upsample_bilinear2d_aa": "_upsample_bilinear2d_aa", "upsample_bicubic2d_aa": "_upsample_bicubic2d_aa",
    "fractional_max_windows2d": "fractional_max_pool2d", "fractional_max_windows3d": "fractional_max_pool3d", "max_unpool2d_places": "max_unpool2d",
    "max_unpool3d_places": "max_unpool3d", "avg_pool2d_windows": "avg_pool2d", "avg_pool3d_windows": "avg_pool3d",
    "adaptive_avg_windows2d": "adaptive_avg_pool2d", "adaptive_avg_windows3d": "adaptive_avg_pool3d", "adaptive_max_windows2d": "adaptive_max_pool2d",
    "adaptive_max_windows3d": "adaptive_max_pool3d", "convolution_transpose": "convolution", "embedding_rows": "embedding",
}  # fmt: skip

#: building blocks of rules and of other ops, for which PyTorch has no name
OWN = frozenset((
    "zeros_as", "scatter_view", "sum_strided", "conjugate", "exchange_rows", "cofactors", "pseudo_inverse", "least_squares", "fill_part",
    "product_of_others", "affine_grid_back", "index_sum", "index_put_at", "places", "gather_sum", "border_pad", "border_fold", "conv2d_input",
    "conv2d_weight", "embedding_sum", "embedding_shares", "embedding_bag_sum", "embedding_bag_max", "pixels_at", "pixels_back",
    "eigenpairs", "masked_place", "max_pool_scatter", "max_pool_gather", "avg_pool2d_spread", "avg_pool3d_spread", "adaptive_avg_spread2d",
    "adaptive_avg_spread3d", "rnn_sequence", "nll_loss_spread", "ctc_loss_spread", "resample", "resample_back", "upsample_lanczos2d_aa",
))  # fmt: skip


@cache
def aten_name(decl):
    """The name of an op's events."""
    if decl.name in OWN or not decl.__module__.startswith(__name__.partition(".")[0] + "."):
        return f"lesson_lib::{decl.name}"
    return f"aten::{RENAMED.get(decl.name, decl.name)}"
