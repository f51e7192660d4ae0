//! The curves over k and over training, and the overview: stored drawings and numbers.

use super::golden::check;
use super::run::{STEPS, run, untraced};
use super::stored::*;
use lorascope::figures::{Focus, Readout, Request, Theme, hover, step, svg};
use lorascope::report::*;
use lorascope::series::{labels, type_label};
use lorascope::summary::{Findings, summary};

const EIGHT: [Option<u32>; 8] = [None, Some(1), Some(2), Some(4), Some(8), Some(16), Some(64), Some(256)];

/// The leading vectors of every matrix, as a certified run gives them.
fn leading(mut report: Report) -> Report {
    for left in report
        .models
        .iter_mut()
        .flat_map(|m| &mut m.matrices)
        .filter_map(|m| m.left.as_mut())
    {
        left.max_cos.truncate(40);
        left.argmax.truncate(40);
    }
    report
}

/// All n vectors of every matrix, as an exact run gives them: deep vectors lie so close that a change mixes them.
fn whole(report: Report) -> Report {
    let (mut report, mut rng) = (leading(report), Lcg(11));
    for model in &mut report.models {
        let (start, steepness) = match model.rank {
            None => (24.0, 0.55),
            Some(1) => (60.0, 0.03),
            Some(8) => (30.0, 0.5),
            Some(_) => (12.0, 0.9),
        };
        for matrix in &mut model.matrices {
            let n = matrix.rows.min(matrix.cols) as usize;
            let Some(left) = &mut matrix.left else { continue };
            for j in left.max_cos.len()..n {
                let mixed = steepness * (1.0 - (-(j as f64 - start).max(0.0) / 80.0).exp());
                left.max_cos.push(if rng.next() < mixed {
                    0.2 + 0.29 * rng.next()
                } else {
                    0.55 + 0.4 * rng.next()
                } as f32);
                left.argmax.push(j as u32);
            }
        }
    }
    report
}

fn llama() -> Report {
    let types: Vec<(&str, u32, u32)> = vec![
        ("q", 4096, 4096),
        ("k", 1024, 4096),
        ("v", 1024, 4096),
        ("o", 4096, 4096),
        ("gate", 14336, 4096),
        ("up", 14336, 4096),
        ("down", 4096, 14336),
    ];
    report_of(&EIGHT, 32, &types)
}

/// A report as the certified mode leaves it: bounds, and matrices of odd kinds.
fn odd_cells() -> Report {
    let mut report = report_of(&[Some(8), Some(64)], 3, &TYPES);
    for (n, matrix) in report.models[0].matrices.iter_mut().enumerate() {
        let Some(left) = &mut matrix.left else { continue };
        if n % 3 == 0 {
            left.max_cos_upper = Some(
                left.max_cos
                    .iter()
                    .enumerate()
                    .map(|(j, c)| if j % 4 == 1 { 0.9f32.max(*c) } else { *c })
                    .collect(),
            );
            left.max_cos[1] = 0.4;
        }
    }
    let mut rng = Lcg(2);
    for expert in 0..4 {
        let mut made = matrix(&mut rng, 1, ("experts", 384, 384), Some(8));
        made.name = format!("encoder.layer.1.experts.{expert}.weight");
        report.models[0].matrices.push(made);
    }
    become_status(
        &mut report.models[0].matrices[19],
        Status::Failed,
        Some("3 of 147,456 values are NaN."),
    );
    let mut loose = matrix(&mut rng, 0, ("q", 384, 384), Some(8));
    (loose.name, loose.layer, loose.kind) = ("projector.weight".into(), None, None);
    report.models[1].matrices.push(loose);
    become_status(&mut report.models[1].matrices[4], Status::Skipped, Some("left out"));
    report
}

