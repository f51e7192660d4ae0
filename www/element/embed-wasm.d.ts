/** Written by tools/vite/embed-wasm.mjs: the drawing wasm and the computing one, deflated, in base64. */
declare module 'virtual:embed-wasm' {
  const packed: string;
  export default packed;
}

declare module 'virtual:lesson-wasm' {
  const packed: string;
  export default packed;
}
