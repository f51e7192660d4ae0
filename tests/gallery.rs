//! The reports behind the gallery: real results, cut to what its figures need.
//!
//! `LORASCOPE_WRITE=1 cargo test --test all gallery::` computes them again from the sample and the fixtures.

use crate::common::{Visit, fixtures, sample};
use lorascope::analyze::surgery::open;
use lorascope::analyze::vectors;
use lorascope::export;
use lorascope::figures::{FigureId, Request, Theme, svg};
use lorascope::loss::{Cuts, Cutting, Encoded, Part, Question, Row, Trial, Windows};
use lorascope::report::surgery::{Arm, Cut, Surgery};
use lorascope::report::{Mode, Report, Settings, Side, Task};
use lorascope::session::ranges;
use lorascope::summary::set_vectors;
use lorascope::text::Tokenizer;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("www/public/gallery")
}

fn write(name: &str, report: &Report) {
    fs::create_dir_all(folder()).unwrap();
    fs::write(folder().join(name), export::report(report, &Settings::default())).unwrap();
}

/// Queries and outputs of the sample, left vectors; one matrix with all its vectors.
fn of_the_sample() -> Report {
    let folders = ["all-MiniLM-L6-v2", "full", "lora-r1", "lora-r8-alpha8", "lora-r64"];
    let mut visit = Visit::open_folders(&sample(), &folders);
    let mut report = visit.run();
    for model in &mut report.models {
        model.matrices.retain(|m| matches!(m.kind.as_deref(), Some("q" | "o")));
        for matrix in model.matrices.iter_mut().skip(1) {
            (matrix.right, matrix.similarity) = (None, None);
            matrix.left.iter_mut().for_each(|side| side.makeup = None);
        }
        for side in model
            .matrices
            .iter_mut()
            .flat_map(|m| [&mut m.left, &mut m.right])
            .flatten()
        {
            side.signed_cos = None;
        }
    }
    // All vectors of the first matrix, for the figures that show one against all.
    let model = report.models.iter().position(|m| m.rank == Some(1)).unwrap() as u32;
    let job = &visit.session.jobs()[0];
    let bytes = visit.bytes(&visit.session.ranges_of(0, model));
    let all = vectors(&visit.session.job_of(0, model).unwrap(), &bytes, model, || 0.0).unwrap();
    assert!(set_vectors(
        &mut report,
        model as usize,
        &job.base.name,
        all.left.values,
        all.right.values
    ));
    report.models[model as usize].surgery = Some(operated(&visit, model));
    report
}

/// All intruders of a model at eight strengths, with the controls.
fn operated(visit: &Visit, model: u32) -> Surgery {
    let cut = Cut {
        k: 10,
        epsilon: 0.5,
        side: Side::Left,
        lambdas: vec![0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0],
        chosen: None,
        seed: 1,
    };
    let of_matrix = |matrix: u32| {
        let bytes = visit.bytes(&visit.session.ranges_of(matrix, model));
        let job = visit.session.job_of(matrix, model)?;
        Some(open(&job, &bytes, model, cut.k).unwrap().operate(&cut).unwrap())
    };
    let all = 0..visit.session.jobs().len() as u32;
    Surgery::of(&cut, &all.filter_map(of_matrix).collect::<Vec<_>>())
}

fn of_the_series() -> Report {
    let mut visit = Visit::open_folders(&fixtures(), &["minilm-layer0/base"]);
    for step in ["00100", "00300", "00600", "01000", "01500", "02000", "03000", "04000"] {
        visit.add_folder(&fixtures(), &format!("minilm-series/lora_r8_hot/step-{step}"));
    }
    let mut report = visit.run();
    // Its figures are about checkpoints, not about single vectors.
    let all = report.models.iter_mut().flat_map(|m| &mut m.matrices);
    for side in all.flat_map(|m| [&mut m.left, &mut m.right]).flatten() {
        side.makeup = None;
    }
    report
}

/// Planted matrices in certified mode: intervals, and what stays undecided.
fn in_certified_mode() -> Report {
    let mut visit = Visit::open_folders(
        &fixtures(),
        &["minilm-layer0/base", "minilm-layer0/full", "minilm-layer0/lora_r8_hot"],
    );
    visit.plan(&[]);
    visit.compute(&Task {
        mode: Mode::Certified,
        k: 10,
        epsilon: 0.5,
        side: Side::Both,
    })
}

