//! Figures against stored drawings, and what must hold for any report.
//!
//! `UPDATE_GOLDENS=1 cargo test --test all figures::` rewrites `tests/goldens/*.svg`; review them as a diff and by eye.

mod boxes;
mod cards;
mod curves;
mod exports;
mod golden;
mod panels;
mod readings;
mod run;
mod sizes;
mod spectra;
mod stored;
mod threshold;

use golden::{check, in_one_face};
use lorascope::figures::{FigureId, Focus, Needs, Request, Theme, alt, draw, hover, step, svg};
use lorascope::report::loss::Paired;
use lorascope::report::*;
use lorascope::series::{labels, series};
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use std::path::PathBuf;
use stored::*;
use threshold::with_whole_spectra;

/// A report in which a figure has something to show.
fn report_for(figure: FigureId) -> Report {
    let mut report = match figure.needs {
        Needs::Runs => run::run(),
        Needs::Loss => with_losses(),
        Needs::Nothing | Needs::Surgery => stored(),
    };
    if figure.needs == Needs::Surgery {
        report.models[1].surgery = Some(operated());
    }
    if figure == named("tied-angle") {
        let all = report.models.iter_mut().flat_map(|m| &mut m.matrices);
        for side in all.filter_map(|m| m.left.as_mut()) {
            side.tied_cos = Some(side.max_cos.iter().map(|c| (c + 0.2).min(1.0)).collect());
        }
    }
    // The threshold asks the whole spectrum of the base.
    if figure == named("threshold") {
        with_whole_spectra(&mut report);
        // Changes of every size, some of them above it.
        let changes = report
            .models
            .iter_mut()
            .flat_map(|m| &mut m.matrices)
            .filter_map(|m| m.delta.as_mut());
        for (n, delta) in changes.enumerate() {
            let times = 0.3 * 1.4_f64.powi((n % 17) as i32);
            delta.frobenius *= times;
            delta.sigma.iter_mut().for_each(|s| *s *= times as f32);
        }
    }
    // The stored report is of before these measures were there.
    if figure == named("rounded-count") {
        let all = report.models.iter_mut().flat_map(|m| &mut m.matrices);
        all.for_each(|m| m.rounding = m.sigma_tuned.first().map(|s| 0.002 * s));
    }
    if figure == named("participation-ratio") {
        let all = report.models.iter_mut().flat_map(|m| &mut m.matrices);
        for change in all.filter_map(|m| m.delta.as_mut()) {
            change.set_measure("participation-ratio", 0.5 * change.effective_rank, None);
        }
    }
    report
}

#[test]
fn goldens() {
    // Of the measures by layer those that differ in kind: a rank, a count.
    let drawn = |f: &FigureId| !f.by_layer || ["effective-rank", "intruders"].contains(&f.kind().id);
    for figure in FigureId::all().filter(drawn) {
        let report = report_for(figure);
        let name = figure.kind().id.replace('-', "");
        check(
            &format!("{name}-944-light"),
            &report,
            &request(figure, Theme::Light, 944.0),
        );
        check(
            &format!("{name}-343-dark"),
            &report,
            &request(figure, Theme::Dark, 343.0),
        );
    }
    let report = stored();
    let thumbnail = Request {
        thumbnail: true,
        ..request(named("similarity"), Theme::Light, 160.0)
    };
    check("similarity-thumbnail", &report, &thumbnail);
    let crossed = Request {
        focus: Some(Focus {
            j: Some(7),
            ..Focus::default()
        }),
        ..request(named("similarity"), Theme::Light, 632.0)
    };
    check("similarity-632-crosshair", &report, &crossed);
}

// ---------------------------------------------------------------- properties

/// Every mark the arrow keys can reach is the mark found under its own place.
#[test]
fn hover_on_a_mark_finds_it() {
    for figure in FigureId::all() {
        let report = report_for(figure);
        for (width, scale) in [(944.0, 1.0), (632.0, 2.0), (460.0, 1.5), (343.0, 3.0)] {
            let mut request = Request {
                scale,
                ..request(figure, Theme::Light, width)
            };
            let mut seen = 0;
            for dx in 0..200 {
                // An evolution's crosshair begins at the last checkpoint.
                let onwards = if figure == named("evolution") { -1 } else { 1 };
                let Some(at) = step(&report, &request, if dx == 0 { 0 } else { onwards }, 0) else {
                    break;
                };
                let found = hover(&report, &request, at.x, at.y)
                    .unwrap_or_else(|| panic!("{figure:?} {width}: nothing at {at:?}"));
                // Two models may stand on one pixel; the place is then the same.
                if found.focus != at.focus {
                    assert_eq!(
                        (found.x, found.y),
                        (at.x, at.y),
                        "{figure:?} {width}: {found:?} is not {at:?}"
                    );
                }
                seen += 1;
                if request.focus.as_ref() == Some(&at.focus) {
                    break;
                }
                request.focus = Some(at.focus);
            }
            let least = if figure.needs == Needs::Nothing { 20 } else { 6 };
            assert!(seen > least, "{figure:?} {width}: only {seen} marks");
        }
    }
}

