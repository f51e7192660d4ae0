//! Panels: a report's own drawings of plain numbers.

use super::golden::check;
use super::stored::{named, report_of, request};
use lorascope::export;
use lorascope::figures::{Focus, Request, Theme, hover, step, svg, table};
use lorascope::report::Report;
use lorascope::report::panel::*;

fn curves() -> Panel {
    let line = |label: &str, token: &str, f: fn(f64) -> f64| Line {
        label: label.into(),
        token: token.into(),
        dashed: false,
        dots: false,
        points: (0..=40).map(|n| f64::from(n) / 20.0).map(|x| [x, f(x)]).collect(),
        deviation: vec![],
    };
    let body = Body::Curves(Curves {
        x: Range::new("strength λ, in σ₁", 0.0, 2.0),
        y: Range::new("best match c", 0.0, 1.0),
        lines: vec![
            line("j = 1", "ink", |x| 1.0 / (1.0 + (8.0 * (x - 1.0)).exp())),
            line("j = 2", "base", |x| 1.0 - 0.8 * (-20.0 * (x - 0.8).powi(2)).exp()),
        ],
        levels: vec![Level {
            label: "ε = 0.50".into(),
            at: 0.5,
        }],
        cursor: Some(1.0),
        strips: vec![Strip {
            label: "count".into(),
            counts: vec![[0.0, 0.0], [0.6, 1.0], [0.95, 0.0], [1.05, 1.0], [1.8, 3.0]],
        }],
    });
    Panel {
        name: "best-match".into(),
        title: "Best match against strength".into(),
        alt: "Two lines cross at 1.".into(),
        body,
    }
}

/// A sweep: few points with their deviations, over a logarithmic axis.
fn sweep() -> Panel {
    let line = Line {
        label: "LoRA".into(),
        token: "lora-3".into(),
        dashed: false,
        dots: true,
        points: [1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 128.0]
            .iter()
            .zip([4.0, 4.9, 3.6, 2.8, 0.6, 0.1, 0.0])
            .map(|(x, y)| [*x, y])
            .collect(),
        deviation: vec![0.0, 1.4, 1.3, 1.4, 0.8, 0.3, 0.0],
    };
    let body = Body::Curves(Curves {
        x: Range::new("rank r", 1.0, 128.0).log(),
        y: Range::new("intruders", 0.0, 7.0),
        lines: vec![line],
        levels: vec![Level {
            label: "full: 0.0".into(),
            at: 0.0,
        }],
        cursor: None,
        strips: vec![],
    });
    Panel {
        name: "sweep".into(),
        title: "Intruders against rank".into(),
        alt: "Falls from 4.0 at r = 1.".into(),
        body,
    }
}

fn bars(n: usize, signed: bool) -> Panel {
    let value =
        |i: usize| ((i * 37 + 11) % 101) as f64 / 101.0 * if signed && i.is_multiple_of(2) { -0.6 } else { 0.6 };
    let body = Body::Bars(Bars {
        x: "pre-trained vector i".into(),
        y: Range::new(
            if signed { "cos" } else { "|cos|" },
            if signed { -1.0 } else { 0.0 },
            1.0,
        ),
        values: (0..n).map(value).collect(),
        levels: vec![
            Level {
                label: "1/√n = 0.25".into(),
                at: 0.25,
            },
            Level {
                label: "random: 0.30".into(),
                at: 0.3,
            },
        ],
    });
    Panel {
        name: "bars".into(),
        title: "How alone".into(),
        alt: "Bars.".into(),
        body,
    }
}

fn arrows(space: bool) -> Panel {
    let basis = if space {
        vec![vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]]
    } else {
        vec![vec![0.8, 0.6], vec![-0.6, 0.8]]
    };
    let vector = if space {
        vec![3f64.sqrt().recip(); 3]
    } else {
        vec![0.5, 0.75f64.sqrt()]
    };
    let body = Body::Arrows(Arrows { basis, vector, best: 0 });
    Panel {
        name: "arrows".into(),
        title: "A vector among a basis".into(),
        alt: "v.".into(),
        body,
    }
}

fn maps() -> Panel {
    let map = |title: &str, f: fn(usize, usize) -> f32| Map {
        title: title.into(),
        note: "effective rank 3.1, norm 0.20".into(),
        rows: 48,
        cols: 48,
        values: (0..48 * 48).map(|at| f(at / 48, at % 48)).collect(),
    };
    let body = Body::Maps(Maps {
        maps: vec![
            map("Full", |i, j| ((i as f32 * 0.7).sin() * (j as f32 * 0.3).cos()) * 0.01),
            map(
                "LoRA r = 1",
                |i, j| if i % 2 == 0 { 0.01 } else { -0.01 } * (1.0 - j as f32 / 48.0),
            ),
        ],
        signed: true,
        limit: 0.01,
        scale: "change of each weight".into(),
    });
    Panel {
        name: "updates".into(),
        title: "The first update".into(),
        alt: "Two maps.".into(),
        body,
    }
}

