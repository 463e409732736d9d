"""The bootstrap interval of `nmn report`, computed apart from it: bootstrap.py mean|iqm VALUE.. [less VALUE..] prints average, low and high;
with `less`, those of the difference.

Philox 4x32-10 is written from Salmon et al. 2011, the draws from the page docs/cli.md.
"""

import sys

import numpy as np

PURPOSE_BOOTSTRAP = 11
RESAMPLES = 2000


def philox4x32(counter, key):
    """counter: four arrays of uint32 as uint64; ten rounds."""
    low32 = np.uint64(0xFFFFFFFF)
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * c0
        p1 = np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (p1 >> np.uint64(32)) ^ c1 ^ k0, p1 & low32, (p0 >> np.uint64(32)) ^ c3 ^ k1, p0 & low32
        k0 = (k0 + np.uint64(0x9E3779B9)) & low32
        k1 = (k1 + np.uint64(0xBB67AE85)) & low32
    return np.stack([c0, c1, c2, c3], axis=-1)


def trimmed_mean(values, kind):
    cut = values.shape[-1] // 4 if kind == "iqm" else 0
    ordered = np.sort(values, axis=-1)
    return ordered[..., cut : values.shape[-1] - cut].mean(axis=-1)


def resampled(values, kind, update):
    """The averages of all resamples."""
    values = np.sort(values)
    n = len(values)
    blocks = (n + 3) // 4
    step, resample = np.meshgrid(np.arange(blocks, dtype=np.uint64), np.arange(RESAMPLES, dtype=np.uint64))
    zero = np.zeros_like(step)
    words = philox4x32((step, resample, zero + np.uint64(update), zero + np.uint64(PURPOSE_BOOTSTRAP << 16)), (np.uint64(0), np.uint64(0)))
    index = (words.reshape(RESAMPLES, -1)[:, :n] * np.uint64(n)) >> np.uint64(32)
    return trimmed_mean(values[index], kind)


kind, words = sys.argv[1], sys.argv[2:]
end = words.index("less") if "less" in words else len(words)
values, others = (np.array([float(value) for value in part]) for part in (words[:end], words[end + 1:]))
average, averages = trimmed_mean(values, kind), resampled(values, kind, 0)
if len(others):
    average, averages = average - trimmed_mean(others, kind), averages - resampled(others, kind, 1)
low, high = np.quantile(averages, [0.025, 0.975])
print(f"{average:.17g} {low:.17g} {high:.17g}")