#[test]
fn counts_are_those_of_the_definition() {
    let report = stored();
    let mut request = request(named("epsilon-curve"), Theme::Light, 944.0);
    for epsilon in [0.0, 0.3, 0.5, 0.99, 1.0] {
        request.focus = Some(Focus {
            epsilon: Some(epsilon),
            ..Focus::default()
        });
        let read = step(&report, &request, 0, 0).expect("a reading");
        for (m, label) in report.models.iter().zip(labels(&report.models)) {
            let cosines = m
                .matrices
                .iter()
                .filter_map(|x| x.left.as_ref())
                .flat_map(|l| l.max_cos.iter().take(10));
            let count = cosines.filter(|c| f64::from(**c) < epsilon).count();
            assert!(
                read.lines.contains(&(label.clone(), count.to_string())),
                "{label} at {epsilon}: {count}, {:?}",
                read.lines
            );
        }
    }
}

#[test]
fn an_intruder_says_so() {
    let report = stored();
    let request = request(named("similarity"), Theme::Light, 632.0);
    let cosines = &report.models[2].matrices[12].left.as_ref().expect("analyzed").max_cos;
    let j = cosines
        .iter()
        .take(10)
        .position(|c| *c < 0.5)
        .expect("an intruder in the stored report");
    let focus = Some(Focus {
        j: Some(j as u32),
        ..Focus::default()
    });
    let read = step(
        &report,
        &Request {
            focus,
            ..request.clone()
        },
        0,
        0,
    )
    .expect("a column");
    assert_eq!(read.title, format!("j = {}, LoRA r = 8", j + 1));
    assert!(
        read.lines.contains(&("below ε".into(), "yes: intruder".into())),
        "{:?}",
        read.lines
    );
    assert!(alt(&report, &request).contains(&format!("{}", j + 1)));
}

/// `(x, y, words)` of all texts of a drawing, in CSS pixels.
fn texts(drawing: &str) -> Vec<(f64, f64, String, String)> {
    let attr = |tag: &str, name: &str| {
        let from = tag.find(&format!(" {name}=\"")).map(|i| i + name.len() + 3)?;
        tag[from..].split('"').next().map(String::from)
    };
    in_one_face(drawing)
        .split("<text ")
        .skip(1)
        .filter_map(|t| {
            let t = format!(" {t}");
            let (tag, rest) = t.split_once('>')?;
            let number = |n| attr(tag, n).and_then(|v| v.parse::<f64>().ok());
            let words = rest.split("</text>").next()?.trim().to_string();
            Some((number("x")? / 10.0, number("y")? / 10.0, words, attr(tag, "fill")?))
        })
        .collect()
}

#[test]
fn direct_labels_keep_their_distance() {
    let mut ranks = vec![None];
    ranks.extend((0..7).map(|r| Some(1 << r)));
    for ranks in [&[None, Some(1), Some(8), Some(64)][..], &ranks] {
        let report = report_of(ranks, 6, &TYPES);
        for figure in [named("epsilon-curve"), named("k-curve"), named("effective-rank")] {
            let request = request(figure, Theme::Light, 944.0);
            let drawn = texts(&svg(&report, &request));
            let names = labels(&report.models);
            let paper = "#FFFFFF";
            let mut at: Vec<_> = drawn
                .iter()
                .filter(|t| names.contains(&t.2) && t.3.to_uppercase() != paper)
                .collect();
            assert!(at.len() >= names.len(), "{figure:?}: some model has no name");
            at.sort_by(|a, b| a.1.total_cmp(&b.1));
            for (n, a) in at.iter().enumerate() {
                for b in &at[n + 1..] {
                    assert!(
                        (a.1 - b.1).abs() >= 14.9 || (a.0 - b.0).abs() > 40.0,
                        "{figure:?}: {a:?} and {b:?}"
                    );
                }
            }
        }
    }
}

