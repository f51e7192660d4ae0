// An HTTP server for folders, isolated as the page is: threads and shared memory for every contender.
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** `folders`: the first part of a path -> the folder it stands for. On a free port of this machine only. */
export async function serveFolders(folders) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    const [, first, ...rest] = path.split('/');
    const file = folders[first] && join(folders[first], ...rest);
    const found = file && stat(file);
    if (!found) return response.writeHead(404, HEADERS).end();
    // A package asked for by its folder, as a thread of rayon asks for its own.
    if (found.isDirectory()) return response.writeHead(302, { ...HEADERS, Location: main(file, path) }).end();
    response.writeHead(200, {
      ...HEADERS,
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Content-Length': found.size,
    });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${server.address().port}/`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function stat(file) {
  return statSync(file, { throwIfNoEntry: false });
}

function main(folder, path) {
  const entry = join(folder, 'package.json');
  const name = stat(entry) ? JSON.parse(readFileSync(entry, 'utf8')).main : 'index.html';
  return join(path, name ?? 'index.js');
}
