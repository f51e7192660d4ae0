//! Figures 1 to 3 of the paper: similarity, spectrum, scatter, one vector; their drawings and their numbers.

use super::golden::{check, in_one_face};
use super::stored::*;
use lorascope::figures::{Cell, FigureId, Focus, Raster, Readout, Request, Theme, alt, draw, hover, step, svg};
use lorascope::report::*;
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use std::cell::RefCell;

const LINES: [&str; 3] = ["spectrum", "sigma-vs-cosine", "vector"];

/// Only the leading vectors, with intervals: one below epsilon, one across it.
fn certified() -> Report {
    let mut report = report_of(&[Some(8)], 3, &TYPES[..1]);
    let m = &mut report.models[0].matrices[2];
    m.mode = Some(Mode::Certified);
    let left = m.left.as_mut().expect("analyzed");
    left.max_cos.truncate(12);
    left.argmax.truncate(12);
    m.sigma_base.truncate(12);
    m.sigma_tuned.truncate(12);
    left.max_cos_upper = Some(left.max_cos.iter().map(|c| (c + 0.25 * (1.0 - c)).min(1.0)).collect());
    (left.max_cos[0], left.max_cos[5], left.vectors) = (0.2, 0.45, None);
    report
}

/// The stored matrix with every vector against every other, mostly on a worn diagonal.
fn large() -> Report {
    let mut report = report_of(&[Some(8)], 3, &TYPES[..1]);
    let (n, mut rng) = (384usize, Lcg(11));
    let mut values = vec![0.0f32; n * n];
    for i in 0..n {
        values[i * n + i] = (1.0 - 0.6 * i as f64 / n as f64) as f32;
        if i + 1 < n && i % 3 == 0 {
            values[i * n + i + 1] = (0.5 * rng.next()) as f32;
        }
    }
    let left = report.models[0].matrices[2].left.as_mut().expect("analyzed");
    left.vectors = Some(Similarity {
        rows: n as u32,
        cols: n as u32,
        values,
    });
    report
}

fn one_model(figure: FigureId, theme: Theme, width: f64) -> Request {
    Request {
        model: Some(0),
        ..request(figure, theme, width)
    }
}

#[test]
fn goldens_of_special_reports() {
    for figure in LINES.map(named) {
        let name = figure.kind().id.replace('-', "");
        check(
            &format!("{name}-certified"),
            &certified(),
            &one_model(figure, Theme::Light, 632.0),
        );
    }
    let crossed = |figure| Request {
        focus: Some(Focus {
            j: Some(7),
            ..Focus::default()
        }),
        ..request(figure, Theme::Light, 460.0)
    };
    check("spectrum-460-crosshair", &stored(), &crossed(named("spectrum")));
    check(
        "sigmavscosine-460-crosshair",
        &stored(),
        &crossed(named("sigma-vs-cosine")),
    );
    check("vector-460-crosshair", &stored(), &crossed(named("vector")));
    let alone = Request {
        matrix: None,
        ..one_model(named("vector"), Theme::Light, 632.0)
    };
    let mut one = report_of(&[Some(8)], 1, &[("q", 1, 1)]);
    let m = &mut one.models[0].matrices[0];
    m.left = Some(Match {
        max_cos: vec![0.2],
        argmax: vec![0],
        ..Match::default()
    });
    m.similarity = Some(Similarity {
        rows: 1,
        cols: 1,
        values: vec![0.2],
    });
    check("vector-one", &one, &alone);
    let far = Request {
        top: 32,
        origin: Cell { i: 100, j: 90 },
        ..one_model(named("similarity"), Theme::Light, 632.0)
    };
    check("similarity-zoomed", &large(), &far);
    let mut right = large();
    let m = &mut right.models[0].matrices[2];
    m.right = m.left.clone();
    let mut tall = Request {
        top: 100,
        origin: Cell { i: 20, j: 0 },
        ..one_model(named("similarity"), Theme::Light, 632.0)
    };
    tall.settings.side = Side::Right;
    check("similarity-right-raster", &right, &tall);
    check(
        "similarity-raster",
        &large(),
        &Request {
            top: 384,
            ..one_model(named("similarity"), Theme::Dark, 343.0)
        },
    );
}

fn at(report: &Report, request: &Request, j: u32) -> Readout {
    let focus = Some(Focus {
        j: Some(j),
        ..Focus::default()
    });
    step(
        report,
        &Request {
            focus,
            ..request.clone()
        },
        0,
        0,
    )
    .expect("a card")
}

fn value<'a>(read: &'a Readout, name: &str) -> &'a str {
    &read
        .lines
        .iter()
        .find(|l| l.0 == name)
        .unwrap_or_else(|| panic!("no {name} in {:?}", read.lines))
        .1
}

