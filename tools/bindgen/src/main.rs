//! `lorascope-bindgen IN.wasm OUT_DIR [--carried] [--names]`: writes the ES module `lorascope.js`, its types and the wasm it loads.
//!
//! The library is called instead of the wasm-bindgen command, so that Cargo.lock alone decides the version
//! and the tool can never disagree with the crate.

use std::path::PathBuf;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(input), Some(out_dir)) = (args.next(), args.next()) else {
        return Err("usage: lorascope-bindgen IN.wasm OUT_DIR [--carried] [--names]".into());
    };
    let options: Vec<_> = args.collect();
    let asked = |option: &str| options.iter().any(|o| o.as_os_str() == option);
    Bindgen::new()
        .input_path(input)
        .out_name("lorascope")
        .web(true)?
        .typescript(true)
        // The module finds its wasm next to itself: the bundler sees the address and ships the file. Unless somebody hands it over.
        .omit_default_module_path(asked("--carried"))
        // Of functions: text that only a profiler reads.
        .remove_name_section(!asked("--names"))
        .remove_producers_section(true)
        .generate(out_dir)?;
    Ok(())
}
