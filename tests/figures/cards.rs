//! Cards: stored drawings, and that nothing of them is cut or covered, whatever a report calls itself.

use super::golden::check_drawing;
use super::readings::gallery;
use super::{odd_reports, texts};
use lorascope::export::{CardRequest, card_page, card_svg};
use lorascope::figures::Theme;
use lorascope::report::*;

fn request(model: u32, theme: Theme) -> CardRequest {
    CardRequest {
        model,
        settings: Settings::default(),
        theme,
        planned: 0,
    }
}

/// A report whose names are as long as they may be.
fn named(name: &str) -> Report {
    let mut report = gallery("sample.json");
    report.base.label = name.into();
    report
        .models
        .iter_mut()
        .enumerate()
        .for_each(|(at, m)| m.label = format!("{name}{at}"));
    report
        .models
        .iter_mut()
        .for_each(|m| (m.kind, m.rank) = (Kind::Lora, Some(8)));
    report
}

#[test]
fn cards_are_drawn_as_stored() {
    let sample = gallery("sample.json");
    check_drawing("card-r8-light", &card_svg(&sample, &request(2, Theme::Light)).unwrap());
    check_drawing("card-r1-dark", &card_svg(&sample, &request(1, Theme::Dark)).unwrap());
    check_drawing(
        "card-full-light",
        &card_svg(&sample, &request(0, Theme::Light)).unwrap(),
    );
    let long = named(&"acme-legal-contracts_v2.lora-r16/".repeat(4)[..119]);
    check_drawing("card-long-light", &card_svg(&long, &request(2, Theme::Light)).unwrap());
}

/// A narrow sans face: what surely takes this much room.
fn least_width(words: &str, size: f64) -> f64 {
    let letter = |c: char| match c {
        'W' | 'M' | 'm' | 'w' => 0.8,
        'i' | 'l' | 'j' | '.' | ',' | ' ' | '\'' | '|' | ':' | 't' | 'f' | 'r' | '-' | '/' => 0.25,
        c if c as u32 > 0x2e80 => 1.0,
        _ => 0.5,
    };
    size * words.chars().map(letter).sum::<f64>()
}

/// Boxes of all texts in CSS pixels: left, top, right, bottom.
fn boxes(drawn: &str) -> Vec<([f64; 4], String)> {
    let tags: Vec<&str> = drawn.split("<text ").skip(1).collect();
    let all = texts(drawn);
    assert_eq!(tags.len(), all.len());
    let attribute = |tag: &str, name: &str| {
        tag.split(&format!("{name}=\""))
            .nth(1)
            .and_then(|t| t.split('"').next())
            .map(String::from)
    };
    tags.iter()
        .zip(all)
        .map(|(tag, (x, y, words, _))| {
            let size: f64 = attribute(tag, "font-size").unwrap().parse::<f64>().unwrap() / 10.0;
            let words = words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            let wide = least_width(&words, size);
            let left = if attribute(tag, "text-anchor").unwrap() == "end" {
                x - wide
            } else {
                x
            };
            ([left, y - 0.36 * size, left + wide, y + 0.36 * size], words)
        })
        .collect()
}

#[track_caller]
fn is_whole(what: &str, drawn: &str) {
    let boxes = boxes(drawn);
    assert!(boxes.len() >= 10, "{what}");
    for (n, (a, words)) in boxes.iter().enumerate() {
        assert!(
            a[0] >= 60.0 && a[2] <= 1140.0 && a[1] >= 24.0 && a[3] <= 622.0,
            "{what}: “{words}” leaves the card: {a:?}"
        );
        for (b, other) in &boxes[n + 1..] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            assert!(apart, "{what}: “{words}” {a:?} lies over “{other}” {b:?}");
        }
    }
}

#[test]
fn nothing_is_covered_nor_cut() {
    let names = [
        "x".to_owned(),
        "w".repeat(119),
        "W".repeat(119),
        "模".repeat(119),
        "a b-c_d/e.f ".repeat(9),
        "i".repeat(400),
        "<b>&".repeat(30),
        String::new(),
    ];
    let mut reports: Vec<(String, Report)> = names.iter().map(|name| (format!("“{name}”"), named(name))).collect();
    reports.extend(
        odd_reports()
            .into_iter()
            .map(|(name, report)| (name.to_owned(), report)),
    );
    // Everything that can weaken a count, at once.
    let mut doubtful = named(&"w".repeat(119));
    for (at, matrix) in doubtful.models[2].matrices.iter_mut().enumerate() {
        (matrix.rows, matrix.cols) = (32, 32);
        let left = matrix.left.as_mut().unwrap();
        left.max_cos.iter_mut().for_each(|c| *c = 0.4);
        left.max_cos_upper = Some(
            left.max_cos
                .iter()
                .enumerate()
                .map(|(j, c)| if j == at { 0.7 } else { *c })
                .collect(),
        );
        left.tied_cos = Some(vec![0.9; left.max_cos.len()]);
        matrix.mode = Some(Mode::Certified);
        matrix.kind = Some("unheard-of-projection-of-the-state".repeat(3) + &at.to_string());
        matrix.delta.as_mut().unwrap().floor = Some(Floor {
            sigma: 1e9,
            above: 0,
            effective_rank: 0.0,
        });
    }
    doubtful.generator.engine = None;
    (doubtful.models[2].matching.matched, doubtful.models[2].matching.total) = (1, 3000);
    reports.push(("doubtful".into(), doubtful));
    let mut deep = named("deep");
    let first = deep.models[1].matrices[0].clone();
    deep.models[1].matrices = (0..500)
        .map(|layer| Matrix {
            name: format!("{layer}"),
            layer: Some(layer),
            kind: Some(format!("type-{}", layer % 20)),
            ..first.clone()
        })
        .collect();
    reports.push(("deep".into(), deep));
    for (name, report) in &reports {
        for model in 0..report.models.len() as u32 {
            for planned in [0, 9999] {
                let request = CardRequest {
                    planned,
                    ..request(model, Theme::Light)
                };
                let drawn = card_svg(report, &request).unwrap();
                assert!(!drawn.contains("NaN"), "{name}");
                is_whole(&format!("{name}, model {model}"), &drawn);
            }
        }
        assert_eq!(
            card_svg(report, &request(report.models.len() as u32, Theme::Light)),
            None
        );
    }
}

/// Each sentence of the reading stands on the card, and on its page as text.
#[test]
fn a_card_says_what_the_reading_says() {
    let report = gallery("sample.json");
    for (at, model) in report.models.iter().enumerate() {
        let told = lorascope::summary::reading(&report, &Settings::default(), at, 0).unwrap();
        let drawn = card_svg(&report, &request(at as u32, Theme::Dark)).unwrap();
        let said: Vec<String> = texts(&drawn).into_iter().map(|t| t.2).collect();
        let said = said.join(" ");
        for part in [&told.what, &told.how_sure, &told.what_follows] {
            assert!(said.contains(part.as_str()), "{part}: {said}");
        }
        assert!(
            said.contains(&model.label)
                && said.contains(&report.base.label)
                && said.contains("k = 10, ε = 0.50")
                && said.contains("Lorascope")
        );
        let page = card_page(&report, &request(at as u32, Theme::Light)).unwrap();
        assert!(!page.contains("<script") && !page.contains("script-src") && page.contains("default-src 'none'"));
        assert!(page.matches("<svg").count() == 2 && page.contains(&told.what_follows));
        if let Some(action) = &told.action {
            assert!(page.contains("reduce_intruder_dimension") && page.contains(&action.note));
        }
    }
}