/// Reports no one meant to write.
fn odd_reports() -> Vec<(&'static str, Report)> {
    let one = |f: fn(&mut Matrix)| {
        let mut report = report_of(&[Some(8)], 1, &TYPES[..1]);
        f(&mut report.models[0].matrices[0]);
        report
    };
    let mut failed = stored();
    failed
        .models
        .iter_mut()
        .flat_map(|m| &mut m.matrices)
        .for_each(|m| become_status(m, Status::Failed, None));
    let mut bare = stored();
    bare.models.iter_mut().for_each(|m| m.matrices.clear());
    let ranks: Vec<Option<u32>> = (0..12).map(|n| if n % 5 == 4 { None } else { Some(n) }).collect();
    vec![
        ("empty", report_of(&[], 0, &[])),
        ("no matrices", bare),
        ("one vector", {
            one(|m| {
                (m.rows, m.cols) = (1, 1);
                m.left = Some(Match {
                    max_cos: vec![1.0],
                    argmax: vec![0],
                    ..Match::default()
                });
                m.similarity = Some(Similarity {
                    rows: 1,
                    cols: 1,
                    values: vec![1.0],
                });
                m.delta = Some(Delta {
                    effective_rank: 1.0,
                    stable_rank: 1.0,
                    frobenius: 1.0,
                    sigma: vec![1.0],
                    ..Delta::default()
                });
            })
        }),
        ("no similarity", one(|m| m.similarity = None)),
        ("no match", one(|m| (m.left, m.delta) = (None, None))),
        ("size zero", one(|m| (m.rows, m.cols) = (0, 0))),
        (
            "a map shorter than it says",
            one(|m| {
                m.similarity = Some(Similarity {
                    rows: 32,
                    cols: u32::MAX,
                    values: vec![0.5; 5],
                })
            }),
        ),
        (
            "fewer matches than columns",
            one(|m| {
                m.left = Some(Match {
                    max_cos: vec![0.5; 3],
                    max_cos_upper: Some(vec![0.6]),
                    argmax: vec![],
                    ..Match::default()
                })
            }),
        ),
        ("NaN and infinity", {
            one(|m| {
                m.left = Some(Match {
                    max_cos: vec![f32::NAN, f32::INFINITY, -3.0, 7.0],
                    argmax: vec![u32::MAX; 4],
                    ..Match::default()
                });
                m.sigma_tuned = vec![f32::NAN, 0.0, f32::INFINITY];
                m.delta = Some(Delta {
                    effective_rank: f64::NAN,
                    stable_rank: 0.0,
                    frobenius: 0.0,
                    sigma: vec![],
                    ..Delta::default()
                });
            })
        }),
        (
            "a rank beyond its limit",
            one(|m| {
                m.delta = Some(Delta {
                    effective_rank: 1e300,
                    stable_rank: 0.0,
                    frobenius: 0.0,
                    sigma: vec![],
                    ..Delta::default()
                })
            }),
        ),
        ("no layer, no type", one(|m| (m.layer, m.kind) = (None, None))),
        ("a far layer", one(|m| m.layer = Some(u32::MAX))),
        ("unchanged only", one(|m| become_status(m, Status::Unchanged, None))),
        ("failed only", failed),
        ("losses without a text", {
            let mut report = with_losses();
            let loss = report.loss.as_mut().expect("losses");
            loss.texts.clear();
            loss.rows.iter_mut().for_each(|row| row.on.clear());
            report
        }),
        ("losses of nobody", {
            let mut report = with_losses();
            let rows = &mut report.loss.as_mut().expect("losses").rows;
            rows.retain(|row| row.model.is_some());
            rows.iter_mut().for_each(|row| row.model = Some(u32::MAX));
            report
        }),
        ("losses beyond measure", {
            let mut report = with_losses();
            let rows = &mut report.loss.as_mut().expect("losses").rows;
            for (n, on) in rows.iter_mut().flat_map(|row| &mut row.on).enumerate() {
                let odd = [f64::NAN, f64::INFINITY, -1e308, 1e308, 0.0][n % 5];
                (on.mean, on.more, on.error) = (odd, odd, odd);
                on.than_trained = on.than_trained.map(|_| Paired { more: odd, error: odd });
            }
            for (n, row) in rows.iter_mut().enumerate() {
                row.lambda = row.lambda.map(|_| [f64::NAN, 1e300, -1e300][n % 3]);
                row.without_layer = row.without_layer.map(|layer| u32::MAX - layer);
            }
            report
        }),
        ("one model", report_of(&[None], 6, &TYPES)),
        ("one layer", report_of(&[None, Some(4)], 1, &TYPES)),
        ("twelve models", report_of(&ranks, 3, &TYPES)),
    ]
}

