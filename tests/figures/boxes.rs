//! Words of figures measured: none over another and none cut, whatever the number and the names of the models.

use super::*;

/// The box of one text: its words, left, top, right and bottom in CSS pixels.
struct Words {
    text: String,
    area: [f64; 4],
}

/// The texts of a drawing. Letters are taken as narrow as a screen's font has them, so that what is found is really there.
fn words(svg: &str) -> Vec<Words> {
    let svg = &in_one_face(svg);
    const UNIT: f64 = 10.0;
    let attribute = |tag: &str, name: &str| -> String {
        let at = tag.find(&format!(" {name}=\"")).map(|at| at + name.len() + 3);
        at.map_or(String::new(), |at| tag[at..].split('"').next().unwrap().to_owned())
    };
    svg.split("<text ")
        .skip(1)
        .filter(|piece| !piece.contains("transform="))
        .map(|piece| {
            let (tag, rest) = piece.split_once('>').unwrap();
            let tag = format!(" {tag}");
            let number = |name: &str| attribute(&tag, name).parse::<f64>().unwrap() / UNIT;
            let text = rest.split("</text>").next().unwrap().trim().to_owned();
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            let (x, y, size) = (number("x"), number("y"), number("font-size"));
            let wide = 0.47 * size * text.chars().count() as f64;
            let left = match attribute(&tag, "text-anchor").as_str() {
                "start" => x,
                "middle" => x - 0.5 * wide,
                _ => x - wide,
            };
            let area = [left, y - 0.4 * size, left + wide, y + 0.35 * size];
            Words { text, area }
        })
        .collect()
}

fn over(a: &Words, b: &Words) -> bool {
    let ([l, t, r, u], [x, y, z, w]) = (a.area, b.area);
    let (across, down) = (r.min(z) - l.max(x), u.min(w) - t.max(y));
    // A halo is the same words around themselves.
    a.text != b.text && across > 1.0 && down > 1.0
}

/// Names as people have them.
fn names(kind: &str, n: usize) -> Vec<String> {
    (0..n)
        .map(|i| match kind {
            "short" => format!("m{i}"),
            "long" => format!(
                "meta-llama/Llama-3.1-8B-Instruct finetuned on a very long dataset name with dates 2026-01-01 run {i:03} of many"
            ),
            "right to left" => format!("نموذج اللغة العربية {i}"),
            _ => format!("experiment_2026_shared_prefix_{i:02}"),
        })
        .map(|name| name.chars().take(120).collect())
        .collect()
}

#[test]
fn no_words_stand_over_others_and_none_are_cut() {
    let mut seen = 0;
    for n in [1, 2, 8, 16, 64] {
        let ranks: Vec<Option<u32>> = (0..n).map(|i| [None, Some(8), Some(8), Some(64)][i % 4]).collect();
        for kind in ["short", "long", "right to left", "equal prefix"] {
            let mut report = report_of(&ranks, 3, &TYPES);
            for (model, name) in report.models.iter_mut().zip(names(kind, n)) {
                model.label = name;
            }
            let runs = FigureId::all()
                .filter(|f| !f.is_of_one_matrix() && f.needs == lorascope::figures::Needs::Nothing && !f.by_layer);
            for figure in runs.chain([named("effective-rank")]) {
                for width in [343.0, 632.0, 944.0] {
                    let request = request(figure, Theme::Light, width);
                    let drawn = svg(&report, &request);
                    let words = words(&drawn);
                    let what = format!("{n} models, {kind} names, {}, {width} px", figure.kind().id);
                    assert!(words.len() > 3, "{what}");
                    seen += words.len();
                    for (at, a) in words.iter().enumerate() {
                        let [left, top, right, _] = a.area;
                        let inside = left >= -1.0 && right <= width + 1.0 && top >= -1.0;
                        assert!(inside, "{what}: {} is cut at {:?}", a.text, a.area);
                        if let Some(b) = words[at + 1..].iter().find(|b| over(a, b)) {
                            panic!("{what}: {} {:?} over {} {:?}", a.text, a.area, b.text, b.area);
                        }
                    }
                }
            }
        }
    }
    assert!(seen > 10_000);
}
