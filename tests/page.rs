//! Generated TypeScript: the core's constants that the page needs before the wasm is there, and the embed's published type. Each stands in
//! one place, the core.
//!
//! `LORASCOPE_WRITE=1 cargo test --test all page::` writes them.

use lorascope::figures::FigureId;
use lorascope::lesson::LESSONS;
use lorascope::report::presets::presets;
use lorascope::report::{CORNER, LONGEST_WINDOW, SCHEMA, Settings};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn www(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("www").join(path)
}

#[track_caller]
fn check(path: &str, wanted: &str) {
    if std::env::var_os("LORASCOPE_WRITE").is_some() {
        fs::write(www(path), wanted).unwrap();
    }
    let found = fs::read_to_string(www(path)).unwrap_or_default();
    assert!(
        found == wanted,
        "www/{path}: LORASCOPE_WRITE=1 cargo test --test all page:: writes it anew"
    );
}

/// `'a', 'b'`
fn quoted(words: impl IntoIterator<Item = String>, between: &str) -> String {
    words
        .into_iter()
        .map(|word| format!("'{word}'"))
        .collect::<Vec<_>>()
        .join(between)
}

#[test]
fn the_page_knows_the_cores_constants() {
    let settings = serde_json::to_value(Settings::default()).unwrap();
    let field =
        |(name, value): (&String, &serde_json::Value)| format!("  {name}: {},\n", value.to_string().replace('"', "'"));
    let settings: String = settings.as_object().unwrap().iter().map(field).collect();
    let presets = quoted(presets().into_iter().map(|preset| preset.id), ", ");
    check(
        "contract.ts",
        &format!(
            "/** Constants of the core that the page needs before the wasm is there. `LORASCOPE_WRITE=1 cargo test --test all page::` writes them. */
import type {{ Settings }} from './wasm/simd/lorascope';

/** The name and version of a report's JSON form. */
export const SCHEMA = '{SCHEMA}';

/** The longest window that a slider offers. */
export const LONGEST_WINDOW = {LONGEST_WINDOW};

/** The number of strongest vectors, on either side, in the corner that is kept of a similarity matrix. */
export const CORNER = {CORNER};

/** The rule before anybody has touched it. */
export const SETTINGS: Settings = {{
{settings}}};

/** The rules that have a name. */
export const PRESETS: readonly string[] = [{presets}];
"
        ),
    );
}

/// A value as TypeScript has it: numbers without a fraction that says nothing.
fn literal(value: &serde_json::Value) -> String {
    match value.as_f64() {
        Some(number) => number.to_string(),
        None => value.to_string().replace('"', "'"),
    }
}

#[test]
fn the_page_knows_the_dials_of_every_lesson() {
    let lessons: String = LESSONS
        .iter()
        .map(|lesson| {
            let dials = (lesson.defaults)();
            let dials: String = dials
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| format!("    {name}: {},\n", literal(value)))
                .collect();
            format!("  '{}': {{\n{dials}  }},\n", lesson.id)
        })
        .collect();
    check(
        "lessons/defaults.ts",
        &format!(
            "/** The dials of every lesson before anybody has touched them. `LORASCOPE_WRITE=1 cargo test --test all page::` writes them. */
import type {{ Dials }} from './lesson';

export const DEFAULTS = {{
{lessons}}} satisfies Record<string, Dials>;
"
        ),
    );
}

#[test]
fn the_published_type_names_every_figure() {
    let text = fs::read_to_string(www("element/types.d.ts")).unwrap();
    let (begin, end) = ("export type FigureName =", "// figures end");
    let (before, rest) = text.split_once(begin).expect("the type is there");
    let (_, after) = rest.split_once(end).expect("its end is marked");
    let names = quoted(FigureId::all().map(|f| f.kind().id.to_owned()), "\n  | ");
    check(
        "element/types.d.ts",
        &format!("{before}{begin}\n  | {names};\n{end}{after}"),
    );
}

/// All names of fields of a JSON value; the keys of maps are not fields.
fn fields(value: &serde_json::Value, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                found.insert(name.clone());
                if !name.starts_with("measure") {
                    fields(value, found);
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| fields(value, found)),
        _ => {}
    }
}

#[test]
fn the_contract_is_written_down() {
    let contract = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.md")).unwrap();
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(www("public/gallery")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "json") {
            fields(
                &serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap(),
                &mut found,
            );
        }
    }
    assert!(found.len() > 50, "{found:?}");
    let missing: Vec<&String> = found
        .iter()
        .filter(|name| !contract.contains(&format!("`{name}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/report.md does not say what these are: {missing:?}"
    );
}