#[test]
fn no_report_is_too_odd() {
    for (name, report) in odd_reports() {
        for figure in FigureId::all() {
            for width in [200.0, 343.0, 632.0, 944.0] {
                for (side, k, epsilon) in [
                    (Side::Left, 10, 0.5),
                    (Side::Both, 0, 0.0),
                    (Side::Right, u32::MAX, 1.0),
                ] {
                    let mut request = Request {
                        matrix: None,
                        model: None,
                        ..request(figure, Theme::Light, width)
                    };
                    (request.settings.side, request.settings.k, request.settings.epsilon) = (side, k, epsilon);
                    request.focus = Some(Focus {
                        k: Some(900),
                        j: Some(900),
                        i: Some(900),
                        epsilon: Some(9.0),
                        ..Focus::default()
                    });
                    let drawn = svg(&report, &request);
                    assert!(drawn.trim_end().ends_with("</svg>"), "{name}, {figure:?}, {width}");
                    assert!(
                        !drawn.contains("NaN") && !drawn.contains("inf"),
                        "{name}, {figure:?}, {width}"
                    );
                    assert!(!alt(&report, &request).is_empty(), "{name}, {figure:?}, {width}");
                    for (x, y) in [(-5.0, -5.0), (60.0, 60.0), (150.0, 150.0), (1e9, 1e9), (f64::NAN, 3.0)] {
                        hover(&report, &request, x, y);
                    }
                    for (dx, dy) in [(0, 0), (1, 1), (-1, -1), (i32::MAX, i32::MIN)] {
                        step(&report, &request, dx, dy);
                    }
                }
            }
        }
    }
}

/// At any device pixel ratio the marks fill the same share of the area, and nothing is drawn outside it.
#[test]
fn drawing_scales_with_the_device() {
    for figure in FigureId::all() {
        let report = report_for(figure);
        for scale in [1.0, 1.25, 2.0, 3.0] {
            let request = Request {
                scale,
                ..request(figure, Theme::Light, 632.0)
            };
            let mut out = String::new();
            let whole = |height: f64| ((632.0 * scale).round(), (height * scale).round());
            let drawn = draw(
                &report,
                &request,
                |height| {
                    SVGBackend::with_string(&mut out, (whole(height).0 as u32, whole(height).1 as u32))
                        .into_drawing_area()
                },
                None,
            );
            let size = whole(drawn.expect("a string takes everything"));
            for (x, y, words, _) in texts(&out) {
                let (x, y) = (x * 10.0, y * 10.0);
                assert!(
                    x >= -3.0 * scale && x <= size.0 && y >= 0.0 && y <= size.1,
                    "{figure:?} at {scale}: {words} at {x}, {y} of {size:?}"
                );
            }
        }
    }
}

#[test]
fn odd_requests_are_drawn_too() {
    for figure in FigureId::all() {
        let report = report_for(figure);
        let plain = request(figure, Theme::Dark, 944.0);
        for odd in [
            Request {
                width: f64::NAN,
                ..plain.clone()
            },
            Request {
                width: -4.0,
                scale: f64::INFINITY,
                ..plain.clone()
            },
            Request {
                model: Some(99),
                matrix: Some("nothing".into()),
                ..plain.clone()
            },
            Request {
                top: 0,
                planned: u32::MAX,
                running: true,
                ..plain.clone()
            },
            Request {
                thumbnail: true,
                width: 4.0,
                top: 99,
                ..plain.clone()
            },
        ] {
            assert!(svg(&report, &odd).trim_end().ends_with("</svg>"), "{odd:?}");
            step(&report, &odd, 1, 1);
        }
    }
}

