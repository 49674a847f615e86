"""Block masks for matrices: which blocks to keep, and what the kept weights must be (SparseGPT: Frantar and Alistarh 2023).

A matrix is [N, K], outputs by inputs; a convolution's is [N, kernel_h * kernel_w * channels]. A block is 4 consecutive
inputs of `height` consecutive outputs, what edgert's sparse kernels multiply at once.
"""

import torch
from torch import nn

BLOCK_INPUTS = 4
CHUNK = 128
DAMPING = 0.01
REFIT_STEPS = 12


def matrix(layer):
    """The weights of a linear or convolution layer as [N, K], K in the order (ky, kx, channel)."""
    weight = layer.weight.detach()
    return weight.permute(0, 2, 3, 1).flatten(1) if isinstance(layer, nn.Conv2d) else weight


def set_matrix(layer, values):
    """Write [N, K] back into a layer's weights."""
    weight = layer.weight.data
    if isinstance(layer, nn.Conv2d):
        count, channels, height, width = weight.shape
        values = values.reshape(count, height, width, channels).permute(0, 3, 1, 2)
    weight.copy_(values)


def inputs(layer, x):
    """What a layer multiplies, as rows [M, K]."""
    if not isinstance(layer, nn.Conv2d):
        return x.flatten(0, -2)
    columns = nn.functional.unfold(x, layer.kernel_size, layer.dilation, layer.padding, layer.stride)
    count = x.shape[1]
    return columns.unflatten(1, (count, -1)).permute(0, 3, 2, 1).flatten(2).flatten(0, 1)


class Grams:
    """Sums of x x' over the inputs of layers while it is open as a context."""

    def __init__(self, layers):
        self.layers = layers
        self.sums = {}

    def __enter__(self):
        self.hooks = [layer.register_forward_pre_hook(self.collect) for layer in self.layers]
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()

    def collect(self, layer, arguments):
        """A forward hook."""
        rows = inputs(layer, arguments[0].detach())
        self.sums[layer] = self.sums.get(layer, 0) + rows.T @ rows


def widen(blocks, height):
    """A mask of blocks [N / height, K / 4] as one of weights [N, K]."""
    return blocks.repeat_interleave(height, 0).repeat_interleave(BLOCK_INPUTS, 1)


def keep_best(cost, density):
    """The mask of the most costly blocks."""
    kept = max(1, round(cost.numel() * density))
    mask = torch.zeros(cost.numel(), dtype=torch.bool)
    mask[cost.flatten().topk(kept).indices] = True
    return mask.reshape(cost.shape)


def refit(weights, target, gram, mask):
    """Conjugate gradients on each row's kept weights for the least |(w - target) x|^2, by diagonal-scaled residuals."""
    scale = 1 / gram.diagonal()
    residual = ((target - weights) @ gram) * mask
    step = residual * scale
    before = (residual * step).sum(1, keepdim=True)
    for _ in range(REFIT_STEPS):
        along = (step @ gram) * mask
        length = before / (step * along).sum(1, keepdim=True).clamp_min(1e-20)
        weights = weights + length * step
        residual = residual - length * along
        scaled = residual * scale
        now = (residual * scaled).sum(1, keepdim=True)
        step = scaled + now / before.clamp_min(1e-20) * step
        before = now
    return weights


def prune(weights, gram, density, height):
    """The weights [N, K] with a fraction of blocks kept and refitted, and their mask.

    Chunk by chunk, blocks leave at which the output changes least, given that later inputs make up for them.
    """
    gram = gram.double()
    gram = gram + torch.eye(len(gram), dtype=gram.dtype) * DAMPING * gram.diagonal().mean()
    target = weights.double()
    upper = torch.linalg.cholesky(torch.linalg.inv(gram), upper=True)
    current, masks = target.clone(), []
    for start in range(0, current.shape[1], CHUNK):
        end = min(start + CHUNK, current.shape[1])
        part, factor = current[:, start:end].clone(), upper[start:end, start:end]
        inverse = factor.T @ factor
        count = (end - start) // BLOCK_INPUTS
        corner = torch.stack([inverse[i * 4:i * 4 + 4, i * 4:i * 4 + 4] for i in range(count)])
        groups = part.unflatten(1, (count, BLOCK_INPUTS))
        cost = torch.einsum("nbi,bij,nbj->nb", groups, torch.linalg.inv(corner), groups)
        cost = cost.unflatten(0, (-1, height)).sum(1)
        mask = widen(keep_best(cost, density), height)
        errors = torch.zeros_like(part)
        for i in range(end - start):
            errors[:, i] = part[:, i] * ~mask[:, i] / factor[i, i]
            part[:, i:] -= errors[:, i:i + 1] * factor[i, i:]
        current[:, start:end] = part * mask
        current[:, end:] -= errors @ upper[start:end, end:]
        masks.append(mask)
    mask = torch.cat(masks, 1)
    return refit(current * mask, target, gram, mask).float(), mask
