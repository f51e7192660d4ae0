/** Checks of an embed: whether the report has what it asks for; in words, with what there is instead. Pure. */

interface Asked {
  figure: string;
  model: string | null | undefined;
}

interface There {
  figures: readonly string[];
  models: readonly string[];
}

/** The most names that a sentence lists. */
const LISTED = 12;

/** The reason why an embed lacks what it asks for; empty where all of it is there. A model is meant by its label, or by its number from 1. */
export function lacking({ figure, model }: Asked, { figures, models }: There): string {
  if (!figures.includes(figure)) return none('figure', figure, figures);
  const number = Number(model);
  const known = model == null || models.includes(model) || (number >= 1 && number <= models.length);
  return known ? '' : none('model', model, models);
}

function none(what: string, name: string, names: readonly string[]): string {
  const rest = names.length - LISTED;
  const listed = names.slice(0, LISTED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  return `There is no ${what} “${name}”. There ${names.length === 1 ? 'is' : 'are'} ${listed || 'none'}.`;
}
