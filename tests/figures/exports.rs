//! What readers take away: every format holds the figure's numbers, says where they come from, and survives whatever files call themselves.

use super::stored::*;
use lorascope::export::{self, Page, csv, embed_code, json, markdown, page, pytorch, slim};
use lorascope::figures::{FigureId, Request, Theme, Value, svg, table};
use lorascope::report::*;
use lorascope::series::labels;

fn report_for(figure: FigureId) -> Report {
    let mut report = super::report_for(figure);
    report.base.files = vec![FileInfo {
        name: "base/model.safetensors".into(),
        size: 7,
        sha256: Some("ab".repeat(32)),
    }];
    report.models[0].files = vec![FileInfo {
        name: "full/model.safetensors".into(),
        size: 8,
        sha256: None,
    }];
    report
}

fn asked(figure: FigureId, width: f64) -> Request {
    request(figure, Theme::Light, width)
}

const PAGE: Page = Page {
    module: "/* module */",
    address: "https://example.org/",
};

#[test]
fn every_export_says_where_its_numbers_come_from() {
    for figure in FigureId::all() {
        let (report, request) = (report_for(figure), asked(figure, 944.0));
        let exports = [
            ("csv", csv(&report, &request)),
            ("json", json(&report, &request)),
            ("svg", export::svg(&report, &request)),
            ("html", page(&report, &request, &PAGE)),
            ("markdown", markdown(&report, &request)),
        ];
        for (name, text) in exports {
            for said in [
                "official code",
                "Lorascope 0",
                "k = 10",
                "ε = 0.50",
                "arXiv:2410.21228",
                "base/model.safetensors",
                &"ab".repeat(32),
                "@article",
            ] {
                assert!(text.contains(said), "{figure:?}, {name}: no {said}");
            }
        }
    }
}

#[test]
fn csv_and_json_hold_the_table() {
    for figure in FigureId::all() {
        let (report, request) = (report_for(figure), asked(figure, 944.0));
        let table = table(&report, &request);
        assert!(!table.rows.is_empty() && !table.title.is_empty(), "{figure:?}");
        assert!(
            table.rows.iter().all(|r| r.len() == table.columns.len()),
            "{figure:?}: ragged"
        );
        let csv = csv(&report, &request);
        let lines: Vec<&str> = csv
            .split("\r\n")
            .filter(|l| !l.starts_with('#') && !l.is_empty())
            .collect();
        assert_eq!(lines.len(), table.rows.len() + 1, "{figure:?}");
        let json: serde_json::Value = serde_json::from_str(&json(&report, &request)).expect("JSON");
        assert_eq!(json["schema"], "lorascope-figure/1");
        assert_eq!(json["columns"].as_array().map(Vec::len), Some(table.columns.len()));
        let rows: Vec<Vec<Value>> = serde_json::from_value(json["rows"].clone()).expect("rows of values");
        assert!(rows == table.rows, "{figure:?}: what is read back is what was written");
    }
}

#[test]
fn the_table_of_a_figure_agrees_with_the_report() {
    let report = stored();
    let request = Request {
        model: Some(2),
        matrix: Some("encoder.layer.2.q.weight".into()),
        ..asked(named("sigma-vs-cosine"), 944.0)
    };
    let table = table(&report, &request);
    let matrix = report.models[2]
        .matrices
        .iter()
        .find(|m| m.name == "encoder.layer.2.q.weight")
        .expect("stored");
    let cosines = &matrix.left.as_ref().expect("analyzed").max_cos;
    let column = |name: &str| table.columns.iter().position(|c| c == name).expect("a column");
    for (j, row) in table.rows.iter().enumerate() {
        assert_eq!(
            row[column("singular value after")],
            Value::from(matrix.sigma_tuned[j]),
            "j = {j}"
        );
        assert_eq!(row[column("best match")], Value::from(cosines[j]), "j = {j}");
        assert_eq!(
            row[column("intruder")],
            Value::from(if j < 10 && cosines[j] < 0.5 { "yes" } else { "no" }),
            "j = {j}"
        );
    }
}

/// The report of an embed draws the very figure that the whole report draws.
#[test]
fn the_slim_report_draws_the_same_figure() {
    for figure in FigureId::all() {
        let report = report_for(figure);
        for (k, epsilon) in [(10, 0.5), (1, 0.3), (40, 0.9)] {
            let mut request = asked(figure, 944.0);
            (request.settings.k, request.settings.epsilon) = (k, epsilon);
            let cut = slim(&report, &request);
            // Figures of one matrix look models up by number: they stay.
            assert_eq!(cut.models.len(), report.models.len());
            assert!(
                svg(&cut, &request) == svg(&report, &request),
                "{figure:?} at k = {k}, epsilon = {epsilon}"
            );
        }
        let (whole, part) = (
            serde_json::to_string(&report).unwrap().len(),
            serde_json::to_string(&slim(&report, &asked(figure, 944.0)))
                .unwrap()
                .len(),
        );
        assert!(part < whole, "{figure:?}: {part} of {whole} bytes");
    }
}

#[test]
fn a_stored_report_is_the_report() {
    let report = stored();
    let text = export::report(
        &report,
        &Settings {
            k: 3,
            ..Settings::default()
        },
    );
    let again = export::read(&text).expect("its own file");
    assert_eq!(again.settings.k, 3);
    for (a, b) in report
        .models
        .iter()
        .flat_map(|m| &m.matrices)
        .zip(again.models.iter().flat_map(|m| &m.matrices))
    {
        assert_eq!((&a.name, &a.sigma_tuned, a.status), (&b.name, &b.sigma_tuned, b.status));
        assert_eq!(a.left.as_ref().map(|l| &l.max_cos), b.left.as_ref().map(|l| &l.max_cos));
    }
    assert!(
        export::report(&again, &again.settings) == text,
        "a second time it is the same"
    );
}

