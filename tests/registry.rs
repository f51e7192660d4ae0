//! The table of formats in `docs/formats.md`: it is the one the code gives, its proofs exist, and everything it refuses is refused by that name.

use crate::common::{Visit, fixtures};
use lorascope::methods::refused::REFUSED;
use lorascope::plan::registry::{rows, table};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// `LORASCOPE_WRITE=1 cargo test --test all registry::` puts the code's table there.
#[test]
fn the_page_of_formats_has_the_table_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page
        .split_once("<!-- formats -->\n")
        .expect("the page has a place for the table");
    let (shown, after) = rest.split_once("<!-- /formats -->").expect("and its end");
    let wanted = format!("\n{}\n", table());
    if std::env::var_os("LORASCOPE_WRITE").is_some() {
        std::fs::write(
            path,
            format!("{before}<!-- formats -->\n{wanted}<!-- /formats -->{after}"),
        )
        .unwrap();
    } else {
        assert!(
            shown == wanted,
            "run LORASCOPE_WRITE=1 cargo test --test all registry::"
        );
    }
}

#[test]
fn every_proof_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for row in rows() {
        for proof in row.proof.split(", ") {
            let hostile = || {
                std::fs::read_dir(fixtures().join("hostile"))
                    .unwrap()
                    .any(|f| f.unwrap().file_name().to_string_lossy().starts_with(proof))
            };
            let there = root.join(proof).exists()
                || ["zoo", "field"].iter().any(|f| fixtures().join(f).join(proof).exists())
                || hostile();
            assert!(there, "{}: {proof} is nowhere", row.what);
        }
    }
}

/// An adapter with this configuration beside its base: the problem's code and its title and cause.
fn refusal(config: &str) -> (String, String) {
    let zoo = fixtures().join("zoo/roberta_lora");
    // A folder of each call's own: tests of one binary run side by side.
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let root = std::env::temp_dir().join(format!("lorascope-refusal-{}-{call}", std::process::id()));
    for file in ["base/model.safetensors", "adapter/adapter_model.safetensors"] {
        std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
        std::fs::copy(zoo.join(file), root.join(file)).unwrap();
    }
    std::fs::write(root.join("adapter/adapter_config.json"), config).unwrap();
    let plan = Visit::open_folders(&root, &["base", "adapter"]).plan(&[]);
    std::fs::remove_dir_all(&root).unwrap();
    assert!(plan.models.is_empty(), "{config}");
    let problem = plan
        .problems
        .first()
        .unwrap_or_else(|| panic!("{config}: nothing is said"));
    assert!(problem.fix.is_some());
    (problem.code.clone(), format!("{} {}", problem.title, problem.cause))
}

#[test]
fn what_is_refused_is_refused_by_name() {
    let lora = |more: &str| format!(r#"{{"peft_type":"LORA","r":8,"lora_alpha":16,{more}}}"#);
    for r in REFUSED {
        let types = r
            .types
            .iter()
            .map(|own| format!(r#"{{"peft_type":"{own}","r":8,"lora_alpha":16}}"#));
        let fields = r.fields.iter().map(|field| lora(&format!(r#""{field}":{{"a":1}}"#)));
        let inits = r
            .inits
            .iter()
            .map(|init| lora(&format!(r#""init_lora_weights":"{init}""#)));
        for config in types.chain(fields).chain(inits) {
            let (code, text) = refusal(&config);
            let (own, why) = if r.without_weights {
                ("method-without-weights", "")
            } else {
                ("method-unsupported", r.why)
            };
            assert!(
                code == own && text.contains(r.name) && text.contains(why),
                "{config}: {code} {text}"
            );
        }
    }
}

#[test]
fn forms_of_methods_that_are_read_are_refused_where_they_differ() {
    for (config, name) in [
        (r#"{"peft_type":"OFT","coft":true}"#, "Constrained OFT"),
        (
            r#"{"peft_type":"OFT","num_cayley_neumann_terms":7}"#,
            "OFT with another series",
        ),
        (
            r#"{"peft_type":"LORA","use_dora":true,"init_lora_weights":"pissa_niter_4"}"#,
            "DoRA begun as PiSSA or OLoRA",
        ),
        (r#"{"peft_type":"TRAINABLE_TOKENS"}"#, "trainable tokens"),
        (r#"{"peft_type":"OF_NEXT_YEAR"}"#, "OF_NEXT_YEAR"),
    ] {
        let (code, text) = refusal(config);
        assert!(text.contains(name), "{config}: {code} {text}");
    }
}
