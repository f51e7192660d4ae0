// The same files as everyone reads: a base matrix and its fine-tune, merged where that is an adapter.

/** `base` and `tuned`: addresses of two folders. */
export async function readPair(base, tuned) {
  const [[name, w0]] = Object.entries(await read(`${base}/model.safetensors`));
  const config = await fetch(`${tuned}/adapter_config.json`);
  if (!config.ok) return { name, w0, w: (await read(`${tuned}/model.safetensors`))[name] };
  const { r, lora_alpha: alpha } = await config.json();
  const factors = Object.entries(await read(`${tuned}/adapter_model.safetensors`));
  const factor = (part) => factors.find(([key]) => key.includes(part))[1];
  return { name, w0, w: merge(w0, factor('.lora_A.'), factor('.lora_B.'), alpha / r) };
}

async function read(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`no ${address}`);
  const raw = await response.arrayBuffer();
  const length = Number(new DataView(raw).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(raw, 8, length)));
  const tensors = Object.entries(header).filter(([name]) => name !== '__metadata__');
  return Object.fromEntries(
    tensors.map(
      ([
        name,
        {
          dtype,
          shape: [rows, cols],
          data_offsets: [begin],
        },
      ]) => {
        if (dtype !== 'F32') throw new Error(`${name} is ${dtype}`);
        return [name, { rows, cols, values: new Float32Array(raw, 8 + length + begin, rows * cols) }];
      },
    ),
  );
}

/** W0 + scale B A. */
function merge({ rows, cols, values }, a, b, scale) {
  const out = values.slice();
  for (let i = 0; i < rows; i++) {
    for (let r = 0; r < a.rows; r++) {
      const weight = scale * b.values[i * a.rows + r];
      for (let j = 0; j < cols; j++) out[i * cols + j] += weight * a.values[r * cols + j];
    }
  }
  return { rows, cols, values: out };
}

/** The number of the first k rows of U'U0 without an entry of size epsilon; `at(j, i)` reads an entry. */
export function count(k, n, epsilon, at) {
  let intruders = 0;
  for (let j = 0; j < k; j++) {
    let max = 0;
    for (let i = 0; i < n; i++) max = Math.max(max, Math.abs(at(j, i)));
    if (max < epsilon) intruders++;
  }
  return intruders;
}
