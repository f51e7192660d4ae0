// The matrices of known models: name -> [rows, cols].

/** One matrix under a name whose shape is plausible, so that the page takes it as one of a model's. */
export const single = (rows, cols) => ({
  [`encoder.layer.0.${rows === cols ? 'attention.self.query' : 'intermediate.dense'}`]: [rows, cols],
});

export function robertaBase() {
  const shapes = {};
  for (let layer = 0; layer < 12; layer++) {
    const at = `roberta.encoder.layer.${layer}`;
    for (const part of ['self.query', 'self.key', 'self.value', 'output.dense'])
      shapes[`${at}.attention.${part}`] = [768, 768];
    shapes[`${at}.intermediate.dense`] = [3072, 768];
    shapes[`${at}.output.dense`] = [768, 3072];
  }
  return shapes;
}

/** What RobertaForMaskedLM has beside those matrices: name -> shape. */
export function robertaRest() {
  const rest = {};
  const norm = (at) => ['weight', 'bias'].forEach((part) => (rest[`${at}.${part}`] = [768]));
  for (const [table, rows] of [
    ['word', 50265],
    ['position', 514],
    ['token_type', 1],
  ])
    rest[`roberta.embeddings.${table}_embeddings.weight`] = [rows, 768];
  norm('roberta.embeddings.LayerNorm');
  for (const [name, [rows]] of Object.entries(robertaBase())) {
    rest[`${name}.bias`] = [rows];
    if (name.endsWith('output.dense')) norm(name.replace(/dense$/, 'LayerNorm'));
  }
  rest['lm_head.dense.weight'] = [768, 768];
  rest['lm_head.dense.bias'] = [768];
  norm('lm_head.layer_norm');
  rest['lm_head.bias'] = [50265];
  return rest;
}

export function llama7b(layers) {
  const shapes = {};
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`;
    for (const part of 'qkvo') shapes[`${at}.self_attn.${part}_proj`] = [4096, 4096];
    for (const part of ['gate', 'up']) shapes[`${at}.mlp.${part}_proj`] = [11008, 4096];
    shapes[`${at}.mlp.down_proj`] = [4096, 11008];
  }
  return shapes;
}
