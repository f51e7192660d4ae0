/** Export of a lesson as one file: live, without a server, a still drawing inside for print and for readers without scripts. */
import { download, forFile } from '../figure/save';
import type { ReportView, Request } from '../wasm/simd/lorascope';
import type { Dials, Lesson } from './lesson';

export async function saveLesson(
  lesson: Lesson,
  dials: Dials,
  drawn: { view: ReportView | undefined },
  asked: Request,
): Promise<void> {
  const response = await fetch(new URL('lorascope-lessons.js', document.baseURI));
  if (!response.ok) throw new Error(`lorascope-lessons.js is not on this host (${response.status}).`);
  const module = await response.text();
  // The figure may have been drawn anew meanwhile.
  const html =
    drawn.view?.lessonPage(
      forFile(asked),
      lesson.id,
      lesson.title,
      JSON.stringify(attributes(lesson, dials)),
      module,
    ) ?? '';
  download(new Blob([html], { type: 'text/html' }), `lorascope-${lesson.id}.html`);
}

/** The dials that differ from the lesson's own, as an element's attributes have them. */
export function attributes(lesson: Lesson, dials: Dials): [name: string, value: string][] {
  return lesson.dials
    .filter(({ id }) => dials[id] !== lesson.defaults[id])
    .map(({ id }) => [kebab(id), String(dials[id])]);
}

/** HTML knows no upper case: `learningRate` is the attribute `learning-rate`. */
export function kebab(id: string): string {
  return id.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
