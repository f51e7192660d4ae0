/** Names of models where there is little room: broken where a reader would break them, shortened in the middle, never made equal. Pure. */
import { html, nothing, type TemplateResult } from 'lit';

const GAP = '…';

/** A matrix in a table that says its layer: its type, and what tells it from the others of its layer and type. */
export function matrixName({
  name,
  typeLabel,
  toldApart,
}: {
  name: string;
  typeLabel: string;
  toldApart: string;
}): TemplateResult {
  return html`<span title=${name}>${typeLabel}</span>${toldApart ? html` <span class="apart small quiet">${breakable(toldApart)}</span>` : nothing}`;
}

/** A matrix by its place in the network: "layer 3, attention output". */
export function placeName({ layer, typeLabel }: { layer?: number | null | undefined; typeLabel: string }): string {
  return layer == null ? typeLabel : `layer ${layer}, ${typeLabel}`;
}

/** The parts of a name between which a line may break: after `-`, `_`, `/` and `.`, as in no word. */
export function parts(name: string): string[] {
  return name.split(/(?<=[-_/.])(?![-_/.])/u);
}

export function breakable(name: string): TemplateResult {
  return html`${parts(name).map((part, at) => (at > 0 ? html`<wbr />${part}` : part))}`;
}

/** A name cut in the middle to at most so many letters: its beginning and its end stay, since versions and dates stand there. */
export function middle(name: string, most: number): string {
  const letters = [...name];
  if (letters.length <= most) return name;
  const head = Math.ceil((most - 1) / 2);
  return letters.slice(0, head).join('') + GAP + letters.slice(letters.length - (most - 1 - head)).join('');
}

/** All names in little room. Where the short forms of some are equal, each shows the place where it differs from the others. */
export function shortened(names: readonly string[], most: number): string[] {
  const short = names.map((name) => middle(name, most));
  const alike = new Map<string, string[]>();
  for (const [at, name] of names.entries()) {
    const known = alike.get(short[at]!);
    if (known) known.push(name);
    else alike.set(short[at]!, [name]);
  }
  const places = new Map([...alike].filter(([, of]) => of.length > 1).map(([own, of]) => [own, tally(of)]));
  return names.map((name, at) => {
    const of = places.get(short[at]!);
    return of ? difference(name, of, most) : short[at]!;
  });
}

/** The number of names that have a letter at a place. */
type Tally = ReadonlyMap<string, number>[];

function tally(names: readonly string[]): Tally {
  const places: Map<string, number>[] = [];
  for (const name of names) {
    for (const [at, letter] of [...name].entries()) {
      const here = (places[at] ??= new Map());
      here.set(letter, (here.get(letter) ?? 0) + 1);
    }
  }
  return places;
}

/**
 * The window of a name that begins, at a separator where there is one, before its first letter that no other has; among many names none may
 * be its own, and it begins before the first that not all share.
 */
function difference(name: string, places: Tally, most: number): string {
  const letters = [...name];
  const own = letters.findIndex((letter, at) => places[at]?.get(letter) === 1);
  const first = own < 0 ? places.findIndex((here) => here.size > 1) : own;
  if (first < 0) return middle(name, most);
  const room = most - 2;
  const before = parts(letters.slice(0, first).join('')).at(-1) ?? '';
  const begin = Math.max(
    0,
    Math.min(first - ([...before].length < room / 2 ? [...before].length : 0), letters.length - room),
  );
  const end = begin + room;
  return `${begin > 0 ? GAP : ''}${letters.slice(begin, end).join('')}${end < letters.length ? GAP : ''}`;
}
