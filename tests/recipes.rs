//! The recipes of CONTRIBUTING, tried: a toy measure, a toy figure and a toy method, each with nothing but its own code and a line in its list. They go
//! through table, files, embed, script and link, and from two files to a tuned matrix. Compiled into the library's own tests, where the lists take them in.

use crate::export::{self, csv, embed_code, json, matrices_csv, matrices_json, page, pytorch, slim};
use crate::figures::drawing::pen::{Align, Drawn, Pen, Type};
use crate::figures::kind::{About, Dial, FigureKind, Keeps, Needs, figure};
use crate::figures::{FigureId, Focus, Readout, Request, Table, Theme, hover, step, svg, table};
use crate::methods::{Change, Config, Method, Outline};
use crate::metrics::intruder::INTRUDERS;
use crate::metrics::measure::of_change;
use crate::metrics::{Bound, Measure, Of, Spectrum, Unit, measures};
use crate::report::{Delta, Kind, Match, Matrix, Mode, Report, Settings};
use crate::session::Session;
use crate::summary::{self, Sort};
use crate::{analyze, plan::Answers};

// ---------------------------------------------------------------- a measure: this, and a line in MEASURES

pub static TOY_MEASURE: Measure = Measure {
    id: "toy-participation",
    name: "Participation ratio of ΔW",
    short: "participation ratio",
    about: "(sum of σ²)² / sum of σ⁴",
    source: "a toy",
    unit: Unit::Decimals(1),
    in_table: true,
    rising: false,
    bound: Bound::Rank,
    of: Of::Change(|spectrum| spectrum.of_all(participation)),
    python: "def toy_participation(W0, W):\n    p = torch.linalg.svdvals(W - W0)**2\n    return (p.sum() ** 2 / (p**2).sum()).item()\n",
};

fn participation(sigma: &[f32]) -> f64 {
    let power = |n: i32| sigma.iter().map(|s| f64::from(*s).powi(n)).sum::<f64>();
    if power(4) > 0.0 {
        power(2).powi(2) / power(4)
    } else {
        0.0
    }
}

// ---------------------------------------------------------------- a figure: this, and a line in OWN

pub static TOY_FIGURE: FigureKind = FigureKind {
    id: "toy-matrices",
    title: "How many matrices",
    about: About::Run,
    needs: Needs::Nothing,
    dials: &[Dial::K],
    follows_rule: true,
    choices: &[],
    paper: "",
    note: "A toy.",
    by_layer: false,
    per_model: false,
    shows: &INTRUDERS,
    keeps: Keeps::COUNTS,
    make: |report, _| Box::new(Toy { report }),
};

struct Toy<'a> {
    report: &'a Report,
}

figure!(Toy);

impl Toy<'_> {
    fn words(&self) -> String {
        format!(
            "{} matrices",
            self.report.models.iter().map(|m| m.matrices.len()).sum::<usize>()
        )
    }

    fn height(&self) -> f64 {
        40.0
    }

    fn draw(&self, pen: &Pen) -> Drawn {
        let face = Type {
            size: 12.0,
            bold: false,
            color: pen.palette.ink,
        };
        pen.text((0.0, 20.0), &self.words(), face, Align::Start)
    }

    fn hover(&self, x: f64, y: f64) -> Option<Readout> {
        (x >= 0.0 && (0.0..self.height()).contains(&y)).then(|| self.step(0, 0))?
    }

    fn step(&self, _dx: i32, _dy: i32) -> Option<Readout> {
        Some(Readout {
            title: self.words(),
            lines: vec![],
            colors: vec![],
            focus: Focus::default(),
            x: 1.0,
            y: 20.0,
            plot_right: 100.0,
        })
    }

    fn table(&self) -> Table {
        Table {
            title: String::new(),
            columns: vec!["matrices".into()],
            rows: vec![vec![
                self.report
                    .models
                    .iter()
                    .map(|m| m.matrices.len())
                    .sum::<usize>()
                    .into(),
            ]],
        }
    }

    fn alt(&self) -> String {
        format!("{}.", self.words())
    }
}

// ---------------------------------------------------------------- a method: this, and a line in METHODS

