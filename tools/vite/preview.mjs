// The picture that others show beside a link to the page. Those that read it want a whole address, and only who deploys knows that:
// `LORASCOPE_ADDRESS=https://lab.example/lorascope/ npm run build`. Without it the address stays relative, as all others are.
const META = /(<meta property="og:image" content=")([^"]*)"/;

export function preview(address = process.env.LORASCOPE_ADDRESS) {
  return {
    name: 'lorascope-preview',
    transformIndexHtml: { order: 'pre', handler: (html) => (address ? whole(html, address) : html) },
  };
}

export function whole(html, address) {
  const { href } = new URL(address);
  const folder = href.endsWith('/') ? href : `${href}/`;
  const page = `<meta property="og:url" content="${folder}" />\n    `;
  return html.replace(META, (_, head, path) => `${page}${head}${new URL(path, folder).href}"`);
}
