/** The glossary: each word of the field in a sentence or two, and the lesson that shows it. Pure. */

export interface Term {
  id: string;
  /** The words as they stand in a sentence of the core. */
  words: RegExp;
  means: string;
  /** The lesson's id. */
  lesson?: string;
}

export const TERMS: readonly Term[] = [
  {
    id: 'intruder',
    words: /\bintruders?\b/iu,
    means:
      'One of a matrix’s k strongest fine-tuned vectors whose best match among all pre-trained vectors is below ε: a direction that the base did not have. It says that a direction is new, not that it does harm.',
    lesson: 'making-an-intruder',
  },
  {
    id: 'weakest match',
    words: /\bweakest match\b/iu,
    means:
      'A vector’s best match is its largest |cos| with any pre-trained vector: 1 where it is that vector, near 0 where it resembles none. The weakest is the smallest of those looked at.',
    lesson: 'how-alone',
  },
  {
    id: 'effective rank',
    words: /\beffective rank\b/iu,
    means:
      'Over how many directions a change spreads: n equal singular values have effective rank n, a single one has 1. It is exp of the entropy of the singular values.',
    lesson: 'why-a-product',
  },
  {
    id: 'ΔW',
    words: /ΔW/u,
    means:
      'The change: ΔW = W − W₀, the fine-tuned matrix less the pre-trained one. Its size here is its largest singular value against that of W₀, σ₁(ΔW) / σ₁(W₀).',
    lesson: 'making-an-intruder',
  },
  {
    id: 'exact',
    words: /\bexact(?: mode| SVD)?\b/iu,
    means: 'All singular vectors of both matrices are computed, and every cosine between them is known.',
  },
  {
    id: 'certified',
    words: /\bcertified\b/iu,
    means:
      'The strongest vectors are computed, and a proved bound stands for the rest of the base: a best match is then an interval. Where it holds ε, the vector is undecided.',
  },
  {
    id: 'undecided',
    words: /\bundecided\b/iu,
    means: 'The bounds of the best match hold ε, or it is not computed: the vector may or may not be an intruder.',
  },
  {
    id: 'chance',
    words: /\b(?:random direction|chance)\b/iu,
    means:
      'What a direction that knows nothing of the base scores: its best match among n vectors is about √(2 ln n / n), 0.12 for 768 and 0.4 for 32. In a small matrix that comes near ε.',
    lesson: 'how-alone',
  },
  {
    id: 'tied',
    words: /\bnearly tied\b/iu,
    means:
      'Pre-trained vectors of almost equal singular values: a tiny change turns them among themselves, and each then scores low although nothing new came.',
    lesson: 'making-an-intruder',
  },
];

/** The term of that id. */
export function termOf(id: string): Term | undefined {
  return TERMS.find((term) => term.id === id);
}

export type Piece = string | { term: Term; words: string };

/** A sentence in pieces: the first occurrence of each term that is not in `known` stands alone, and is known from then on. */
export function pieces(sentence: string, known: Set<string>): Piece[] {
  const found = TERMS.flatMap((term) => {
    const match = known.has(term.id) ? null : term.words.exec(sentence);
    return match ? [{ term, words: match[0], from: match.index, to: match.index + match[0].length }] : [];
  }).sort((a, b) => a.from - b.from);
  const all: Piece[] = [];
  let at = 0;
  for (const { term, words, from, to } of found) {
    if (from < at) continue;
    if (from > at) all.push(sentence.slice(at, from));
    all.push({ term, words });
    known.add(term.id);
    at = to;
  }
  if (at < sentence.length) all.push(sentence.slice(at));
  return all;
}
