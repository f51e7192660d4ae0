//! The house's own rules: the code map is true, lower floors import no upper ones, algebra crates stay in their room.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The room of a file: its first folder or file name below src/.
fn room(path: &Path) -> String {
    let first = path
        .strip_prefix(root().join("src"))
        .unwrap()
        .components()
        .next()
        .unwrap();
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

const FLOORS: [(&str, u32); 19] = [
    ("error", 0),
    ("panel", 0),
    ("print", 0),
    ("steps", 0),
    ("checkpoint", 1),
    ("linalg", 2),
    ("report", 2),
    ("series", 3),
    ("methods", 3),
    ("metrics", 3),
    ("presets", 3),
    ("plan", 4),
    ("analyze", 5),
    ("session", 6),
    ("figures", 6),
    ("summary", 6),
    ("export", 7),
    ("lesson", 7),
    ("wasm", 8),
];

fn floor(room: &str) -> Option<u32> {
    FLOORS.iter().find(|(r, _)| *r == room).map(|(_, f)| *f)
}

#[test]
fn a_file_imports_only_from_lower_floors() {
    for path in sources(&root().join("src")) {
        let own = room(&path);
        if own == "lib" {
            continue;
        }
        let own_floor = floor(&own).unwrap_or_else(|| panic!("{own} has no floor"));
        let text = fs::read_to_string(&path).unwrap();
        // Tests at the end of a file may look anywhere.
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (at, _) in code.match_indices("crate::") {
            let name: String = code[at + 7..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if let Some(other) = floor(&name).filter(|_| name != own) {
                assert!(
                    other < own_floor,
                    "{} imports {name}, which is no lower floor",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn only_linalg_names_an_algebra_crate() {
    for path in sources(&root().join("src")).iter().filter(|p| room(p) != "linalg") {
        let text = fs::read_to_string(path).unwrap();
        for name in ["nalgebra::", "faer::", "gemm::"] {
            assert!(!text.contains(name), "{} names {name}", path.display());
        }
    }
}

#[test]
fn the_core_knows_no_browser() {
    for path in sources(&root().join("src")).iter().filter(|p| room(p) != "wasm") {
        let text = fs::read_to_string(path).unwrap();
        for name in ["wasm_bindgen::", "js_sys::", "web_sys::", "std::time::", "std::fs::"] {
            assert!(!text.contains(name), "{} names {name}", path.display());
        }
    }
}

/// Every path in README's code map exists, and every room is in the map.
#[test]
fn the_code_map_is_true() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let map = readme
        .split("## Code map")
        .nth(1)
        .expect("README has a code map")
        .split("\n## ")
        .next()
        .unwrap();
    let paths: Vec<&str> = map
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|p| ["src/", "www/", "tests/", "tools/"].iter().any(|f| p.starts_with(f)))
        .collect();
    assert!(paths.len() > 20, "the map is short: {paths:?}");
    for path in &paths {
        assert!(root().join(path).exists(), "README's code map names {path}");
    }
    for folder in ["src", "www"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let suffix = if entry.path().is_dir() { "/" } else { "" };
            let path = format!("{folder}/{name}{suffix}");
            let generated = path == "www/wasm/";
            assert!(
                generated || paths.contains(&path.as_str()),
                "README's code map lacks {path}"
            );
        }
    }
}

/// A file that neither `tests/main.rs` nor the library names would never run.
#[test]
fn every_test_file_runs() {
    let main = fs::read_to_string(root().join("tests/main.rs")).unwrap();
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for entry in fs::read_dir(root().join("tests")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy();
        let is_test = path.extension().is_some_and(|e| e == "rs") || path.join("mod.rs").exists();
        assert!(
            !is_test
                || name == "main"
                || main.contains(&format!("\nmod {name};"))
                || lib.contains(&format!("#[path = \"../tests/{name}.rs\"]")),
            "neither tests/main.rs nor src/lib.rs names {}",
            path.display()
        );
    }
}