/// Every output times a number of its own: W = diag(1 + s g) W0.
pub static TOY_METHOD: Method = Method {
    kind: Kind::Diff,
    formula: "W = W₀ + s g ∘ W₀",
    known_by: &["toy_gain"],
    config: Some(Config {
        peft: "TOY",
        ..Config::LORA
    }),
    over: None,
    with: &[],
    scaled: true,
    outline: |shapes| {
        let [out, inputs] = shapes.flat("toy_gain")?;
        Ok(Outline {
            shape: [out, inputs],
            rank: Some(1),
        })
    },
    change: |input| {
        let gain = input.parts.matrix("toy_gain")?;
        Ok(Change::Dense(
            input.w0.matrix().component_mul(gain) * input.scale as f32,
        ))
    },
    proof: "tests/recipes.rs",
};

// ---------------------------------------------------------------- what they go through

fn matrix(name: &str, layer: u32, sigma: &[f32]) -> Matrix {
    let left = Match {
        max_cos: vec![0.9, 0.3, 0.8],
        argmax: vec![0, 1, 2],
        ..Match::default()
    };
    Matrix {
        layer: Some(layer),
        kind: Some("q".into()),
        rounding: Some(0.01),
        sigma_base: vec![3.0, 2.0, 1.0],
        sigma_tuned: vec![3.5, 2.0, 1.0],
        delta: Some(Delta {
            sigma: sigma.to_vec(),
            ..of_change(&Spectrum::Whole(sigma))
        }),
        ..summary::tests::matrix(name, 3, left, Match::default())
    }
}

/// Two matrices of one model: participation ratios of 2 and of 1.
fn report() -> Report {
    summary::tests::report(vec![matrix("a", 0, &[1.0, 1.0, 0.0]), matrix("b", 1, &[5.0, 0.0, 0.0])])
}

fn asked(id: &str) -> Request {
    let figure = FigureId::named(id).unwrap_or_else(|| panic!("no figure {id}"));
    let mut request = Request::of(figure, Theme::Light, 632.0);
    // The matrices have three vectors: a window beyond which there are others.
    request.settings.k = 2;
    request
}

/// A figure of the list does everything that the others do, with these words in its drawing.
fn goes_everywhere(id: &str, drawn: &str, proof: &str) {
    let (report, request) = (report(), asked(id));
    assert!(svg(&report, &request).contains(drawn), "{id}: the drawing");
    let at = step(&report, &request, 0, 0).expect("a mark");
    assert!(
        hover(&report, &request, at.x, at.y).is_some(),
        "{id}: the mark under its own place"
    );
    let own = table(&report, &request);
    assert!(
        csv(&report, &request).contains(&own.columns[0]) && json(&report, &request).contains(id),
        "{id}: files"
    );
    // What an embed carries draws the same.
    assert_eq!(
        table(&slim(&report, &request), &request),
        own,
        "{id}: the embed's part of the report"
    );
    let attribute = format!("figure=\"{id}\"");
    let module = export::Page {
        module: "",
        address: "",
    };
    for text in [embed_code(&report, &request), page(&report, &request, &module)] {
        assert!(text.contains(&attribute), "{id}: the embed's attribute");
    }
    assert!(pytorch(&report, &request).contains(proof), "{id}: the script");
    // A link, and a request of the page, name it by its id.
    let request: Request = serde_json::from_value(serde_json::to_value(&request).unwrap()).unwrap();
    assert_eq!(request.figure.kind().id, id);
}

#[test]
fn a_measure_needs_its_file_and_a_line() {
    let (report, settings) = (report(), Settings::default());
    let at = |shown: fn(&Measure) -> bool| {
        measures()
            .filter(|m| shown(m))
            .position(|m| m.id == TOY_MEASURE.id)
            .unwrap()
    };
    // The page of one matrix, and the table in its order.
    let row = summary::matrix(&report, &settings, "a").unwrap();
    assert_eq!(row.cells[0].as_ref().unwrap().readings[at(|_| true)].text, "2.0");
    let sort = Sort {
        column: TOY_MEASURE.id.into(),
        model: 0,
        descending: false,
    };
    let asked = summary::Asked {
        first: 9,
        model: 0,
        models: 1,
    };
    let sorted = summary::matrices(&report, &settings, Some(&sort), asked);
    let said: Vec<(&str, &str)> = sorted
        .rows
        .iter()
        .map(|row| {
            (
                row.name.as_str(),
                row.cells[0].as_ref().unwrap().readings[at(|m| m.in_table)]
                    .narrow
                    .as_str(),
            )
        })
        .collect();
    assert_eq!(said, [("b", "1.0"), ("a", "2.0")]);
    // Its files.
    let csv = matrices_csv(&report, &settings, Some(&sort));
    let lines: Vec<Vec<&str>> = csv
        .lines()
        .filter(|l| !l.starts_with('#'))
        .map(|l| l.split(',').collect())
        .collect();
    let column = lines[0]
        .iter()
        .position(|head| *head == TOY_MEASURE.short)
        .expect("a column");
    assert_eq!([lines[1][column], lines[2][column]], ["1", "2"]);
    assert!(matrices_json(&report, &settings, None).contains(TOY_MEASURE.short));
    // The stored report keeps it, and results of before it was there are not taken for new.
    let read = export::read(&export::report(&report, &settings)).unwrap();
    assert_eq!(read.models[0].matrices[0].delta, report.models[0].matrices[0].delta);
    assert!(crate::session::measured().contains(TOY_MEASURE.id));
    // By layer it is a figure.
    goes_everywhere(
        TOY_MEASURE.id,
        "Participation ratio of ΔW",
        "def toy_participation(W0, W):",
    );
}

