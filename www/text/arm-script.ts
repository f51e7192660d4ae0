/** A script that computes one arm of surgery again, in PyTorch: the definitions of the engine, line by line. Pure. */
import type { Arm, ArmWords, Side } from '../wasm/simd/lorascope';

export interface ArmScript {
  words: ArmWords;
  model: string;
  base: string;
  lambda: number;
  k: number;
  epsilon: number;
  side: Side;
  seed: number;
  /** Vectors that the reader chose, from 0, by matrix. */
  byHand: ReadonlyMap<string, readonly number[]>;
}

/** The match that counts, of the left and the right one. */
const DECIDES: Record<Side, string> = { left: 'left', right: 'right', both: 'torch.maximum(left, right)' };

/** The change of each arm, from d = W - W0 and x, the scaled change. */
const CHANGES: Record<Arm, string> = {
  trained: `    change = d`,
  scaled: `    change = x`,
  shrunk: `    change = d * (x.norm() / d.norm())`,
  restored: `    change = x * (d.norm() / x.norm())`,
  random: `    # Other random directions than the page's, which has a generator of its own; the norm is the same.
    torch.manual_seed(SEED)
    p, theta, qh = torch.linalg.svd(d, full_matrices=False)
    r = int((theta > 1e-6 * theta[0]).sum())
    a, b = (torch.linalg.qr(torch.randn(r, r, dtype=torch.float64))[0] for _ in range(2))
    m = a.T @ (theta[:r, None] * b)
    # As many directions as hold what the edit takes at any lambda up to 1.
    e = (u[:, chosen] * s[chosen]) @ vh[chosen]
    along, own = (d * e).sum(), (e * e).sum().clamp(min=1e-300)
    taken = (along / own).clamp(0, 1)
    most = 2 * taken * along - taken**2 * own
    n = next((n for n in range(max(1, min(len(chosen), r)), r + 1) if m[:n, :n].square().sum() >= most), r)
    m = m[:n, :n]
    t = 1 - (1 - (d.square().sum() - x.square().sum()) / m.square().sum()).clamp(min=0).sqrt()
    change = d - t * (p[:, :r] @ a[:, :n]) @ m @ (b[:, :n].T @ qh[:r])`,
  projected: `    uk, vk = u0[:, :K], vh0[:K].T
    change = d - uk @ (uk.T @ d)
    change = change - (change @ vk) @ vk.T`,
};

export function armScript({ words, model, base, lambda, k, epsilon, side, seed, byHand }: ArmScript): string {
  const chosen = [...byHand].map(([name, all]) => `    ${JSON.stringify(name)}: [${all.join(', ')}],\n`).join('');
  const same = words.arm === 'projected' ? '' : `    if not chosen or LAMBDA == 1:\n        return w\n`;
  return `# ${one(words.name)}: ${words.formula}
# ${one(words.about)}
# ${one(model)} over ${one(base)}. For one matrix, in a loop over all.
import torch

K, EPSILON, LAMBDA, SEED = ${k}, ${epsilon}, ${lambda}, ${seed}
# Vectors chosen by hand, from 0; any other matrix takes all its intruders.
BY_HAND = {${chosen && `\n${chosen}`}}


def operate(name, w0, w):
    """The edited W, from W0 and W as [out, in]; for an adapter W = W0 + scale * B @ A."""
    w0, w = w0.double(), w.double()
    d = w - w0
    u0, _, vh0 = torch.linalg.svd(w0, full_matrices=False)
    u, s, vh = torch.linalg.svd(w, full_matrices=False)
    left = (u0.T @ u[:, :K]).abs().amax(0)
    right = (vh0 @ vh[:K].T).abs().amax(0)
    best = ${DECIDES[side]}
    chosen = BY_HAND.get(name, (best < EPSILON).nonzero().flatten().tolist())
${same}    x = d + (LAMBDA - 1) * (u[:, chosen] * s[chosen]) @ vh[chosen]
${CHANGES[words.arm]}
    return w0 + change
`;
}

/** A name of a file may hold anything: a comment ends with its line. */
function one(text: string): string {
  return text.replace(/[\r\n\u2028\u2029]+/g, ' ');
}
