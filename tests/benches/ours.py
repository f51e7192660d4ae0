"""The page's own algorithms in NumPy, so that what the algorithm brings and what the browser costs can be told apart.

exact: the singular vectors of the short side from the float64 Gram matrix, the other side's from them.
certified: leading vectors from a block Krylov space that serves the base and all its adapters, and a bound on the rest.
"""
import numpy as np
import counted
from answer import serve
from certificate import best_match
from counted import eigh, gram, product
from krylov import krylov, leading
from paper import EPSILON, K
from weights import Full

KNOWN = 32  # leading vectors of the base that cosines are taken with
STANDS = 0.02  # error up to which such a vector counts as known
RANDOM, RANDOM_ALONE, WARM = 32, 48, 24
WIDEST = 96  # columns of a start block that adapters may fill; what does not stand then gets a space of its own


def count(request, base, tunes):
    counted.flop = 0.0
    counts, undecided = {}, 0
    for name in dict.fromkeys(name for _, matrices in tunes for name, _ in matrices):
        changes = {label: change for label, matrices in tunes for n, change in matrices if n == name}
        algorithm = exact if request["mode"] == "exact" else certified
        for label, (lower, upper) in zip(changes, algorithm(base[name], list(changes.values()))):
            counts[f"{label}:{name}"] = int((upper < EPSILON).sum())
            undecided += int(((lower < EPSILON) & (upper >= EPSILON)).sum())
    return {"counts": counts, "undecided": undecided, "flop": counted.flop}


def exact(w0, changes):
    u0 = left(w0, min(w0.shape))
    for change in changes:
        largest = np.abs(product(left(change.tuned(w0), K).T, u0)).max(axis=1)
        yield largest, largest


def left(w, wanted):
    rows, cols = w.shape
    values, vectors = eigh(gram(w.T if rows <= cols else w))
    v = vectors[:, :wanted].astype(np.float32)
    return v if rows <= cols else product(w, v) / np.sqrt(values[:wanted]).astype(np.float32)


def certified(w0, changes):
    if w0.shape[0] > w0.shape[1]:
        raise ValueError("certified is written for matrices that are not tall")
    random = np.random.default_rng(0).standard_normal((len(w0), RANDOM_ALONE), dtype=np.float32)
    adapters = [change for change in changes if not isinstance(change, Full)]
    start, whole = start_block(w0, adapters, random)
    space = krylov(w0, start, lambda space: (with_adapter(space, change) for change in adapters if whole))
    u0, values, errors = leading(space, space.t, KNOWN + 1, lambda x: product(w0, product(w0.T, x)))
    stands = errors[:KNOWN] < STANDS
    known = u0[:, :KNOWN][:, stands], errors[:KNOWN][stands]
    # Ritz values are too small, if anything: what stands bounds what comes after it.
    first_open = int(np.append(stands, False).argmin())
    top = values[max(first_open - 1, 0)] * (1 if first_open else 1 + errors[0])
    for change in changes:
        w = change.tuned(w0)
        times = lambda x: product(w, product(w.T, x))
        y, error = u0, np.ones(WARM)
        if not isinstance(change, Full):
            y, _, error = leading(space, with_adapter(space, change), WARM, times)
        if (error[:K] >= STANDS).any():
            own = krylov(w, np.hstack([y[:, :WARM], random[:, :WARM]]))
            y, _, error = leading(own, own.t, K, times)
        yield best_match(w0, known, top, y[:, :K], error[:K], EPSILON)


def start_block(w0, adapters, random):
    """(columns, whether they hold all of the adapters' directions)."""
    if not adapters:
        return random, True
    parts = [random[:, :RANDOM]]
    for change in adapters:
        q, r = np.linalg.qr(change.a.T)
        u, sigma, vt = np.linalg.svd(change.b @ r.T, full_matrices=False)
        parts += [u * sigma, product(w0, q @ (vt.T * sigma))]
    joined = np.hstack(parts[1:])
    if joined.shape[1] > WIDEST:
        values, vectors = eigh(gram(joined))
        joined = product(joined, vectors[:, :WIDEST].astype(np.float32))
    joined /= np.maximum(np.linalg.norm(joined, axis=0), 1e-30)
    return np.hstack([joined, parts[0] / np.linalg.norm(parts[0], axis=0)]), joined.shape[1] == 2 * sum(len(c.a) for c in adapters)


def with_adapter(space, change):
    """t of w0 + b a in the space: q' (w0 + b a)(w0 + b a)' q."""
    a, c = change.a.astype(np.float64), product(change.b.T, space.q).astype(np.float64)
    p = product(change.a, space.m).astype(np.float64)
    cross = p.T @ c
    return space.t + cross + cross.T + c.T @ (a @ a.T) @ c


def effective_rank(request, base, tunes):
    [(_, [(name, change)])] = tunes
    if isinstance(change, Full):
        delta = change.delta(base[name])
        delta = delta if delta.shape[0] >= delta.shape[1] else delta.T
        sigma = np.sqrt(np.maximum(np.linalg.eigvalsh(gram(delta)), 0))
    else:
        left_r, right_r = (np.linalg.qr(f.astype(np.float64))[1] for f in (change.b, change.a.T))
        sigma = np.linalg.svd(left_r @ right_r.T, compute_uv=False)
    p = sigma[sigma > 0] / sigma.sum()
    return {"effectiveRank": float(np.exp(-(p * np.log(p)).sum()))}


def multiply(request, base, tunes):
    """Seconds of one float32 product of n x n matrices, the best of so many."""
    import time

    n, random = request["n"], np.random.default_rng(0)
    a, b = (random.standard_normal((n, n), dtype=np.float32) for _ in range(2))
    best = np.inf
    for _ in range(request["repeats"]):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return {"seconds": best}


if __name__ == "__main__":
    serve({"count": count, "erank": effective_rank, "multiply": multiply})
