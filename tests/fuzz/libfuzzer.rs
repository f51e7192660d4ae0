//! libFuzzer on one target: `npm run fuzz -- TARGET [libFuzzer's options]`.
#![no_main]

mod targets;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    targets::TARGETS
        .iter()
        .find(|(own, _)| *own == name)
        .unwrap_or_else(|| panic!("FUZZ_TARGET names no target"))
        .1
});

fuzz_target!(|data: &[u8]| TARGET(data));