#[test]
fn goldens_of_the_curves() {
    let report = whole(stored());
    let k = |theme, width| request(named("k-curve"), theme, width);
    check("kcurve-whole-944-light", &report, &k(Theme::Light, 944.0));
    check("kcurve-whole-343-dark", &report, &k(Theme::Dark, 343.0));
    check(
        "kcurve-share",
        &report,
        &Request {
            fraction: true,
            ..k(Theme::Light, 944.0)
        },
    );
    let crossed = Focus {
        k: Some(100),
        ..Focus::default()
    };
    check(
        "kcurve-460-crosshair",
        &report,
        &Request {
            focus: Some(crossed),
            ..k(Theme::Light, 460.0)
        },
    );

    let overview = |theme, width| Request {
        planned: 224,
        ..request(named("overview"), theme, width)
    };
    check("overview-224x8", &llama(), &overview(Theme::Light, 944.0));
    check("overview-224x8-343", &llama(), &overview(Theme::Dark, 343.0));
    let focus = Focus {
        matrix: Some("encoder.layer.1.v.weight".into()),
        model: Some(1),
        ..Focus::default()
    };
    let matrix = Some("encoder.layer.2.q.weight".to_owned());
    check(
        "overview-odd-cells",
        &odd_cells(),
        &Request {
            focus: Some(focus),
            matrix,
            ..overview(Theme::Light, 944.0)
        },
    );

    let series = |theme, width| request(named("evolution"), theme, width);
    check(
        "evolution-until",
        &run(),
        &Request {
            until: Some(1700),
            ..series(Theme::Light, 608.0)
        },
    );
    check("evolution-untraced", &untraced(), &series(Theme::Light, 608.0));

    let adapters = |theme, width| Request {
        adapters_only: true,
        ..request(named("effective-rank"), theme, width)
    };
    check("effectiverank-adapters", &stored(), &adapters(Theme::Light, 944.0));
    check("effectiverank-adapters-343", &stored(), &adapters(Theme::Dark, 343.0));
    check(
        "epsiloncurve-run",
        &run(),
        &Request {
            planned: 1,
            ..request(named("epsilon-curve"), Theme::Light, 944.0)
        },
    );
    check(
        "kcurve-run",
        &run(),
        &Request {
            planned: 1,
            ..request(named("k-curve"), Theme::Light, 944.0)
        },
    );
}

fn below(matrix: &Matrix, k: usize, epsilon: f64) -> usize {
    matrix.left.as_ref().map_or(0, |l| {
        l.max_cos.iter().take(k).filter(|c| f64::from(**c) < epsilon).count()
    })
}

#[test]
fn the_k_curve_counts_by_the_definition() {
    let report = whole(stored());
    for epsilon in [0.3, 0.5, 0.97] {
        let mut request = request(named("k-curve"), Theme::Light, 944.0);
        request.settings.epsilon = epsilon;
        for k in [1, 10, 50, 384] {
            let request = Request {
                focus: Some(Focus {
                    k: Some(k),
                    ..Focus::default()
                }),
                ..request.clone()
            };
            let read = step(&report, &request, 0, 0).expect("a reading");
            assert_eq!(read.focus.k, Some(k));
            for (model, label) in report.models.iter().zip(labels(&report.models)) {
                let n: usize = model.matrices.iter().map(|m| below(m, k as usize, epsilon)).sum();
                let found = read.lines.iter().find(|l| l.0 == label).map(|l| l.1.replace(',', ""));
                assert_eq!(found, Some(n.to_string()), "{label} at {k}, {epsilon}");
            }
        }
    }
}

