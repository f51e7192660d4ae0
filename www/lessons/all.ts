/** The lessons in their order. A new one: a file like those, a line here, and its numbers in src/lesson/. */
import { alone } from './alone';
import { firstStep } from './first-step';
import type { Lesson } from './lesson';
import { making } from './making';
import { product } from './product';
import { train } from './train';

export const LESSONS: readonly Lesson[] = [alone, making, product, firstStep, train];
