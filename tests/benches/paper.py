"""The paper's algorithms as its authors run them, in NumPy: two float32 SVDs with vectors and one product a matrix; an
effective rank by the singular values of the dense change.

Generous to this side: a base matrix is decomposed once for all its fine-tunes, unless the request says `each`, and
nothing but the answer is computed.
"""
import numpy as np
from answer import serve

K, EPSILON = 10, 0.5


def intruders(u0, w):
    u = np.linalg.svd(w, full_matrices=False)[0]
    return int((np.abs(u.T @ u0).max(axis=1)[:K] < EPSILON).sum())


def count(request, base, tunes):
    vectors, counts = {}, {}
    for label, matrices in tunes:
        if request.get("each"):
            vectors = {}
        for name, change in matrices:
            if name not in vectors:
                vectors[name] = np.linalg.svd(base[name], full_matrices=False)[0]
            counts[f"{label}:{name}"] = intruders(vectors[name], change.tuned(base[name]))
    return {"counts": counts}


def effective_rank(request, base, tunes):
    [(_, [(name, change)])] = tunes
    sigma = np.linalg.svd(change.delta(base[name]), compute_uv=False).astype(np.float64)
    p = sigma[sigma > 0] / sigma.sum()
    return {"effectiveRank": float(np.exp(-(p * np.log(p)).sum()))}


if __name__ == "__main__":
    serve({"count": count, "erank": effective_rank})