#[test]
fn a_share_looks_at_the_same_part_of_every_matrix() {
    let mut report = whole(report_of(&[Some(8)], 1, &[("q", 400, 400), ("k", 100, 400)]));
    let request = Request {
        fraction: true,
        focus: Some(Focus {
            k: Some(100),
            ..Focus::default()
        }),
        ..request(named("k-curve"), Theme::Light, 944.0)
    };
    let read = step(&report, &request, 0, 0).expect("a reading");
    let found = below(&report.models[0].matrices[0], 100, 0.5) + below(&report.models[0].matrices[1], 25, 0.5);
    let share = 100.0 * found as f64 / 125.0;
    assert_eq!(read.lines, [("LoRA r = 8".to_owned(), format!("{share:.1} %"))]);
    assert!(read.title.starts_with("k = 25 % of n"), "{}", read.title);
    // Half of the smaller matrix is known: no more than half of either is looked at.
    report.models[0].matrices[1]
        .left
        .as_mut()
        .expect("analyzed")
        .max_cos
        .truncate(50);
    let beyond = Request {
        focus: Some(Focus {
            k: Some(300),
            ..Focus::default()
        }),
        ..request
    };
    assert!(
        step(&report, &beyond, 0, 0).expect("a reading").lines[0]
            .1
            .starts_with("beyond the 5")
    );
}

#[test]
fn a_line_ends_where_the_first_matrix_runs_out() {
    let mut report = whole(stored());
    report.models[1].matrices[4]
        .left
        .as_mut()
        .expect("analyzed")
        .max_cos
        .truncate(26);
    let at = |k| {
        let request = Request {
            focus: Some(Focus {
                k: Some(k),
                ..Focus::default()
            }),
            ..request(named("k-curve"), Theme::Light, 944.0)
        };
        let read = step(&report, &request, 0, 0).expect("a reading");
        read.lines.into_iter().find(|l| l.0 == "LoRA r = 1").map(|l| l.1)
    };
    assert_eq!(at(27).as_deref(), Some("beyond the 26 vectors computed"));
    assert!(at(26).is_some_and(|n| n.parse::<u32>().is_ok()));
}

#[test]
fn the_overview_counts_by_the_definition() {
    let report = stored();
    let names = labels(&report.models);
    for (n, model) in report.models.iter().enumerate() {
        for matrix in &model.matrices {
            let focus = Focus {
                matrix: Some(matrix.name.clone()),
                model: Some(n as u32),
                ..Focus::default()
            };
            let request = Request {
                focus: Some(focus.clone()),
                ..request(named("overview"), Theme::Light, 944.0)
            };
            let read = step(&report, &request, 0, 0).expect("a cell");
            assert_eq!(read.focus, focus);
            assert_eq!(hover(&report, &request, read.x, read.y).map(|r| r.focus), Some(focus));
            assert_eq!(
                read.title,
                format!(
                    "layer {}, {}",
                    matrix.layer.unwrap_or(0),
                    type_label(matrix.kind.as_deref())
                )
            );
            assert_eq!(read.lines[0].1, names[n]);
            let wanted = match matrix.status {
                Status::Analyzed => ("intruders".to_owned(), below(matrix, 10, 0.5).to_string()),
                Status::Unchanged => ("intruders".into(), "0: unchanged".into()),
                _ => ("failed".into(), "3 of 147,456 values are NaN.".into()),
            };
            assert_eq!(read.lines[1], wanted);
        }
        let total: usize = model.matrices.iter().map(|m| below(m, 10, 0.5)).sum();
        let drawn = svg(&report, &request(named("overview"), Theme::Light, 944.0));
        assert!(total == 0 || drawn.contains(&format!("\n{total} in ")), "{total}");
    }
}

#[test]
fn several_matrices_of_a_cell_add_up_and_open_verdicts_are_said() {
    let report = odd_cells();
    let read = |matrix: &str, model| {
        let focus = Some(Focus {
            matrix: Some(matrix.into()),
            model: Some(model),
            ..Focus::default()
        });
        step(
            &report,
            &Request {
                focus,
                ..request(named("overview"), Theme::Light, 944.0)
            },
            0,
            0,
        )
        .expect("a cell")
    };
    let line = |read: &Readout, name: &str| read.lines.iter().find(|l| l.0 == name).map(|l| l.1.clone());
    let experts = read("encoder.layer.1.experts.2.weight", 0);
    assert_eq!(line(&experts, "matrices").as_deref(), Some("4, 1 failed"));
    let sum: usize = report.models[0].matrices[18..].iter().map(|m| below(m, 10, 0.5)).sum();
    assert_eq!(line(&experts, "intruders"), Some(sum.to_string()));
    let open = line(&read("encoder.layer.0.q.weight", 0), "intruders").expect("a count");
    assert!(open.ends_with(" undecided"), "{open}");
    // The other model has no experts, and one matrix without a place.
    assert_eq!(
        line(&read("encoder.layer.1.experts.2.weight", 1), "intruders").as_deref(),
        Some("– not computed")
    );
    assert_eq!(read("projector.weight", 1).title, "projector.weight");
}

