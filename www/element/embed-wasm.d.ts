/** Written by tools/vite/embed-wasm.mjs: the drawing wasm, deflated, in base64. */
declare module 'virtual:embed-wasm' {
  const packed: string;
  export default packed;
}
