// The rows of losses on a text: real weights, a masked network, and a checkpoint of 13 GB. Each is a base and one LoRA, two models a run.
import { copyFileSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at } from '../../tools/paths.mjs';
import { Stop } from '../../tools/say.mjs';
import { makeModel } from './data/make.mjs';
import { robertaBase, robertaRest } from './data/shapes.mjs';
import { makeSevenB } from './seven-b.mjs';

const BEHAVE = at('tests/fixtures/behave');
const SMOLLM2 = at('target/smollm2');

/** A paragraph of 628 characters, again and again, up to a length. */
function written(length) {
  const { text } = JSON.parse(readFileSync(join(BEHAVE, 'expected_smollm2.json'), 'utf8'));
  return text.repeat(Math.ceil(length / text.length)).slice(0, length);
}

/** `tokens`: of the text, those that the tokenizer adds among them; `window`: of the page's field; `passed`: tokens that go through the network for one model. */
const row = ({ id, length, tokens, window = 512, passed = tokens, ...rest }) => ({
  id,
  task: 'loss',
  mode: 'auto',
  text: written(length),
  tokens,
  window,
  passed,
  models: 2,
  ...rest,
});

/** SmolLM2-135M in float32, in one window. */
const causal = row({
  id: 'loss-smollm2-512',
  length: 2374,
  tokens: 512,
  torch: true,
  named: true,
  files(folder) {
    if (!existsSync(join(SMOLLM2, 'lora-r8')))
      throw new Stop('loss-smollm2-512 needs SmolLM2: run "python3 tools/experiment/smollm2.py --out target/smollm2".');
    for (const part of ['base', 'lora-r8']) cpSync(join(SMOLLM2, part), join(folder, part), { recursive: true });
    return { base: join(folder, 'base'), tuned: [join(folder, 'lora-r8')] };
  },
});

/**
 * RoBERTa-base with random weights, 512 tokens in windows of 64: each of 510 tokens hidden in turn, with two that the tokenizer adds to every
 * window. In one window of 512 it would be eight times as many, a quarter of an hour of two cores.
 */
const masked = row({
  id: 'loss-roberta-512',
  length: 949,
  tokens: 512,
  window: 64,
  passed: 8 * 62 * 64 + 14 * 16,
  torch: true,
  files(folder) {
    const made = makeModel(folder, robertaBase(), 'lora8', robertaRest());
    describe(made.base, 'roberta', {
      vocab_size: 50265,
      hidden_size: 768,
      intermediate_size: 3072,
      num_hidden_layers: 12,
      num_attention_heads: 12,
    });
    return made;
  },
});

/** All 32 layers of Llama-2-7B's shapes. The lower half of every matrix is zeros, so that 13.5 GB are half as many on the disk. */
const large = row({
  id: 'loss-llama-7b-64',
  length: 112,
  tokens: 64,
  named: true,
  runs: 1,
  files(folder) {
    const made = makeSevenB(folder, { layers: 32, inFirst: 16, filled: 0.5 });
    describe(made.base, 'llama', {
      vocab_size: 32000,
      hidden_size: 4096,
      intermediate_size: 11008,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 32,
      head_dim: 128,
      max_position_embeddings: 4096,
      rope_parameters: { rope_type: 'default', rope_theta: 10000 },
    });
    return made;
  },
});

export const losses = [causal, masked, large];

/** Gives a base the small tokenizer of a fixture, and its `config.json` with other numbers. */
function describe(base, fixture, numbers) {
  const from = join(BEHAVE, fixture, 'base');
  const config = JSON.parse(readFileSync(join(from, 'config.json'), 'utf8'));
  writeFileSync(join(base, 'config.json'), JSON.stringify({ ...config, ...numbers }));
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) copyFileSync(join(from, name), join(base, name));
}