/// Walks from the last checkpoint backwards along the line of a vector.
fn walk(report: &Report, j: u32) -> Vec<Readout> {
    let last = report
        .models
        .iter()
        .position(|m| m.label == "checkpoint-4000")
        .expect("the last checkpoint") as u32;
    let matrix = Some("encoder.layer.2.q.weight".to_owned());
    let mut request = request(named("evolution"), Theme::Light, 608.0);
    request.focus = Some(Focus {
        matrix,
        model: Some(last),
        j: Some(j),
        ..Focus::default()
    });
    let mut seen = vec![step(report, &request, 0, 0).expect("a vector of the last checkpoint")];
    loop {
        request.focus = seen.last().map(|r| r.focus.clone());
        let next = step(report, &request, -1, 0).expect("a step");
        if request.focus.as_ref() == Some(&next.focus) {
            return seen;
        }
        seen.push(next);
    }
}

#[test]
fn a_vector_is_followed_through_crossings_to_its_birth() {
    let report = run();
    // Born at step 750, it passed all others on its way to the top.
    let first: Vec<String> = walk(&report, 0).into_iter().map(|r| r.title).collect();
    assert_eq!(first.len(), 6);
    assert_eq!(
        (first[0].as_str(), first[5].as_str()),
        ("step 4,000, j = 1", "step 750, j = 4")
    );
    // A vector of the base goes back to the base.
    let second: Vec<String> = walk(&report, 1).into_iter().map(|r| r.title).collect();
    assert_eq!(second.len(), STEPS.len() + 1);
    assert_eq!(
        (second[0].as_str(), second[8].as_str()),
        ("step 4,000, j = 2", "step 0, pre-trained, i = 1")
    );
    assert_eq!(second[7], "step 250, j = 1");
}

#[test]
fn an_evolution_is_of_one_run_and_stops_at_the_play_head() {
    let report = run();
    let request = request(named("evolution"), Theme::Light, 608.0);
    let ends = |request: &Request| step(&report, request, 0, 0).map(|r| r.title);
    assert_eq!(ends(&request).as_deref(), Some("step 4,000, j = 1"));
    assert_eq!(
        ends(&Request {
            until: Some(1999),
            ..request.clone()
        })
        .as_deref(),
        Some("step 1,500, j = 3")
    );
    assert_eq!(
        ends(&Request {
            until: Some(10),
            ..request.clone()
        }),
        None
    );
    // The last model is of no run.
    assert!(
        svg(
            &report,
            &Request {
                model: Some(8),
                ..request.clone()
            }
        )
        .contains("No series of checkpoints")
    );
    assert!(svg(&untraced(), &request).contains("Vectors are not traced"));
    let mut one = report.clone();
    one.models.retain(|m| m.label == "checkpoint-500");
    assert!(svg(&one, &request).contains("One checkpoint only: a series shows how intruders form."));
}

