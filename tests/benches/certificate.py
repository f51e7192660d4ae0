"""What the best match among ALL left singular vectors can be, from the leading ones and a bound on the rest.

y's weights on the singular vectors of a are the masses of a measure on the squared singular values. No mass at x
exceeds Christoffel's function 1 / sum p_k(x)^2 of the measure's orthonormal polynomials (Akhiezer, The Classical Moment
Problem), and Lanczos from y gives those polynomials. So a few products with a bound every cosine that was not computed.
"""
import numpy as np
from counted import product

STEPS = 40
CHECK_EVERY = 4
POINTS = 2000
SAFETY = 1.01  # for what lies between the points, and float32


def best_match(a, known, top, y, error, epsilon):
    """(lower, upper) for the largest |cos| of each column of y. `known`: (vectors, their errors); all other vectors of a
    have squared singular values up to `top`. `error`: of each y. Bounds are refined only until they fall below epsilon."""
    u, u_error = known
    cosines = product(u.T, y)
    rho = np.maximum(1 - (cosines**2).sum(axis=0), 0)
    # A last row of zeros: even where nothing is known, there is a largest.
    sizes = np.vstack([np.abs(cosines), np.zeros(y.shape[1], np.float32)])
    largest, blur = sizes.max(axis=0), error + np.append(u_error, 0)[sizes.argmax(axis=0)]
    lower, upper = largest - blur, largest + blur
    open_ = (largest**2 < rho) & (lower < epsilon)
    if open_.any():
        rest = y[:, open_] - product(u, cosines[:, open_])
        bound = np.sqrt(rho[open_] * christoffel(a, u, rest, rho[open_], top, epsilon))
        upper[open_] = np.maximum(upper[open_], SAFETY * bound + error[open_])
    return lower, upper


def christoffel(a, u, start, mass, top, epsilon):
    """The largest mass that one point of [0, top] can have, for each column of `start` (its own mass made 1): all
    columns in lockstep, each with its own basis, orthogonalised in full and against u."""
    v = start / np.linalg.norm(start, axis=0)
    basis = np.empty((v.shape[1], len(v), STEPS), np.float32)
    alphas, betas = [], []
    for step in range(STEPS):
        basis[:, :, step] = v.T
        z = product(a, product(a.T, v))
        alphas.append((v * z).sum(axis=0, dtype=np.float64))
        for _ in range(2):
            z -= product(u, product(u.T, z))
            so_far = basis[:, :, : step + 1]
            z -= (so_far @ (so_far.transpose(0, 2, 1) @ z.T[:, :, None]))[:, :, 0].T
        betas.append(np.linalg.norm(z, axis=0).astype(np.float64))
        v = z / np.maximum(betas[-1], 1e-30).astype(np.float32)
        if (step + 1) % CHECK_EVERY == 0:
            largest = np.array([supremum(np.array(alphas)[:, j], np.array(betas)[:, j], top) for j in range(v.shape[1])])
            if (SAFETY * np.sqrt(mass * largest) < epsilon).all():
                break
    return largest


def supremum(alpha, beta, top):
    """Of Christoffel's function on [0, top]: on points even in the singular value, and where it peaks, at the Ritz values."""
    ritz = np.linalg.eigvalsh(np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1))
    x = np.concatenate([top * np.linspace(0, 1, POINTS) ** 2, ritz[(ritz >= 0) & (ritz <= top)]])
    before, p = np.zeros_like(x), np.ones_like(x)
    total = np.ones_like(x)
    for k in range(len(alpha) - 1):
        before, p = p, ((x - alpha[k]) * p - (beta[k - 1] if k else 0) * before) / beta[k]
        total += p**2
    return 1 / total.min()
