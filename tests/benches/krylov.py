"""The leading left singular vectors of a matrix from a block Krylov space (Musco and Musco 2015): float32 products,
float64 where orthogonality or the spectrum is decided."""
import numpy as np
from counted import eigh, gram, product

LEADING = 11  # the ten that are counted, and the one whose gap bounds the tenth
FIRST_CHECK = 4
MOST_COLUMNS = 1200
MOST_STEPS = 12
TOLERANCE = 1e-3  # of the gap: the sine of a vector's error
NOTHING = 1e-4  # of a block's size: what float32 leaves when the space is full


class Space:
    """q: orthonormal columns that span the space; m = a' q; t = m' m."""

    def __init__(self, q, m, t):
        self.q, self.m, self.t = q, m, t


def krylov(a, start, tunes=lambda space: ()):
    """Grows the space of a a' from `start` until the leading vectors of `a`, and those of the `tunes` (each a t of its
    own), stand. The tunes' changes must lie in `start`: then what a step leaves over is theirs as well."""
    block, _ = orthonormal(start)
    width = block.shape[1]
    steps = max(2, min(MOST_STEPS, MOST_COLUMNS // width))
    q = np.empty((a.shape[0], width * steps), np.float32, order="F")
    m = np.empty((a.shape[1], width * steps), np.float32, order="F")
    t = np.zeros((0, 0))
    used = 0
    for step in range(1, steps + 1):
        new = slice(used, used + block.shape[1])
        used = new.stop
        q[:, new] = block
        m[:, new] = product(a.T, block)
        t = border(t, product(m[:, :used].T.astype(np.float64), m[:, new].astype(np.float64)))
        space = Space(q[:, :used], m[:, :used], t)
        rest = product(a, m[:, new])
        size = np.linalg.norm(rest)
        for _ in range(2):
            rest -= product(space.q, product(space.q.T, rest))
        if np.linalg.norm(rest) < NOTHING * size:
            break
        block, r = orthonormal(rest)
        if step >= min(FIRST_CHECK, steps - 1) and stands(t, r) and all(stands(tune, r) for tune in tunes(space)):
            break
    return space


def border(t, new):
    """t with the new columns, and by symmetry the new rows."""
    old = len(t)
    out = np.empty((len(new), len(new)))
    out[:old, :old] = t
    out[:, old:] = new
    out[old:, :old] = new[:old].T
    return out


def stands(t, r):
    """Only the last block's part of a vector leaves the space, by r."""
    values, vectors = eigh(t)
    left_over = np.linalg.norm(r @ vectors[-r.shape[1] :, :LEADING], axis=0)
    return bool((left_over < TOLERANCE * gaps(values)[:LEADING]).all())


def gaps(values):
    """From each of the descending values to its nearest neighbour."""
    steps = np.append(values[:-1] - values[1:], values[-1])
    return np.minimum(steps, np.append(np.inf, steps[:-1]))


def orthonormal(block):
    """(q, r) with block = q r, by the Gram matrix twice; directions of no size are dropped."""
    r = np.eye(block.shape[1])
    for _ in range(2):
        values, vectors = eigh(gram(block))
        kept = values > 1e-10 * values[0]
        root = np.sqrt(values[kept])
        r = (root[:, None] * vectors[:, kept].T) @ r
        block = product(block, (vectors[:, kept] / root).astype(np.float32))
    return block, r


def leading(space, t, count, a_times_at):
    """(x, values, errors): the space's `count` leading vectors for t, and the sine of each one's error as its residual
    and its gap have it."""
    values, vectors = eigh(t)
    x = product(space.q, vectors[:, :count].astype(np.float32))
    residual = np.linalg.norm(a_times_at(x) - x * values[:count].astype(np.float32), axis=0)
    return x, values[:count], residual / np.maximum(gaps(values)[:count], 1e-30)
