/** The page's only way to compute: an engine in a worker. The page keeps all state; the worker may die at any moment. */
import type { Answers, Outcome, Plan, Report } from './wasm/simd/lorascope';

export interface DroppedFile {
  /** Path as dropped, for example `lora_r8/adapter_model.safetensors`; the bare name where there is no folder. */
  path: string;
  file: File;
}

export interface EngineInfo {
  /** `threads+simd` or `simd`. */
  build: string;
  threads: number;
  /** Why this build runs, one sentence for the reader; empty when nothing is held back. */
  why: string;
}

export interface Engine {
  readonly info: EngineInfo;
  /** Adds files, reads their headers only, and plans with the answers given so far. */
  open(files: DroppedFile[], answers: Answers): Promise<Plan>;
  /** Plans again with other answers; reads nothing. */
  plan(answers: Answers): Promise<Plan>;
  /** The report of the plan in force, without matrices. */
  head(): Promise<Report>;
  /** Computes one matrix of the plan for all its models. Several may be asked for at once. */
  analyze(matrix: number): Promise<Outcome[]>;
  /** Stops everything at once. The next call starts a new worker, reads the headers again and goes on. */
  cancel(): void;
}