#[test]
fn models_of_one_rank_differ_in_colour_and_name() {
    let mut report = report_of(&[None, Some(8), Some(8), Some(64)], 1, &TYPES[..1]);
    report.models[1].label = "first".into();
    report.models[2].label = "second".into();
    let tokens: Vec<String> = series(&report.models).into_iter().map(|s| s.token).collect();
    assert_eq!(tokens, ["full", "lora-1", "lora-4", "lora-7"]);
    assert_eq!(labels(&report.models), ["Full", "first", "second", "LoRA r = 64"]);
}

/// Not a test of anything but speed: `cargo test --test all -- --ignored --nocapture redraw`.
#[test]
#[ignore = "prints timings"]
fn redraw_times() {
    let llama: Vec<(&str, u32, u32)> = ["q", "k", "v", "o", "gate", "up", "down"]
        .map(|t| (t, 4096, 4096))
        .to_vec();
    let five = [None, Some(1), Some(8), Some(64), Some(256)];
    let eight = [None, Some(1), Some(2), Some(4), Some(8), Some(16), Some(64), Some(256)];
    for (name, report, planned) in [
        ("36 x 5", report_of(&five, 6, &TYPES), 36),
        ("224 x 8", report_of(&eight, 32, &llama), 224),
    ] {
        for figure in FigureId::all() {
            let request = Request {
                planned,
                matrix: None,
                ..request(figure, Theme::Light, 944.0)
            };
            let start = std::time::Instant::now();
            for _ in 0..20 {
                svg(&report, &request);
            }
            let whole = start.elapsed() / 20;
            let start = std::time::Instant::now();
            for _ in 0..20 {
                hover(&report, &request, 300.0, 150.0);
            }
            println!("{name} {figure:?}: draw {whole:?}, hover {:?}", start.elapsed() / 20);
        }
    }
}

/// Drawings to look at, too many to store: `FIGURE_GALLERY=/tmp/gallery cargo test --test all -- --ignored gallery`.
#[test]
#[ignore = "writes files"]
fn gallery() {
    let Some(folder) = std::env::var_os("FIGURE_GALLERY").map(PathBuf::from) else {
        return;
    };
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let put = |name: String, report: &Report, request: &Request| {
        std::fs::write(folder.join(name + ".svg"), svg(report, request)).expect("written")
    };
    for figure in FigureId::all() {
        for width in [200.0, 343.0, 460.0, 632.0, 944.0] {
            put(
                format!("stored-{figure:?}-{width}"),
                &report_for(figure),
                &request(figure, Theme::Light, width),
            );
        }
        for (name, report) in odd_reports() {
            let request = Request {
                matrix: None,
                model: None,
                ..request(figure, Theme::Light, 632.0)
            };
            put(format!("odd-{}-{figure:?}", name.replace(' ', "-")), &report, &request);
        }
        let llama: Vec<(&str, u32, u32)> = ["q", "k", "v", "o", "gate", "up", "down"]
            .map(|t| (t, 4096, 4096))
            .to_vec();
        let ranks = [None, Some(1), Some(2), Some(4), Some(8), Some(16), Some(64), Some(256)];
        let big = Request {
            matrix: None,
            model: Some(3),
            planned: 224,
            ..request(figure, Theme::Light, 944.0)
        };
        put(format!("llama-{figure:?}"), &report_of(&ranks, 32, &llama), &big);
        let mut part = stored();
        part.models.iter_mut().for_each(|m| m.matrices.truncate(21));
        let focus = Some(Focus {
            matrix: Some("encoder.layer.1.v.weight".into()),
            epsilon: Some(0.8),
            ..Focus::default()
        });
        let matrix = Some("encoder.layer.2.q.weight".into());
        let running = Request {
            running: true,
            focus,
            matrix,
            ..request(figure, Theme::Light, 944.0)
        };
        put(format!("running-{figure:?}"), &part, &running);
        let deep = Request {
            matrix: None,
            planned: 560,
            ..request(figure, Theme::Light, 944.0)
        };
        put(format!("deep-{figure:?}"), &report_of(&ranks, 80, &llama), &deep);
        let series = Request {
            matrix: None,
            model: None,
            planned: 1,
            ..request(figure, Theme::Light, 944.0)
        };
        put(format!("run-{figure:?}"), &run::run(), &series);
        put(
            format!("run-{figure:?}-343"),
            &run::run(),
            &Request { width: 343.0, ..series },
        );
        let lora = report_of(&[Some(8), Some(16)], 6, &TYPES);
        put(
            format!("lora-only-{figure:?}"),
            &lora,
            &request(figure, Theme::Dark, 632.0),
        );
    }
}
