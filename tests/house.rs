//! The house's rules: documents name what exists, lower floors import no upper ones, algebra crates stay in their room.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    files(folder, "rs")
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

const FLOORS: [(&str, u32); 22] = [
    ("error", 0),
    ("print", 0),
    ("steps", 0),
    ("linalg", 1),
    ("report", 1),
    ("text", 1),
    ("series", 2),
    ("methods", 2),
    ("metrics", 2),
    ("checkpoint", 3),
    ("plan", 4),
    ("analyze", 5),
    ("loss", 6),
    ("session", 6),
    ("figures", 6),
    ("summary", 6),
    ("export", 7),
    ("lesson", 7),
    ("wasm", 8),
    ("native", 8),
    ("command", 9),
    ("python", 9),
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
                    "{} imports {name}, which is not a lower floor",
                    path.display()
                );
            }
        }
    }
}

/// The rooms of the page: its folders, and the files beside them.
const PAGE: [(&str, u32); 17] = [
    ("contract", 0),
    ("keys", 0),
    ("sight", 0),
    ("text", 0),
    ("engine", 1),
    ("files", 2),
    ("state", 3),
    ("figure", 4),
    ("report", 5),
    ("surgery", 6),
    ("loss", 6),
    ("app", 7),
    ("address", 8),
    ("views", 9),
    ("lessons", 10),
    ("element", 11),
    ("main", 12),
];

/// The relative imports of a module, those of types too.
fn imports(code: &str) -> impl Iterator<Item = &str> {
    let after = ["from '.", "import '.", "import('."];
    after.into_iter().flat_map(|begin| {
        let rest = code.split(begin).skip(1);
        rest.filter_map(|rest| rest.split(['\'', '?']).next())
    })
}

#[test]
fn a_module_of_the_page_imports_only_from_lower_floors() {
    let www = root().join("www");
    let floor = |room: &str| {
        let known = PAGE.iter().find(|(r, _)| *r == room);
        known.unwrap_or_else(|| panic!("www/{room} has no floor")).1
    };
    let room = |path: &Path| {
        path.iter()
            .next()
            .unwrap()
            .to_string_lossy()
            .trim_end_matches(".ts")
            .to_owned()
    };
    let mut arrows = 0;
    for path in files(&www, "ts") {
        let file = path.strip_prefix(&www).unwrap();
        let own = room(file);
        if own == "wasm" {
            continue;
        }
        for import in imports(&fs::read_to_string(&path).unwrap()) {
            // The first dot went with the split: "/state" is beside the file, "./state" above it.
            let mut target = file.parent().unwrap().to_path_buf();
            for step in format!(".{import}").split('/') {
                match step {
                    "." => {}
                    ".." => assert!(target.pop(), "{} leaves www/", file.display()),
                    step => target.push(step),
                }
            }
            let other = room(&target);
            if other != own && other != "wasm" {
                arrows += 1;
                assert!(
                    floor(&other) < floor(&own),
                    "www/{} imports {other}, which is not on a lower floor",
                    file.display()
                );
            }
        }
    }
    assert!(arrows > 100, "only {arrows} imports were seen");
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
fn only_text_names_the_tokenizers() {
    for path in sources(&root().join("src")).iter().filter(|p| room(p) != "text") {
        let text = fs::read_to_string(path).unwrap();
        for name in ["tokenizers::", "fancy_regex::"] {
            assert!(!text.contains(name), "{} names {name}", path.display());
        }
    }
}

#[test]
fn the_core_knows_no_browser_and_no_disk() {
    let doors = ["wasm", "native", "command"];
    for path in sources(&root().join("src"))
        .iter()
        .filter(|p| !doors.contains(&&*room(p)))
    {
        let text = fs::read_to_string(path).unwrap();
        for name in ["wasm_bindgen::", "js_sys::", "web_sys::", "std::time::", "std::fs::"] {
            assert!(!text.contains(name), "{} names {name}", path.display());
        }
    }
}

/// Words in backquotes in a document that begin like a path of ours.
fn paths(text: &str) -> Vec<&str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|p| {
            ["src/", "www/", "tests/", "tools/", "docs/"]
                .iter()
                .any(|f| p.starts_with(f))
        })
        .filter(|p| !p.contains(char::is_whitespace) && !p.contains(['*', '<']))
        .collect()
}

/// Every path that a document names exists. `docs/browsers.md` is written by a run on all engines.
#[test]
fn documents_name_files_that_exist() {
    let docs = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let own = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md"].map(|name| root().join(name));
    for document in docs.chain(own) {
        let text = fs::read_to_string(&document).unwrap();
        for path in paths(&text).into_iter().filter(|path| *path != "docs/browsers.md") {
            assert!(root().join(path).exists(), "{} names {path}", document.display());
        }
        let folder = document.parent().unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', '#']).next())
        {
            assert!(
                link.is_empty() || link.contains("://") || folder.join(link).exists(),
                "{} links to {link}",
                document.display()
            );
        }
    }
}

/// Every room is in the map.
#[test]
fn the_map_is_whole() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rooms = paths(map.split("## The rooms").nth(1).expect("the rooms"));
    for folder in ["src", "www"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let suffix = if entry.path().is_dir() { "/" } else { "" };
            let path = format!("{folder}/{name}{suffix}");
            let generated = path == "www/wasm/";
            assert!(
                generated || rooms.contains(&path.as_str()),
                "ARCHITECTURE.md lacks {path}"
            );
        }
    }
}

/// The README is a door, not the house.
#[test]
fn the_readme_is_short() {
    let bytes = fs::metadata(root().join("README.md")).unwrap().len();
    assert!(bytes <= 8_000, "README.md has {bytes} bytes: the rest belongs in docs/");
}

/// Each recipe leads to code: the first file it names is one to copy from or a list to join.
#[test]
fn every_recipe_names_its_files() {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let recipes = text.split("## Recipes").nth(1).unwrap().split("\n## ").next().unwrap();
    let recipes: Vec<&str> = recipes.split("\n### ").skip(1).collect();
    assert_eq!(recipes.len(), 6, "measure, figure, method, format, family, lesson");
    for recipe in recipes {
        assert!(
            paths(recipe).iter().filter(|path| path.ends_with(".rs")).count() >= 2,
            "{}",
            recipe.lines().next().unwrap()
        );
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

/// Inside two rooms: pen and paper know no report but the look of a model's line, and what figures read of a report knows no figure.
#[test]
fn drawing_and_data_know_no_figure() {
    let may = |folder: &str, import: &str| {
        let own = ["figures::drawing", "print", "series"]
            .iter()
            .any(|room| import.starts_with(room));
        let read = ["figures::data", "figures::request", "metrics", "report"];
        own || folder == "data" && read.iter().any(|room| import.starts_with(room))
    };
    let mut arrows = 0;
    for folder in ["drawing", "data"] {
        for path in sources(&root().join("src/figures").join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for import in code.split("crate::").skip(1) {
                let line = import.lines().next().unwrap();
                assert!(may(folder, line), "{} imports {line}", path.display());
                arrows += 1;
            }
        }
    }
    assert!(arrows > 5, "imports are not found");
}

/// One way to write a module of several files: its folder, with mod.rs inside.
#[test]
fn a_module_of_several_files_is_a_folder() {
    for path in sources(&root().join("src")) {
        assert!(
            !path.with_extension("").is_dir(),
            "{} has a folder beside it",
            path.display()
        );
    }
}
