//! "Copy as PyTorch": the lines that compute a figure's numbers again from the same files, with another library.

use super::numbered::{Group, Recipe, groups, marker};
use super::provenance::provenance;
use crate::figures::{Request, heading};
use crate::metrics::{Measure, Unit};
use crate::report::{Cosine, Matrix, Model, Report, Side, Source, Status};
use crate::series::labels;
use std::collections::HashMap;
use std::fmt::Write;

/// A Python script; it runs where the files lie and prints the numbers that the figure shows, each beside what the report says.
pub fn pytorch(report: &Report, request: &Request) -> String {
    let kind = request.figure.kind();
    let models = chosen(report, request);
    let marker = marker(models.iter().flat_map(|m| m.recipes.iter().map(|(recipe, _)| recipe)));
    let about = provenance(report, &request.settings);
    let mut out = String::new();
    let title = match &models[..] {
        [] => return "# No model is analyzed.\n".into(),
        [one] if !request.figure.is_of_one_matrix() => format!("{}, {}", heading(report, request), one.label),
        _ => heading(report, request),
    };
    for line in [title, format!("{}, preset {}", about.program, about.preset), about.rule] {
        let _ = writeln!(out, "# {}", one_line(&line));
    }
    let left: usize = models.iter().map(|m| m.left).sum();
    if left > 0 {
        let _ = writeln!(
            out,
            "# Not in this script, because a name is not enough to read them: {left} matrices."
        );
    }
    out.push_str(HEAD);
    for Chosen { label, merged, .. } in &models {
        if let Some((folder, library)) = merged {
            let _ = writeln!(
                out,
                "# {} is merged by its own library ({library}): PeftModel.from_pretrained(...).merge_and_unload().save_pretrained({})",
                one_line(label),
                quoted(folder)
            );
        }
    }
    let _ = writeln!(
        out,
        "# Each model: what Lorascope says, then (base tensor, stored turned, W or lora_A, lora_B, scale, layers).\nMODELS = ["
    );
    for model in models {
        let said = said(kind.shows, &model.matrices, request);
        let _ = writeln!(out, "    ({}, {said}, [", quoted(&model.label));
        groups(model.recipes, &marker)
            .iter()
            .for_each(|group| row(&mut out, group));
        out.push_str("    ]),\n");
    }
    out.push_str("]\n");
    out.push_str(&PAIRS.replace("{marker}", &marker));
    prove(&mut out, kind.shows, request);
    out
}

/// One model of the script.
struct Chosen<'a> {
    label: String,
    /// What the report says of these is said beside the script's number.
    matrices: Vec<&'a Matrix>,
    /// With their layers.
    recipes: Vec<(Recipe, Option<u32>)>,
    /// Matrices that are not among them.
    left: usize,
    /// The method has no short formula: the folder of a merged checkpoint, and the method whose library writes it.
    merged: Option<(String, &'static str)>,
}

/// The model asked for; where the figure compares models, all of them.
fn chosen<'a>(report: &'a Report, request: &Request) -> Vec<Chosen<'a>> {
    let asked = |at: usize| match request.model {
        Some(model) => at == model as usize,
        None => !request.figure.is_of_one_matrix() || at == 0,
    };
    let all = report.models.iter().zip(labels(&report.models)).enumerate();
    all.filter(|(at, _)| asked(*at))
        .filter_map(|(at, (model, label))| Chosen::of(at, model, label, request))
        .collect()
}

