//! "Copy as PyTorch": the lines that compute a figure's number again from the same files, with another library.

use super::provenance::provenance;
use crate::figures::{FigureId, Request, heading};
use crate::metrics::intruder::intruders;
use crate::report::{Cosine, Matrix, Model, Report, Side, Source, Status};
use crate::series::labels;
use std::fmt::Write;

/// How the script gets W.
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
    if request.figure == FigureId::EffectiveRank {
        out.push_str(RANKS);
        let ranks: Vec<f64> = known
            .iter()
            .filter_map(|m| m.delta.as_ref())
            .map(|d| d.effective_rank)
            .collect();
        let mean = ranks.iter().sum::<f64>() / ranks.len().max(1) as f64;
        let _ = writeln!(
            out,
            "print(f\"effective rank, mean: {{sum(ranks) / len(ranks):.2f}}\")  # Lorascope: {mean:.2}"
        );
    } else {
        count(&mut out, request, &known);
    }
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

const RANKS: &str = r#"
def effective_rank(W0, W):
    sigma = torch.linalg.svdvals(W - W0)
    p = sigma / sigma.sum()
    p = p[p > 0]
    return torch.exp(-(p * p.log()).sum()).item()

ranks = [effective_rank(W0, W) for W0, W in pairs()]
"#;

fn count(out: &mut String, request: &Request, known: &[&Matrix]) {
    let s = &request.settings;
    let abs = match s.cosine {
        Cosine::Absolute => ".abs()",
        // The signs come from the decomposition and mean nothing: another library may count otherwise.
        Cosine::Signed => "",
    };
    let left = format!("(svd0.U.T @ svd.U){abs}.amax(dim=0)");
    let right = format!("(svd0.Vh @ svd.Vh.T){abs}.amax(dim=0)");
    let best = match s.side {
        Side::Left => left,
        Side::Right => right,
        Side::Both => format!("torch.maximum({left}, {right})"),
    };
    let _ = write!(
        out,
        "
def intruders(W0, W, k={}, epsilon={}):
    svd0, svd = (torch.linalg.svd(w, full_matrices=False) for w in (W0, W))
    best = {best}
    return (best[:k] < epsilon).sum().item()

",
        s.k, s.epsilon
    );
    let total: u32 = known.iter().filter_map(|m| intruders(m, s)).sum();
    let signs = if s.cosine == Cosine::Signed {
        ", by the signs of its own decomposition"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "print(sum(intruders(W0, W) for W0, W in pairs()), \"intruders\")  # Lorascope: {total}{signs}"
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
