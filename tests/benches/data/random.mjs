// Numbers from a seed: the same on every machine.

/** Mulberry32: uniform in [0, 1). */
export function uniform(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normal numbers by Box and Muller, who make two at a time. */
export function normal(seed) {
  const random = uniform(seed);
  let spare = null;
  return () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** A seed from words, so that no two matrices of a model share theirs. */
export function seedOf(...words) {
  let hash = 0x811c9dc5;
  for (const c of words.join(' ')) hash = Math.imul(hash ^ c.codePointAt(0), 0x01000193);
  return hash;
}
