//! "Copy as PyTorch": the lines that compute a figure's number again from the same files, with another library.

use super::provenance::provenance;
use crate::figures::{Request, heading};
use crate::metrics::intruder::intruders;
use crate::metrics::{Measure, Unit};
use crate::report::{Cosine, Matrix, Model, Report, Side, Source, Status};
use crate::series::labels;
use std::fmt::Write;

/// The ways in which the script gets W.
enum Way {
    /// From the files as they are.
    Direct,
    /// The method has no short formula: from a merged checkpoint that its own library writes.
    Merged,
}

/// A Python script; it runs where the files lie and prints the number that the figure shows.
pub fn pytorch(report: &Report, request: &Request) -> String {
    let Some((at, model)) = chosen(report, request) else {
        return "# No model is analyzed.\n".into();
    };
    let one = request.figure.is_of_one_matrix();
    let wanted = |m: &&Matrix| {
        m.status == Status::Analyzed && (!one || request.matrix.as_ref().is_none_or(|name| *name == m.name))
    };
    let mut matrices: Vec<&Matrix> = model.matrices.iter().filter(wanted).collect();
    if one {
        matrices.truncate(1);
    }
    let source = |m: &Matrix| model.sources.iter().find(|s| s.base.tensor == m.name && !s.intricate);
    let (known, left): (Vec<&Matrix>, Vec<&Matrix>) = matrices.iter().partition(|m| source(m).is_some());
    let sources: Vec<&Source> = known.iter().filter_map(|m| source(m)).collect();
    let way = if sources.iter().all(|s| is_direct(s)) {
        Way::Direct
    } else {
        Way::Merged
    };
    let label = labels(&report.models).into_iter().nth(at).unwrap_or_default();

    let about = provenance(report, &request.settings);
    let mut out = String::new();
    let title = if one {
        heading(report, request)
    } else {
        format!("{}, {label}", heading(report, request))
    };
    for line in [title, format!("{}, preset {}", about.program, about.preset), about.rule] {
        let _ = writeln!(out, "# {}", one_line(&line));
    }
    if !left.is_empty() {
        let _ = writeln!(
            out,
            "# Not in this script, because a name is not enough to read them: {} matrices.",
            left.len()
        );
    }
    out.push_str(HEAD);
    if let Way::Merged = way {
        let _ = writeln!(
            out,
            "# {} is merged by its own library: PeftModel.from_pretrained(...).merge_and_unload().save_pretrained(\"merged\")",
            model.kind.name()
        );
    }
    table(&mut out, &sources, &way);
    out.push_str(match way {
        Way::Direct => DIRECT,
        Way::Merged => MERGED,
    });
    prove(&mut out, request.figure.kind().shows, request, &known);
    out
}

/// The model asked for; where the figure compares models, the one with the most intruders.
fn chosen<'a>(report: &'a Report, request: &Request) -> Option<(usize, &'a Model)> {
    let count = |m: &Model| {
        m.matrices
            .iter()
            .filter_map(|x| intruders(x, &request.settings))
            .sum::<u32>()
    };
    let at = match request.model {
        Some(n) => n as usize,
        None => (0..report.models.len())
            .rev()
            .max_by_key(|n| count(&report.models[*n]))?,
    };
    Some((at, report.models.get(at)?))
}

fn is_direct(source: &Source) -> bool {
    let parts: Vec<&str> = source.parts.iter().map(|p| p.part.as_str()).collect();
    let is_lora = parts.contains(&"lora_A") && parts.contains(&"lora_B") && !parts.contains(&"lora_mid");
    parts == ["W"] || (is_lora && source.scale.is_some() && source.parts.iter().all(|p| p.part.starts_with("lora_")))
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

/// The rows of the script: base, parts, scale, whether the base is stored `[in, out]`.
fn table(out: &mut String, sources: &[&Source], way: &Way) {
    out.push_str("MATRICES = [\n");
    for s in sources {
        let at = |part: &str| {
            s.parts
                .iter()
                .find(|p| p.part == part)
                .map(|p| format!("({}, {})", quoted(&p.file), quoted(&p.tensor)))
        };
        let base = format!("({}, {})", quoted(&s.base.file), quoted(&s.base.tensor));
        let turned = if s.transposed { "True" } else { "False" };
        let parts = match (way, at("W")) {
            (Way::Merged, _) => String::new(),
            (Way::Direct, Some(whole)) => format!(", {whole}, None, 1.0"),
            (Way::Direct, None) => {
                let (a, b) = (at("lora_A").unwrap_or_default(), at("lora_B").unwrap_or_default());
                format!(", {a}, {b}, {}", s.scale.unwrap_or(1.0))
            }
        };
        let _ = writeln!(out, "    ({base}, {turned}{parts}),");
    }
    out.push_str("]\n");
}

const DIRECT: &str = r#"
def pairs():
    for base, turned, a, b, scale in MATRICES:
        W0 = read(*base).T if turned else read(*base)
        if b is None:
            W = read(*a).T if turned else read(*a)
        else:
            W = W0 + scale * read(*b) @ read(*a)
        yield W0, W
"#;

const MERGED: &str = r#"
def pairs():
    for base, turned in MATRICES:
        W0, W = read(*base), read("merged/model.safetensors", base[1])
        yield (W0.T, W.T) if turned else (W0, W)
"#;

/// The measure that the figure shows, over all matrices, with what the report says of them.
fn prove(out: &mut String, measure: &Measure, request: &Request, known: &[&Matrix]) {
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
    let said: Vec<f64> = known.iter().filter_map(|m| measure.read(m, s).value()).collect();
    let sum: f64 = said.iter().sum();
    let signs = if s.cosine == Cosine::Signed && measure.python.contains("{best}") {
        ", by the signs of its own decomposition"
    } else {
        ""
    };
    let _ = write!(out, "\n{python}\n");
    if measure.unit == Unit::Count {
        let _ = writeln!(
            out,
            "print(sum({name}(W0, W) for W0, W in pairs()), \"{what}\")  # Lorascope: {sum}{signs}"
        );
        return;
    }
    let digits = if let Unit::Decimals(digits) = measure.unit {
        digits.max(2)
    } else {
        4
    };
    let mean = sum / said.len().max(1) as f64;
    let _ = writeln!(out, "values = [{name}(W0, W) for W0, W in pairs()]");
    let _ = writeln!(out, "values = [value for value in values if value is not None]");
    let _ = writeln!(
        out,
        "print(f\"{what}, mean: {{sum(values) / len(values):.{digits}f}}\")  # Lorascope: {mean:.digits$}{signs}"
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