const HOSTILE: &str = "</script><script>alert(1)</script>\"'&|[x](y)`\n=cmd";

#[test]
fn names_from_files_stay_text_in_every_format() {
    let mut report = stored();
    report.base.label = HOSTILE.into();
    report.base.files = vec![FileInfo {
        name: HOSTILE.into(),
        size: 1,
        sha256: None,
    }];
    for model in &mut report.models {
        model.label = HOSTILE.into();
        (model.kind, model.rank) = (Kind::Full, None);
        model.matrices[12].name = HOSTILE.into();
        model.sources = vec![Source {
            base: TensorSource {
                part: "W0".into(),
                file: HOSTILE.into(),
                tensor: HOSTILE.into(),
            },
            parts: vec![TensorSource {
                part: "W".into(),
                file: HOSTILE.into(),
                tensor: HOSTILE.into(),
            }],
            scale: None,
            alpha: None,
            transposed: false,
            intricate: false,
        }];
    }
    for figure in FigureId::all() {
        let request = Request {
            matrix: Some(HOSTILE.into()),
            model: Some(2),
            ..asked(figure, 944.0)
        };
        for text in [
            page(&report, &request, &PAGE),
            export::svg(&report, &request),
            embed_code(&report, &request),
        ] {
            assert!(!text.contains("<script>alert"), "{figure:?}: a name became a script");
        }
        let html = page(&report, &request, &PAGE);
        assert_eq!(html.matches("</script>").count(), 3, "{figure:?}: data, module, height");
        let code = pytorch(&report, &request);
        assert!(
            code.lines().all(|l| !l.starts_with("=cmd")),
            "{figure:?}: a name became code:\n{code}"
        );
        let csv = csv(&report, &request);
        assert!(
            csv.split("\r\n").all(|l| !l.starts_with('=')),
            "{figure:?}: a name became a formula"
        );
    }
}

#[test]
fn the_script_computes_what_the_figure_shows() {
    let mut report = stored();
    let name = "encoder.layer.2.q.weight";
    report.models[2].sources = vec![Source {
        base: TensorSource {
            part: "W0".into(),
            file: "base.safetensors".into(),
            tensor: name.into(),
        },
        parts: ["lora_A", "lora_B"]
            .map(|p| TensorSource {
                part: p.into(),
                file: "a.safetensors".into(),
                tensor: format!("m.{p}.weight"),
            })
            .to_vec(),
        scale: Some(2.0),
        alpha: None,
        transposed: false,
        intricate: false,
    }];
    let request = Request {
        model: Some(2),
        matrix: Some(name.into()),
        ..asked(named("similarity"), 944.0)
    };
    let code = pytorch(&report, &request);
    let cosines = &report.models[2].matrices[12].left.as_ref().expect("analyzed").max_cos;
    let count = cosines.iter().take(10).filter(|c| **c < 0.5).count();
    let label = &labels(&report.models)[2];
    assert!(
        count > 0 && code.contains(&format!("    (\"{label}\", {count}, [\n")),
        "{code}"
    );
    // Its parts do not say the layer that the base's name says: the row is of this matrix alone.
    let parts = "(\"a.safetensors\", \"m.lora_A.weight\"), (\"a.safetensors\", \"m.lora_B.weight\")";
    let row = format!("((\"base.safetensors\", \"{name}\"), False, {parts}, 2.0, [None]),");
    assert!(code.contains(&row), "{code}");
    // Another method has no short formula: its own library merges it.
    report.models[2].sources[0].parts[0].part = "hada_w1_a".into();
    assert!(pytorch(&report, &request).contains("merge_and_unload"));
}

#[test]
fn a_figure_of_all_models_has_a_script_of_all_with_a_loop_over_layers() {
    let mut report = stored();
    for model in &mut report.models {
        let whole = |file: &str, name: &str, part: &str| TensorSource {
            part: part.into(),
            file: file.into(),
            tensor: name.into(),
        };
        model.sources = model
            .matrices
            .iter()
            .map(|m| Source {
                base: whole("base.safetensors", &m.name, "W0"),
                parts: vec![whole("tuned.safetensors", &format!("model.{}", m.name), "W")],
                scale: None,
                alpha: None,
                transposed: false,
                intricate: false,
            })
            .collect();
    }
    let code = pytorch(&report, &asked(named("epsilon-curve"), 944.0));
    for label in labels(&report.models) {
        assert!(
            code.contains(&format!("\n    (\"{label}\", ")),
            "{label} is missing:\n{code}"
        );
    }
    let rows: Vec<&str> = code.lines().filter(|line| line.starts_with("        ((")).collect();
    // A row is a type of matrix: all six layers, or a list of those that were analyzed.
    let is_number = |n: &&str| n.trim().trim_end_matches([']', ')']).parse::<u32>().is_ok();
    let layers = |row: &&str| match row.ends_with(", None, 1.0, range(0, 6)),") {
        true => 6,
        false => row
            .rsplit('[')
            .next()
            .unwrap_or_default()
            .split(',')
            .filter(is_number)
            .count(),
    };
    let analyzed = report.models.iter().flat_map(|m| &m.matrices);
    let analyzed = analyzed.filter(|m| m.status == Status::Analyzed).count();
    assert_eq!(rows.iter().map(layers).sum::<usize>(), analyzed, "{code}");
    assert!(rows.len() < analyzed / 5);
}
