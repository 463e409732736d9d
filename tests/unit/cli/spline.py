"""R^2 of the splines of `nmn analyse`, computed apart from it: spline.py natural|periodic:PERIOD X.. / Y.. prints R^2.

The splines are built from their values at the knots (cardinal splines), and fitted by numpy's lstsq.
"""

import sys

import numpy as np


def natural_design(x, knots):
    n = len(knots)
    h = np.diff(knots)
    # Second derivatives at the inner knots of each cardinal spline; 0 at the ends.
    a = np.zeros((n, n))
    b = np.zeros((n, n))
    a[0, 0] = a[-1, -1] = 1
    for i in range(1, n - 1):
        a[i, i - 1 : i + 2] = h[i - 1] / 6, (h[i - 1] + h[i]) / 3, h[i] / 6
        b[i, i - 1 : i + 2] = 1 / h[i - 1], -1 / h[i - 1] - 1 / h[i], 1 / h[i]
    return evaluate(x, knots, h, np.linalg.solve(a, b), np.eye(n))


def periodic_design(x, period, n):
    knots = np.arange(n + 1) * period / n
    h = np.full(n, period / n)
    a = np.zeros((n, n))
    b = np.zeros((n, n))
    for i in range(n):
        before, after = (i - 1) % n, (i + 1) % n
        a[i, before] += h[0] / 6
        a[i, i] += 2 * h[0] / 3
        a[i, after] += h[0] / 6
        b[i, before] += 1 / h[0]
        b[i, i] -= 2 / h[0]
        b[i, after] += 1 / h[0]
    wrap = np.vstack([np.eye(n), np.eye(n)[:1]])
    second = np.linalg.solve(a, b)
    return evaluate(x % period, knots, h, np.vstack([second, second[:1]]), wrap)


def evaluate(x, knots, h, second, values):
    at = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(h) - 1)
    left, right = (knots[at + 1] - x)[:, None], (x - knots[at])[:, None]
    width = h[at][:, None]
    return (
        second[at] * left**3 / (6 * width)
        + second[at + 1] * right**3 / (6 * width)
        + (values[at] / width - second[at] * width / 6) * left
        + (values[at + 1] / width - second[at + 1] * width / 6) * right
    )


kind = sys.argv[1]
middle = sys.argv.index("/")
x, y = (np.array([float(word) for word in words]) for words in (sys.argv[2:middle], sys.argv[middle + 1 :]))
if kind == "natural":
    design = natural_design(x, np.quantile(x, np.linspace(0, 1, 6)))
else:
    design = periodic_design(x, float(kind.split(":")[1]), 6)
fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
print(f"{1 - ((y - fitted) ** 2).sum() / ((y - y.mean()) ** 2).sum():.17g}")