fn report(panel: Panel) -> Report {
    Report {
        loss: None,
        panels: vec![panel],
        ..report_of(&[], 0, &[])
    }
}

#[test]
fn panels_look_as_stored() {
    let all = [
        ("curves", curves()),
        ("sweep", sweep()),
        ("bars", bars(16, false)),
        ("bars-many", bars(4096, true)),
        ("plane", arrows(false)),
        ("space", arrows(true)),
        ("maps", maps()),
    ];
    for (name, panel) in all {
        let report = report(panel);
        check(
            &format!("panel-{name}-760-light"),
            &report,
            &request(named("panel"), Theme::Light, 760.0),
        );
        check(
            &format!("panel-{name}-343-dark"),
            &report,
            &request(named("panel"), Theme::Dark, 343.0),
        );
    }
}

#[test]
fn every_place_can_be_reached_by_pointer_and_keys_and_is_in_the_table() {
    for panel in [curves(), sweep(), bars(16, false), arrows(false), arrows(true), maps()] {
        let report = report(panel);
        let plain = request(named("panel"), Theme::Light, 760.0);
        // Taller than any panel of this width.
        let high = 700.0;
        let found = (0..40).flat_map(|x| (0..40).map(move |y| (f64::from(x) * 19.0, f64::from(y) * high / 40.0)));
        let read = found
            .filter_map(|(x, y)| hover(&report, &plain, x, y))
            .next()
            .expect("something is under the pointer");
        assert!(!read.lines.is_empty());
        let first = step(&report, &plain, 0, 0).expect("a crosshair to begin with");
        let moved = step(
            &report,
            &Request {
                focus: Some(first.focus.clone()),
                ..plain.clone()
            },
            1,
            0,
        )
        .expect("it moves");
        assert_ne!(first.focus, moved.focus, "{}", report.panels[0].name);
        let table = table(&report, &plain);
        assert!(!table.rows.is_empty() && table.rows.iter().all(|row| row.len() == table.columns.len()));
        assert_eq!(table.title, report.panels[0].title);
    }
}

#[test]
fn a_vector_in_space_turns_toward_the_pointer() {
    let report = report(arrows(true));
    let plain = request(named("panel"), Theme::Light, 760.0);
    let read = hover(&report, &plain, 380.0, 100.0).expect("on the sphere");
    // Straight up from the middle, on the near side: toward the reader and raised.
    assert!(read.focus.up.unwrap() > 0.4 && read.focus.at.is_some());
}

#[test]
fn a_report_with_panels_is_saved_and_read_again_and_its_exports_name_the_paper() {
    let report = report(curves());
    let text = export::report(&report, &report.settings);
    assert_eq!(export::read(&text).unwrap().panels, report.panels);
    let asked = request(named("panel"), Theme::Light, 760.0);
    assert!(export::svg(&report, &asked).contains("Best match against strength"));
    assert!(export::csv(&report, &asked).contains("2410.21228"));
    assert_eq!(export::slim(&report, &asked).panels.len(), 1);
    assert_eq!(
        export::slim(&report, &request(named("epsilon-curve"), Theme::Light, 760.0))
            .panels
            .len(),
        0
    );
}

#[test]
fn hostile_panels_are_drawn_somehow() {
    let bad = [f64::NAN, f64::INFINITY, -1e308, 0.0];
    for x in bad {
        let mut panel = curves();
        if let Body::Curves(c) = &mut panel.body {
            (c.x.from, c.y.to, c.levels[0].at, c.cursor) = (x, x, x, Some(x));
            c.lines[0].points = vec![[x, x], [0.0, x]];
            c.strips[0].counts = vec![[x, x], [1.0, 1e9]];
            c.x.log = true;
        }
        let mut space = arrows(true);
        if let Body::Arrows(a) = &mut space.body {
            a.vector = vec![x];
            a.best = 99;
        }
        let mut small = maps();
        if let Body::Maps(m) = &mut small.body {
            (m.limit, m.maps[0].rows) = (x, u32::MAX);
        }
        let mut many = bars(3, true);
        if let Body::Bars(b) = &mut many.body {
            b.values = vec![x; 5];
            b.y.to = x;
        }
        for panel in [panel, space, small, many] {
            let report = report(panel);
            let asked = request(named("panel"), Theme::Dark, 200.0);
            assert!(svg(&report, &asked).starts_with("<svg"));
            let _ = (
                hover(&report, &asked, 90.0, 90.0),
                step(&report, &asked, 1, 1),
                table(&report, &asked),
            );
        }
    }
    let asked = Request {
        panel: Some("none".into()),
        focus: Some(Focus::default()),
        ..request(named("panel"), Theme::Light, 300.0)
    };
    assert!(svg(&report(curves()), &asked).contains("Not computed."));
}