#[test]
fn what_certified_mode_cannot_measure_is_said() {
    let mut certified = matrix("a", 0, &[]);
    certified.mode = Some(Mode::Certified);
    certified.delta = Some(of_change(&Spectrum::Estimated {
        effective_rank: (2.0, 0.1),
        squares: 4.0,
        largest: 1.0,
    }));
    let row = summary::matrix(&summary::tests::report(vec![certified]), &Settings::default(), "a").unwrap();
    let said = |id: &str| row.cells[0].as_ref().unwrap().readings[measures().position(|m| m.id == id).unwrap()].clone();
    assert_eq!(
        (said(TOY_MEASURE.id).value, said(TOY_MEASURE.id).text.as_str()),
        (None, "exact mode only")
    );
    assert_eq!(
        [said("effective-rank").text, said("stable-rank").text],
        ["≈ 2.0 ± 0.2", "4.0"]
    );
}

#[test]
fn a_figure_needs_its_file_and_a_line() {
    goes_everywhere(TOY_FIGURE.id, "2 matrices", "def intruders(W0, W, k=2, epsilon=0.5):");
}

#[test]
fn every_figure_goes_everywhere() {
    let drawn = |f: &FigureId| f.about == About::Run && f.needs == Needs::Nothing && f.kind().id != "tied-angle";
    for figure in FigureId::all().filter(drawn) {
        goes_everywhere(figure.kind().id, "<text", "def ");
    }
}

/// A safetensors file of one 2 × 2 tensor.
fn tensor(name: &str, values: [f32; 4]) -> Vec<u8> {
    let header = format!(r#"{{"{name}":{{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}}}"#);
    let values = values.iter().flat_map(|x| x.to_le_bytes());
    let length = (header.len() as u64).to_le_bytes();
    length.into_iter().chain(header.bytes()).chain(values).collect()
}

#[test]
fn a_method_needs_its_file_and_a_line() {
    let module = "layers.0.self_attn.q_proj";
    let files = [
        (
            "base/model.safetensors",
            tensor(&format!("{module}.weight"), [1.0, 2.0, 3.0, 4.0]),
        ),
        (
            "toy/adapter_model.safetensors",
            tensor(
                &format!("base_model.model.{module}.toy_gain.weight"),
                [1.0, 0.0, 0.5, 0.0],
            ),
        ),
        (
            "toy/adapter_config.json",
            br#"{"peft_type":"TOY","r":1,"lora_alpha":2,"target_modules":["q_proj"]}"#.to_vec(),
        ),
    ];
    let mut session = Session::default();
    for (path, bytes) in &files {
        let id = session.add_file(path, bytes.len() as u64);
        while let Some(range) = session.wants(id) {
            session.supply(id, &bytes[range.start as usize..range.end as usize]);
        }
    }
    let plan = session.plan(&Answers::default()).clone();
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    assert_eq!(plan.models[0].formula.as_deref(), Some(TOY_METHOD.formula));
    assert_eq!(plan.models[0].scale, Some(2.0));
    let bytes: Vec<&[u8]> = session
        .ranges(0)
        .iter()
        .map(|r| &files[r.file as usize].1[r.range.start as usize..r.range.end as usize])
        .collect();
    // 1 + 2 · 1 and 1, 1 + 2 · 0.5 and 1.
    let merged = analyze::merged(&session.jobs()[0], &bytes);
    assert_eq!(merged, [Some(vec![3.0, 2.0, 6.0, 4.0])]);
    assert!(crate::plan::registry::table().contains(TOY_METHOD.formula));
}
