"""Medium-sized operations alone, forward and backward: 4096 rows of 768."""

from ..registry import differentiated, workload

ROWS = (1024, 2048, 4096, 8192)


@workload("Fused", rows=ROWS)
def softmax(torch, rows=4096):
    return differentiated(torch, lambda x: torch.softmax(x, -1), (rows, 768))


@workload("Fused", rows=ROWS)
def log_softmax(torch, rows=4096):
    return differentiated(torch, lambda x: torch.log_softmax(x, -1), (rows, 768))


@workload("Fused", {"gelu": {}, "gelu_tanh": {"approximate": "tanh"}}, rows=ROWS)
def gelu(torch, rows=4096, approximate="none"):
    return differentiated(torch, lambda x: torch.nn.functional.gelu(x, approximate=approximate), (rows, 768))


@workload("Fused", {"cross_entropy": {}, "cross_entropy_smoothed": {"smoothing": 0.1}}, rows=ROWS)
def cross_entropy(torch, rows=4096, smoothing=0.0):
    classes = torch.arange(rows) % 768
    return differentiated(torch, lambda x: torch.nn.functional.cross_entropy(x, classes, label_smoothing=smoothing), (rows, 768))


@workload("Fused", rows=ROWS)
def bce_with_logits(torch, rows=4096):
    halves = torch.full((rows, 768), 0.5)
    return differentiated(torch, lambda x: torch.nn.functional.binary_cross_entropy_with_logits(x, halves), (rows, 768))


@workload("Fused", rows=ROWS)
def layer_norm(torch, rows=4096):
    return differentiated(torch, lambda x, w, b: torch.nn.functional.layer_norm(x, (768,), w, b), (rows, 768), (768,), (768,))


@workload("Fused", rows=ROWS)
def rms_norm(torch, rows=4096):
    return differentiated(torch, lambda x, w: torch.nn.functional.rms_norm(x, (768,), w), (rows, 768), (768,))


@workload("Fused", images=(8, 16, 32, 64))
def batch_norm(torch, images=32):
    """64 channels of 32×32, with the batch's own mean and variance."""

    def function(x, w, b):
        return torch.nn.functional.batch_norm(x, None, None, w, b, training=True)

    return differentiated(torch, function, (images, 64, 32, 32), (64,), (64,))


@workload("Fused", images=(8, 16, 32, 64))
def group_norm(torch, images=32):
    return differentiated(torch, lambda x, w, b: torch.nn.functional.group_norm(x, 8, w, b), (images, 64, 32, 32), (64,), (64,))


@workload("Fused", images=(8, 16, 32, 64))
def instance_norm(torch, images=32):
    return differentiated(torch, lambda x, w, b: torch.nn.functional.instance_norm(x, None, None, w, b), (images, 64, 32, 32), (64,), (64,))


@workload("Fused", {"attention_long": {}, "attention_causal": {"shape": (12, 4), "length": 64, "causal": True}}, length=(64, 128, 256, 512))
def attention(torch, shape=(8, 8), length=512, causal=False):
    """Scaled dot products, heads of 64 (long) or the GPT's own."""
    sizes = (*shape, length, 32 if causal else 64)
    return differentiated(torch, lambda *qkv: torch.nn.functional.scaled_dot_product_attention(*qkv, is_causal=causal), sizes, sizes, sizes)