/// A small language model with four fine-tunes, read on two texts: all arms of one, and each of its parts undone.
fn of_losses() -> Report {
    let folder = fixtures().join("behave/llama");
    let mut visit = Visit::open_folders(
        &folder,
        &["base", "full", "lora_r1", "lora_r4", "lora_r1_peft_mitigated"],
    );
    let mut report = visit.run();
    let all = report.models.iter_mut().flat_map(|m| &mut m.matrices);
    for matrix in all {
        (matrix.right, matrix.similarity, matrix.bulk) = (None, None, None);
        for side in matrix.left.iter_mut() {
            (side.makeup, side.signed_cos, side.turns) = (None, None, None);
        }
    }
    let edited = report.models.iter().position(|m| m.rank == Some(4)).unwrap() as u32;
    let row = |edit, layer, kind: Option<&str>| Row {
        model: Some(edited),
        edit,
        without: Part::of(layer, kind.map(str::to_owned)),
    };
    let mut rows: Vec<Row> = (0..report.models.len() as u32)
        .map(|at| Row {
            model: Some(at),
            ..Row::default()
        })
        .collect();
    rows.insert(0, Row::default());
    for arm in [Arm::Scaled, Arm::Shrunk, Arm::Restored, Arm::Random] {
        rows.extend([0.0, 0.25, 0.5, 0.75, 1.25].map(|lambda| row(Some((arm, lambda)), None, None)));
    }
    rows.push(row(Some((Arm::Projected, 1.0)), None, None));
    let types = ["q", "k", "v", "o", "gate", "up", "down"];
    for layer in [None, Some(0), Some(1), Some(2)] {
        rows.extend(layer.map(|_| row(None, layer, None)));
        rows.extend(types.map(|kind| row(None, layer, Some(kind))));
    }
    let tokenizer = Tokenizer::read(&fs::read(folder.join("base/tokenizer.json")).unwrap()).unwrap();
    let encoded = |(name, file): (&str, &str)| {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        let tokens = tokenizer.encode(&text).unwrap();
        Encoded {
            name: name.into(),
            ids: tokens.ids,
            added: tokens.added.iter().map(|at| *at as u32).collect(),
            pieces: tokens.spans.into_iter().map(|span| text[span].to_owned()).collect(),
        }
    };
    let cut = Cut {
        k: 10,
        epsilon: 0.5,
        side: Side::Left,
        lambdas: Vec::new(),
        chosen: None,
        seed: 0,
    };
    let cutting = Cutting {
        cut: cut.clone(),
        chosen: Default::default(),
    };
    let question = Question {
        texts: [("General text", "text_general.txt"), ("Task text", "text_task.txt")]
            .map(encoded)
            .into(),
        windows: Windows {
            length: 512,
            overlap: 0,
        },
        mask: None,
        rows,
        cut,
        cuts: Cuts::from([(edited, cutting)]),
    };
    let mut trial = Trial::new(crate::loss::subject(&mut visit), question, 1 << 30).unwrap();
    while let Some(jobs) = trial.jobs() {
        let bytes: Vec<_> = jobs.iter().map(|(_, job)| visit.bytes(&ranges(job))).collect();
        trial.take(&jobs, &bytes).unwrap();
    }
    report.loss = Some(trial.result());
    report
}

#[test]
fn every_figure_of_the_gallery_is_drawn_from_its_report() {
    if std::env::var_os("LORASCOPE_WRITE").is_some() {
        write("loss.json", &of_losses());
        write("sample.json", &of_the_sample());
        write("series.json", &of_the_series());
        write("certified.json", &in_certified_mode());
    }
    for name in ["loss.json", "sample.json", "series.json", "certified.json"] {
        let text = fs::read_to_string(folder().join(name))
            .unwrap_or_else(|e| panic!("{name}: {e}; LORASCOPE_WRITE=1 writes it"));
        let report = export::read(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        for figure in FigureId::all() {
            for width in [360.0, 1400.0] {
                let drawn = svg(&report, &Request::of(figure, Theme::Light, width));
                assert!(drawn.contains("<text"), "{name}: {figure:?} at {width} says nothing");
            }
        }
    }
}

/// The page of the gallery is written by hand; the list of figures says what must be on it.
#[test]
fn the_gallery_shows_every_figure_by_its_name() {
    let page = fs::read_to_string(folder().join("index.html")).unwrap();
    for figure in FigureId::all().filter(|f| !f.by_layer || f.kind().id == "effective-rank") {
        let shown = format!("figure=\"{}\"", figure.kind().id);
        let (title, paper) = (figure.kind().title, figure.kind().paper);
        let head = if paper.is_empty() {
            format!("<h3>{title}</h3>")
        } else {
            format!("<h3>{title} <span>{paper}</span></h3>")
        };
        assert!(
            page.contains(&shown) && page.contains(&head),
            "the gallery lacks {head} with {shown}"
        );
    }
}