#[test]
fn the_cards_hold_the_numbers_of_the_report() {
    let report = stored();
    let m = &report.models[2].matrices[12];
    let left = m.left.as_ref().expect("analyzed");
    for j in [0, 3, 7, 20, 31] {
        let read = at(&report, &request(named("spectrum"), Theme::Light, 632.0), j as u32);
        assert_eq!(value(&read, "σ before"), format!("{:.2}", m.sigma_base[j]));
        assert_eq!(value(&read, "σ after"), format!("{:.2}", m.sigma_tuned[j]));
        assert_eq!(
            value(&read, "moved by"),
            format!("+{:.1} %", 100.0 * (m.sigma_tuned[j] / m.sigma_base[j] - 1.0))
        );
        let best = format!("{:.2} at i = {}", left.max_cos[j], left.argmax[j] + 1);
        for figure in [named("spectrum"), named("sigma-vs-cosine"), named("similarity")] {
            let read = at(&report, &request(figure, Theme::Light, 632.0), j as u32);
            assert_eq!(
                (value(&read, "best match c"), read.focus.j),
                (best.as_str(), Some(j as u32)),
                "{figure:?}"
            );
        }
    }
}

#[test]
fn one_vector_is_read_at_every_pre_trained_one() {
    let report = stored();
    let vectors = report.models[2].matrices[12]
        .left
        .as_ref()
        .and_then(|l| l.vectors.as_ref())
        .expect("stored");
    let request = Request {
        vector: Some(7),
        ..request(named("vector"), Theme::Light, 944.0)
    };
    for i in [0, 5, 200, 383] {
        let focus = Some(Focus {
            j: Some(7),
            i: Some(i),
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
        .expect("a card");
        assert_eq!(
            value(&read, "|cos|"),
            format!("{:.2}", vectors.values[(i * vectors.cols + 7) as usize])
        );
        assert_eq!(
            hover(&report, &request, read.x, read.y).expect("a card").focus.i,
            Some(i)
        );
    }
    assert!(
        alt(&report, &request).contains("j = 8: intruder"),
        "{}",
        alt(&report, &request)
    );
    let drawn = svg(
        &report,
        &Request {
            vector: Some(35),
            ..request
        },
    );
    assert!(drawn.contains("is not computed."), "column 36 of 32");
}

#[test]
fn what_is_open_is_said_to_be() {
    let (report, request) = (certified(), one_model(named("sigma-vs-cosine"), Theme::Light, 632.0));
    let read = at(&report, &request, 5);
    assert_eq!(
        (value(&read, "best match c"), value(&read, "below ε")),
        ("0.45 to 0.78", "undecided")
    );
    assert_eq!(value(&at(&report, &request, 0), "below ε"), "yes: intruder");
}

/// With signs asked for, counts and cards follow them; without signs in the report there is no score.
#[test]
fn signs_decide_where_they_are_asked_for() {
    let mut report = stored();
    let m = &mut report.models[2].matrices[12];
    let left = m.left.as_mut().expect("analyzed");
    left.signed_cos = Some(
        left.max_cos
            .iter()
            .enumerate()
            .map(|(j, c)| if j == 1 { -0.25 } else { *c })
            .collect(),
    );
    for figure in [named("similarity"), named("sigma-vs-cosine"), named("spectrum")] {
        let mut request = request(figure, Theme::Light, 632.0);
        assert_eq!(value(&at(&report, &request, 1), "below ε"), "no");
        request.settings.cosine = Cosine::Signed;
        let read = at(&report, &request, 1);
        assert_eq!(
            (value(&read, "best match c"), value(&read, "below ε")),
            ("\u{2212}0.25", "yes: intruder"),
            "{figure:?}"
        );
        assert!(in_one_face(&svg(&report, &request)).contains("j = 2") || figure == named("similarity"));
        request.model = Some(1);
        let read = step(&report, &request, 0, 0);
        assert!(
            read.is_none_or(|r| r.lines.iter().all(|l| l.0 != "best match c")),
            "{figure:?}: no signs, no score"
        );
    }
    check("sigmavscosine-signed", &report, &{
        let mut request = request(named("sigma-vs-cosine"), Theme::Dark, 632.0);
        request.settings.cosine = Cosine::Signed;
        request
    });
}

#[test]
fn the_map_follows_its_side_and_its_window() {
    let mut report = large();
    let corner = Similarity {
        rows: 4,
        cols: 4,
        values: (0..16).map(|n| n as f32 / 20.0).collect(),
    };
    let best = Match {
        max_cos: vec![0.9; 4],
        argmax: vec![3; 4],
        vectors: Some(corner),
        ..Match::default()
    };
    report.models[0].matrices[2].right = Some(best);
    let read = |side: Side, origin: Cell, x: f64, y: f64| {
        let mut request = Request {
            origin,
            ..one_model(named("similarity"), Theme::Light, 632.0)
        };
        request.settings.side = side;
        hover(&report, &request, x, y).expect("a cell")
    };
    let right = read(Side::Right, Cell::default(), 55.0, 45.0);
    assert_eq!((value(&right, "|cos| at i = 1"), right.focus.j), ("0.00", Some(0)));
    let far = read(Side::Left, Cell { i: 100, j: 100 }, 55.0, 45.0);
    assert_eq!(
        (far.focus.i, far.focus.j, far.title.as_str()),
        (Some(100), Some(100), "j = 101, LoRA r = 8")
    );
    // Past the end the last window is shown.
    let last = read(Side::Both, Cell { i: 9999, j: 9999 }, 55.0, 45.0);
    assert_eq!((last.focus.i, last.focus.j), (Some(352), Some(352)));
    let request = Request {
        origin: Cell { i: 100, j: 100 },
        ..one_model(named("similarity"), Theme::Light, 632.0)
    };
    let edge = step(
        &report,
        &Request {
            focus: Some(far.focus),
            ..request
        },
        i32::MAX,
        i32::MIN,
    )
    .expect("a cell");
    assert_eq!((edge.focus.i, edge.focus.j), (Some(100), Some(131)));
}

/// The blit of a map gives its pixels where the plot is, at any device pixel ratio.
#[test]
fn a_large_map_is_put_as_pixels() {
    let report = large();
    for scale in [1.0, 1.5, 2.0] {
        let request = Request {
            top: 384,
            scale,
            ..one_model(named("similarity"), Theme::Light, 632.0)
        };
        let (mut out, got) = (String::new(), RefCell::new(Vec::new()));
        let area =
            SVGBackend::with_string(&mut out, ((632.0 * scale) as u32, (800.0 * scale) as u32)).into_drawing_area();
        let blit = |r: &Raster| got.borrow_mut().push(r.clone());
        draw(&report, &request, |_| area, Some(&blit)).expect("a string takes everything");
        let got = got.into_inner();
        assert_eq!(got.len(), 1);
        let r = &got[0];
        assert_eq!(r.rgba.len(), (4 * r.width * r.height) as usize);
        assert!(f64::from(r.x + r.width) <= 632.0 * scale && r.width == r.height && f64::from(r.width) > 400.0 * scale);
        let pixel = |x: u32, y: u32| &r.rgba[(4 * (y * r.width + x)) as usize..][..4];
        assert!(
            (0..r.width).all(|p| pixel(p, p) != [255, 255, 255, 255]),
            "the diagonal is unbroken at {scale}"
        );
        assert_eq!(pixel(r.width - 1, 0), [255, 255, 255, 255]);
    }
    assert!(
        svg(
            &report,
            &Request {
                top: 384,
                ..one_model(named("similarity"), Theme::Light, 632.0)
            }
        )
        .contains("<image ")
    );
}

/// Not a test of anything but speed: `cargo test --test all -- --ignored --nocapture large_times`.
#[test]
#[ignore = "prints timings"]
fn large_times() {
    let n = 4096usize;
    let mut report = report_of(&[Some(8)], 3, &[("q", 4096, 4096)]);
    let mut rng = Lcg(5);
    let m = &mut report.models[0].matrices[2];
    m.sigma_tuned = (0..n).map(|j| 9.0 / (1.0 + 0.01 * j as f32)).collect();
    m.sigma_base = m.sigma_tuned.clone();
    let vectors = Similarity {
        rows: n as u32,
        cols: n as u32,
        values: (0..n * n).map(|_| 0.06 * rng.next() as f32).collect(),
    };
    let max_cos = (0..n).map(|_| rng.next() as f32).collect();
    m.left = Some(Match {
        max_cos,
        argmax: vec![0; n],
        vectors: Some(vectors),
        ..Match::default()
    });
    for figure in [
        named("similarity"),
        named("spectrum"),
        named("sigma-vs-cosine"),
        named("vector"),
    ] {
        let request = Request {
            top: 8192,
            scale: 2.0,
            ..one_model(figure, Theme::Light, 944.0)
        };
        let mut out = String::new();
        let area = SVGBackend::with_string(&mut out, (1888, 2000)).into_drawing_area();
        let start = std::time::Instant::now();
        let blitted = RefCell::new(None);
        draw(
            &report,
            &request,
            |_| area,
            Some(&|_: &Raster| *blitted.borrow_mut() = Some(start.elapsed())),
        )
        .expect("a string takes everything");
        if let Some(time) = blitted.into_inner() {
            println!("pixels after {time:?}");
        }
        println!("{figure:?}: {:?}, {} kB", start.elapsed(), out.len() / 1000);
    }
}
