"""Products and decompositions that count their own floating-point operations."""
import numpy as np

flop = 0.0


def product(a, b):
    global flop
    flop += 2.0 * a.shape[0] * a.shape[1] * b.shape[1]
    return a @ b


def gram(a):
    """a' a in float64, half of it computed."""
    global flop
    flop += float(a.shape[0]) * a.shape[1] ** 2
    a = a.astype(np.float64)
    return a.T @ a


def eigh(g):
    """Descending eigenvalues, and vectors as columns: 4/3 n^3 to tridiagonal form, as much again for its vectors, 2 n^3 back."""
    global flop
    flop += 14 / 3 * len(g) ** 3
    values, vectors = np.linalg.eigh(g)
    return values[::-1], vectors[:, ::-1]