impl<'a> Chosen<'a> {
    /// None where nothing of it is analyzed.
    fn of(at: usize, model: &'a Model, label: String, request: &Request) -> Option<Chosen<'a>> {
        let is_of_one = request.figure.is_of_one_matrix();
        let is_asked = |m: &Matrix| !is_of_one || request.matrix.as_ref().is_none_or(|name| *name == m.name);
        let analyzed = model
            .matrices
            .iter()
            .filter(|m| m.status == Status::Analyzed && is_asked(m));
        let all: Vec<&Matrix> = analyzed.take(if is_of_one { 1 } else { usize::MAX }).collect();
        let readable = model.sources.iter().filter(|s| !s.intricate);
        // Of equal names the first, as everywhere.
        let sources: HashMap<&str, &Source> = readable.rev().map(|s| (s.base.tensor.as_str(), s)).collect();
        let known: Vec<(&Matrix, &Source)> = all
            .iter()
            .filter_map(|m| Some((*m, *sources.get(m.name.as_str())?)))
            .collect();
        let direct: Option<Vec<_>> = known.iter().map(|(m, s)| Some((Recipe::of(s)?, m.layer))).collect();
        let folder = format!("merged-{}", at + 1);
        let merged = direct.is_none().then(|| (folder.clone(), model.kind.name()));
        let recipes = direct.unwrap_or_else(|| {
            let file = format!("{folder}/model.safetensors");
            known.iter().map(|(m, s)| (Recipe::stored(s, &file), m.layer)).collect()
        });
        (!all.is_empty()).then(|| Chosen {
            label,
            left: all.len() - known.len(),
            matrices: known.into_iter().map(|(m, _)| m).collect(),
            recipes,
            merged,
        })
    }
}

const HEAD: &str = r#"# pip install torch safetensors numpy; run it in the folder that holds these files.
import torch
from safetensors import safe_open

stores = {}

def read(file, name):
    if file.endswith(".safetensors"):
        store = stores.setdefault(file, safe_open(file, framework="pt"))
        tensor = store.get_tensor(name)
    else:
        store = stores.setdefault(file, torch.load(file, map_location="cpu", weights_only=True))
        tensor = store.get("state_dict", store.get("model_state_dict", store))[name]
    return tensor.double().flatten(1)

"#;

const PAIRS: &str = r#"
def pairs(rows):
    for base, turned, a, b, scale, layers in rows:
        for n in layers:
            W0, A = (read(file, name.replace("{marker}", str(n))) for file, name in (base, a))
            W0 = W0.T if turned else W0
            if b is None:
                yield W0, A.T if turned else A
            else:
                yield W0, W0 + scale * read(b[0], b[1].replace("{marker}", str(n))) @ A
"#;

fn row(out: &mut String, Group { recipe, numbers }: &Group) {
    let tensor = |(file, name): &(String, String)| format!("({}, {})", quoted(file), quoted(name));
    let turned = if recipe.transposed { "True" } else { "False" };
    let b = recipe.b.as_ref().map_or("None".to_owned(), tensor);
    let _ = writeln!(
        out,
        "        ({}, {turned}, {}, {b}, {:?}, {}),",
        tensor(&recipe.base),
        tensor(&recipe.a),
        recipe.scale,
        loop_over(numbers)
    );
}

/// What the script's loop runs over: once for a recipe as it stands.
fn loop_over(numbers: &[u32]) -> String {
    match (numbers.first(), numbers.last()) {
        (Some(first), Some(last)) if numbers.is_sorted() && (last - first) as usize + 1 == numbers.len() => {
            format!("range({first}, {})", u64::from(*last) + 1)
        }
        (None, _) => "[None]".to_owned(),
        _ => format!("{numbers:?}"),
    }
}

/// What the report says of these matrices: the sum of a count, the mean of anything else.
fn said(measure: &Measure, matrices: &[&Matrix], request: &Request) -> String {
    let said: Vec<f64> = matrices
        .iter()
        .filter_map(|m| measure.read(m, &request.settings).value())
        .collect();
    let sum: f64 = said.iter().sum();
    match (measure.unit, said.len()) {
        (_, 0) => "None".to_owned(),
        (Unit::Count, _) => format!("{sum}"),
        // As it is printed: a number would lose its last zeros.
        (unit, n) => format!("\"{:.1$}\"", sum / n as f64, digits(unit)),
    }
}

fn digits(unit: Unit) -> usize {
    match unit {
        Unit::Decimals(digits) => digits.max(2),
        _ => 4,
    }
}

/// The measure that the figure shows, over all matrices of each model.
fn prove(out: &mut String, measure: &Measure, request: &Request) {
    let s = &request.settings;
    let abs = match s.cosine {
        Cosine::Absolute => ".abs()",
        // The signs come from the decomposition and mean nothing: another library may count otherwise.
        Cosine::Signed => "",
    };
    let cosines = match s.side {
        Side::Right => "svd0.Vh @ svd.Vh.T",
        Side::Left | Side::Both => "svd0.U.T @ svd.U",
    };
    let left = format!("(svd0.U.T @ svd.U){abs}.amax(dim=0)");
    let right = format!("(svd0.Vh @ svd.Vh.T){abs}.amax(dim=0)");
    let best = match s.side {
        Side::Left => left,
        Side::Right => right,
        Side::Both => format!("torch.maximum({left}, {right})"),
    };
    let python = measure
        .python
        .replace("{k}", &s.k.to_string())
        .replace("{epsilon}", &s.epsilon.to_string())
        .replace("{best}", &best)
        .replace("{cosines}", cosines);
    let (name, what) = (measure.id.replace('-', "_"), measure.short);
    let signs = if s.cosine == Cosine::Signed && measure.python.contains("{best}") {
        ", by the signs of its own decomposition"
    } else {
        ""
    };
    let found = if measure.unit == Unit::Count {
        format!("{{sum(values)}} {what}")
    } else {
        format!("{what} {{sum(values) / len(values):.{}f}}, mean", digits(measure.unit))
    };
    let _ = write!(
        out,
        "\n{python}
for model, said, rows in MODELS:
    values = [{name}(W0, W) for W0, W in pairs(rows)]
    values = [value for value in values if value is not None]
    if values:
        print(f\"{{model}}: {found} (Lorascope: {{said}}{signs})\")
"
    );
}

/// A Python string, whatever a file calls itself.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A comment must not become code.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n', '\u{2028}', '\u{2029}', '\u{c}', '\u{b}'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_strings_and_comments() {
        assert_eq!(quoted("a\"; import os #\n"), "\"a\\\"; import os #\\n\"");
        assert_eq!(one_line("a\nimport os"), "a import os");
    }
}