#[test]
fn adapters_alone_have_an_axis_of_their_own() {
    let request = Request {
        adapters_only: true,
        ..request(named("effective-rank"), Theme::Light, 944.0)
    };
    let drawn = svg(&stored(), &request);
    assert!(
        !drawn.contains("\nFull\n") && drawn.contains("\nLoRA r = 64\n"),
        "full fine-tunes are left out"
    );
    let read = step(&stored(), &request, 0, 0).expect("a mark");
    assert_eq!(
        (read.focus.model, read.lines[0].1.as_str()),
        (Some(3), "LoRA r = 64"),
        "models keep their numbers"
    );
    let full = report_of(&[None], 2, &TYPES);
    assert!(svg(&full, &request).contains("No matrix of an adapter was analyzed."));
}

#[test]
fn the_sentences_beside_them_say_what_is_counted() {
    let (report, settings) = (whole(stored()), Settings::default());
    let said = |report: &Report, id: &str| summary(report, &settings).findings.get(id).cloned().unwrap_or_default();
    let beyond = said(&report, "k-curve");
    let all = |model: &Model| model.matrices.iter().map(|m| below(m, usize::MAX, 0.5)).sum::<usize>();
    let full = count_words(all(&report.models[0]));
    assert!(
        beyond.starts_with("Past the top ")
            && beyond.contains(&format!("full fine-tuning has candidates too: {full} of 13,824")),
        "{beyond}"
    );
    // Nothing is said of vectors that were not computed.
    assert_eq!(said(&leading(stored()), "k-curve"), "");

    let mut two = report_of(&[Some(8)], 6, &TYPES[..3]);
    for (n, matrix) in two.models[0].matrices.iter_mut().enumerate() {
        matrix.left.as_mut().expect("analyzed").max_cos = if n % 3 == 0 { vec![0.1, 0.9] } else { vec![0.9, 0.9] };
    }
    assert_eq!(said(&two, "overview"), "In LoRA r = 8, query matrices hold all 6.");
    two.models[0].matrices[1].left.as_mut().expect("analyzed").max_cos[0] = 0.2;
    assert_eq!(said(&two, "overview"), "In LoRA r = 8, query matrices hold 6 of the 7.");
    assert_eq!(said(&report_of(&[None], 2, &TYPES), "overview"), "");
    assert_eq!(
        summary(&report_of(&[], 0, &[]), &settings).findings,
        Findings::default()
    );
}

/// 5618 -> "5,618", for numbers below a million.
#[test]
fn three_hundred_models_are_drawn_in_whole_lines_and_listed_as_far_as_a_reader_reads() {
    let mut report = stored();
    let one = report.models[1].clone();
    let one_of = |n| Model {
        label: format!("run {n}"),
        ..one.clone()
    };
    report.models = (0..300).map(one_of).collect();
    for (figure, tallest) in [
        (named("epsilon-curve"), 400.0),
        (named("k-curve"), 1300.0),
        (named("effective-rank"), 1500.0),
    ] {
        let drawn = svg(&report, &request(figure, Theme::Light, 944.0));
        let height: f64 = drawn
            .split_once(" height=\"")
            .unwrap()
            .1
            .split_once('"')
            .unwrap()
            .0
            .parse()
            .unwrap();
        assert!(height < tallest, "{figure:?}: {height}");
        if figure.kind().id != "effective-rank" {
            let lines = drawn.matches("<polyline").count();
            assert!((300..400).contains(&lines), "{figure:?}: {lines} lines");
        }
    }
}

fn count_words(n: usize) -> String {
    if n < 1000 {
        n.to_string()
    } else {
        format!("{},{:03}", n / 1000, n % 1000)
    }
}

/// Not a test of anything but speed: `cargo test --test all -- --ignored --nocapture times_of_the_curves`.
#[test]
#[ignore = "prints timings"]
fn times_of_the_curves() {
    let report = whole(llama());
    for (figure, planned) in [(named("k-curve"), 224), (named("overview"), 224)] {
        let request = Request {
            planned,
            ..request(figure, Theme::Light, 944.0)
        };
        let start = std::time::Instant::now();
        for _ in 0..5 {
            svg(&report, &request);
        }
        println!("{figure:?}: {:?}", start.elapsed() / 5);
    }
}
