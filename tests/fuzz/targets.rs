//! Fuzz targets: every reader of bytes that come from a file. Each takes any bytes and must return.

use lorascope::checkpoint::{Content, Reader};
use lorascope::error::Error;
use lorascope::figures::{self, FigureId, Focus, Request, Theme};
use lorascope::plan::Answers;
use lorascope::plan::names::leaf::leaf;
use lorascope::plan::names::{canonical, place};
use lorascope::report::{Mode, Report, Settings, Side, Task};
use lorascope::session::Session;
use lorascope::text::Tokenizer;
use lorascope::{analyze, export, summary};
use serde_json::Value;
use std::sync::LazyLock;

type Target = fn(&[u8]);

/// By name; `npm run fuzz -- NAME` runs one.
pub const TARGETS: [(&str, Target); 13] = [
    ("file", file),
    ("header", header),
    ("json", json),
    ("zip", file),
    ("pickle", pickle),
    ("names", names),
    ("plan", plan),
    ("stored", stored),
    ("report", report),
    ("adapter", adapter),
    ("packed", packed),
    ("config", config),
    ("tokenizer", tokenizer),
];

/// Any file: sniffed, then read as what it seems to be.
fn file(data: &[u8]) {
    let _ = read(data);
}

/// A tokenizer.json, and a text to it: each token has its part, in order.
fn tokenizer(data: &[u8]) {
    let Ok(tokenizer) = Tokenizer::read(data) else { return };
    for text in [
        "",
        " ab  Ab'S 12345 é🙂 <mask>ab<s>\n\n A\u{301}ﬁ ▁b…",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
    ] {
        let Ok(tokens) = tokenizer.encode(text) else { continue };
        assert_eq!(tokens.ids.len(), tokens.spans.len());
        let mut end = 0;
        for span in &tokens.spans {
            assert!(
                end <= span.start && text.get(span.clone()).is_some(),
                "{span:?} of {text:?}"
            );
            end = span.end;
        }
    }
}

/// The JSON of a safetensors header, with some bytes of data behind it.
fn header(data: &[u8]) {
    let file = [&(data.len() as u64).to_le_bytes()[..], data, &[0; 64]].concat();
    if let Ok(Content::Tensors(header)) = read(&file) {
        assert!(
            header
                .tensors
                .iter()
                .all(|t| t.begin <= t.end && t.end <= file.len() as u64)
        );
    }
}

/// Indices and configurations.
fn json(data: &[u8]) {
    let _ = read(&[b"{\"", data].concat());
}

/// A state dict behind the three pickles with which a torch file of before 1.6 begins.
fn pickle(data: &[u8]) {
    let start = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x00.";
    let _ = read(&[&start[..], data].concat());
}

/// Each line is a tensor's name: freed of wrappers, placed in the network, taken apart as an adapter's.
fn names(data: &[u8]) {
    for line in String::from_utf8_lossy(data).lines().take(4) {
        let canonical = canonical(line);
        assert_eq!(
            canonical
                .name
                .matches('.')
                .count()
                .saturating_sub(line.matches('.').count()),
            0
        );
        let _ = place(&canonical.name);
        let _ = leaf(line);
    }
}

/// Each line is a tensor's name, in a base and in a fine-tune of it; the first is also a pattern.
fn plan(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines: Vec<&str> = text.lines().take(6).collect();
    let mut session = Session::default();
    for (path, lines) in [
        ("base/model.safetensors", &lines[..]),
        ("tuned/model.safetensors", &lines[lines.len() / 2..]),
    ] {
        let mut entries = entries_of(lines);
        entries.push('}');
        let file = [
            &(entries.len() as u64).to_le_bytes()[..],
            entries.as_bytes(),
            &vec![0; 16 * lines.len()],
        ]
        .concat();
        let number = session.add_file(path, file.len() as u64);
        while let Some(range) = session.wants(number) {
            session.supply(number, &file[range.start as usize..range.end as usize]);
        }
    }
    let pattern = lines.first().copied().unwrap_or_default().to_owned();
    session.plan(&Answers([("pattern".to_owned(), pattern)].into()));
}

/// Any text as a stored report: what is opened is drawn in every figure, read at every place, and exported.
fn stored(data: &[u8]) {
    if let Ok(report) = export::read(&String::from_utf8_lossy(data)) {
        all_figures().for_each(|figure| draw(&report, figure));
        let _ = export::report(&report, &Settings::default());
        let _ = summary::remark(&report);
    }
}

/// A sound report with changed values, opened as a file would be and drawn as one figure: the first byte says which report, the second which
/// figure, each four after them which value becomes what.
fn report(data: &[u8]) {
    static SOUND: LazyLock<[Value; 5]> = LazyLock::new(|| {
        [
            &include_bytes!("corpus/stored/one")[..],
            include_bytes!("corpus/stored/run"),
            include_bytes!("corpus/stored/certified"),
            include_bytes!("corpus/stored/surgery"),
            include_bytes!("corpus/stored/panels"),
        ]
        .map(|text| {
            let text = String::from_utf8_lossy(text);
            if let Err(why) = export::read(&text) {
                panic!("{why}: {text}");
            }
            serde_json::from_str(&text).expect("JSON")
        })
    });
    let Some(([sound, figure], changes)) = data.split_first_chunk() else {
        return;
    };
    let mut value = SOUND[usize::from(*sound) % SOUND.len()].clone();
    for c in changes.chunks_exact(4).take(16) {
        let at = usize::from(u16::from_le_bytes([c[0], c[1]])) % size(&value);
        if let Some(node) = nth(&mut value, &mut { at }) {
            change(node, c[2], c[3]);
        }
    }
    if let Ok(report) = export::read(&value.to_string()) {
        let all: Vec<FigureId> = all_figures().collect();
        draw(&report, all[usize::from(*figure) % all.len()]);
        let _ = summary::remark(&report);
    }
}

/// How many values a value holds, itself counted.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(size).sum(),
        Value::Object(map) => map.values().map(size).sum(),
        _ => 0,
    }
}

/// The value that comes after `left` others, whole before parts.
fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|part| nth(part, left)),
        Value::Object(map) => map.values_mut().find_map(|part| nth(part, left)),
        _ => None,
    }
}

/// What keeps a report sound is likelier than what does not: numbers stay near what they were, lists lose their end.
fn change(value: &mut Value, what: u8, how: u8) {
    let part = f64::from(how) / 255.0;
    *value = match (what % 16, value.take()) {
        (0..=7, Value::Number(n)) if n.is_u64() => n.as_u64().map_or(0, |n| n.wrapping_add(u64::from(how)) % 7).into(),
        (0..=7, Value::Number(n)) => (n.as_f64().unwrap_or_default() * part).into(),
        (8, Value::Number(_)) => part.into(),
        (9, Value::Number(_)) => u64::from(how).into(),
        (10, Value::Number(_)) => [-1.0, 1e300, -1e-300, 1e38][usize::from(how) % 4].into(),
        (11, Value::Number(_)) => u32::MAX.into(),
        (0..=7, Value::Array(mut list)) => {
            list.truncate(usize::from(how) % (list.len() + 1));
            list.into()
        }
        (8..=11, Value::Array(mut list)) => {
            list.extend(list.first().cloned());
            list.into()
        }
        // Never a repeat of a repeat of a repeat.
        (0..=7, Value::String(text)) if text.len() < 256 => text.repeat(usize::from(how) % 40).into(),
        (8..=11, Value::String(text)) => {
            let lead = ["", "\u{202e}\u{0}<b>", "q", "layers.9999.x"][usize::from(how) % 4];
            format!("{lead}{text}").into()
        }
        (12, Value::Bool(is)) => (!is).into(),
        (13, _) => Value::Null,
        (14, Value::Null) => vec![part; usize::from(how) % 9].into(),
        (_, same) => same,
    };
}

/// Every figure, and the panels of lessons.
fn all_figures() -> impl Iterator<Item = FigureId> {
    FigureId::all().chain(FigureId::named("panel"))
}

fn draw(report: &Report, figure: FigureId) {
    let first = report.models.iter().flat_map(|m| &m.matrices).next();
    for (place, matrix) in [first.map(|m| m.name.clone()), None].into_iter().enumerate() {
        let mut request = Request::of(figure, Theme::Light, 400.0);
        request.matrix = matrix.clone();
        request.settings.side = [Side::Left, Side::Right, Side::Both][(place + report.models.len()) % 3];
        request.focus = Some(Focus {
            matrix,
            model: Some(0),
            i: Some(3),
            j: Some(1),
            ..Focus::default()
        });
        request.vector = (place == 1).then_some(2);
        request.panel = report.panels.get(place).map(|p| p.name.clone());
        let _ = figures::svg(report, &request);
        let _ = figures::alt(report, &request);
        let _ = figures::table(report, &request);
        for at in 0..8 {
            let _ = figures::hover(
                report,
                &request,
                f64::from(at % 4) * 110.0,
                40.0 + f64::from(at / 4) * 120.0,
            );
        }
        for (dx, dy) in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (i32::MAX, i32::MIN)] {
            let _ = figures::step(report, &request, dx, dy);
        }
        let _ = export::csv(report, &request);
        let _ = export::json(report, &request);
    }
}

/// An adapter of any parts and shapes on a small base, planned and computed in both modes: eight bytes per tensor say which module and part,
/// the shape, and the numbers.
fn adapter(data: &[u8]) {
    const PARTS: [&str; 24] = [
        "lora_A.weight",
        "lora_B.weight",
        "lora_magnitude_vector",
        "lora_E",
        "lora_down.weight",
        "lora_up.weight",
        "lora_mid.weight",
        "alpha",
        "hada_w1_a",
        "hada_w1_b",
        "hada_w2_a",
        "hada_w2_b",
        "lokr_w1",
        "lokr_w2",
        "lokr_w2_a",
        "lokr_w2_b",
        "oft_R.weight",
        "ia3_l",
        "vera_lambda_b",
        "vera_lambda_d",
        "diff",
        "dora_scale",
        "lora_a",
        "lora_b",
    ];
    const MODULES: [&str; 4] = [
        "layers.0.self_attn.q_proj",
        "layers.0.mlp.up_proj",
        "layers.0.mlp.experts",
        "layers.0.mlp.experts.gate_up_proj",
    ];
    let tensors: Vec<Small> = data
        .chunks_exact(8)
        .take(12)
        .map(|b| {
            let shape = b[2..6]
                .iter()
                .map(|d| u64::from(*d % 9))
                .take(usize::from(b[1] % 5))
                .collect();
            let name = format!(
                "{}.{}",
                MODULES[usize::from(b[0] >> 5) % 4],
                PARTS[usize::from(b[0] & 31) % 24]
            );
            Small::new(&name, "F32", shape, b[6], b[7])
        })
        .collect();
    let base = [
        Small::new("layers.0.self_attn.q_proj.weight", "F32", vec![6, 6], 3, 5),
        Small::new("layers.0.mlp.up_proj.weight", "F32", vec![8, 6], 7, 11),
        Small::new("layers.0.mlp.experts.gate_up_proj", "F32", vec![2, 8, 6], 1, 9),
    ];
    compute(&[
        ("base/model.safetensors", file_of(&base)),
        ("lora/adapter_model.safetensors", file_of(&tensors)),
    ]);
}

/// Packed weights: codes of 8 and 4 bits, their scales and states, of any shapes.
fn packed(data: &[u8]) {
    const ENDS: [(&str, &str); 8] = [
        ("", "F8_E4M3"),
        ("", "U8"),
        ("_scale_inv", "F32"),
        (".absmax", "F32"),
        (".quant_map", "F32"),
        (".nested_absmax", "F32"),
        (".nested_quant_map", "F32"),
        ("_scale", "F32"),
    ];
    let (state, data) = data.split_at(data.len().min(64));
    let weight = "layers.0.self_attn.q_proj.weight";
    let mut tensors: Vec<Small> = data
        .chunks_exact(6)
        .take(8)
        .map(|b| {
            let (end, dtype) = ENDS[usize::from(b[0] % 8)];
            let shape = b[2..4]
                .iter()
                .map(|d| u64::from(*d % 33))
                .take(usize::from(b[1] % 3))
                .collect();
            Small::new(&format!("{weight}{end}"), dtype, shape, b[4], b[5])
        })
        .collect();
    tensors.push(Small {
        name: format!("{weight}.quant_state.bitsandbytes__nf4"),
        dtype: "U8",
        shape: vec![state.len() as u64],
        bytes: state.to_vec(),
    });
    tensors.dedup_by(|a, b| a.name == b.name);
    let tuned = Small::new(weight, "F32", vec![6, 6], 3, 5);
    compute(&[
        ("base/model.safetensors", file_of(&tensors)),
        ("tuned/model.safetensors", file_of(&[tuned])),
    ]);
}

/// An adapter's configuration beside its weights and their base: patterns, ranks, scales.
fn config(data: &[u8]) {
    let module = "layers.1.self_attn.q_proj";
    let base = Small::new(&format!("{module}.weight"), "F32", vec![6, 6], 3, 5);
    let factors = [
        Small::new(
            &format!("base_model.model.{module}.lora_A.weight"),
            "F32",
            vec![2, 6],
            3,
            5,
        ),
        Small::new(
            &format!("base_model.model.{module}.lora_B.weight"),
            "F32",
            vec![6, 2],
            5,
            3,
        ),
    ];
    compute(&[
        ("base/model.safetensors", file_of(&[base])),
        ("lora/adapter_model.safetensors", file_of(&factors)),
        ("lora/adapter_config.json", data.to_vec()),
    ]);
}

/// A tensor of some bytes.
struct Small {
    name: String,
    dtype: &'static str,
    shape: Vec<u64>,
    bytes: Vec<u8>,
}

impl Small {
    /// Numbers that grow from `first` by `step`, in sixteenths around zero; a step of 255 brings numbers that are none.
    fn new(name: &str, dtype: &'static str, shape: Vec<u64>, first: u8, step: u8) -> Small {
        let count = shape.iter().product::<u64>() as usize;
        let codes = (0..count).map(|i| first.wrapping_add((i as u8).wrapping_mul(step)));
        let number = |c: u8| match (step, c) {
            (255, 0) => f32::NAN,
            (254, 0) => f32::INFINITY,
            (253, _) => (f32::from(c) - 128.0) * 1e36,
            _ => (f32::from(c) - 128.0) / 16.0,
        };
        let bytes = match dtype {
            "F32" => codes.flat_map(|c| number(c).to_le_bytes()).collect(),
            _ => codes.collect(),
        };
        Small {
            name: name.to_owned(),
            dtype,
            shape,
            bytes,
        }
    }
}

fn file_of(tensors: &[Small]) -> Vec<u8> {
    let (mut header, mut at) = (String::from("{"), 0);
    for (i, t) in tensors.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        header += &format!(
            "{comma}{:?}:{{\"dtype\":{:?},\"shape\":{:?},\"data_offsets\":[{at},{}]}}",
            t.name,
            t.dtype,
            t.shape,
            at + t.bytes.len()
        );
        at += t.bytes.len();
    }
    header.push('}');
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    tensors.iter().for_each(|t| file.extend(&t.bytes));
    file
}

/// Plans and computes, exactly and with certificates. What comes out is finite, its cosines are cosines, and it can be stored and opened.
fn compute(files: &[(&str, Vec<u8>)]) {
    let mut session = Session::default();
    for (path, bytes) in files {
        let number = session.add_file(path, bytes.len() as u64);
        while let Some(range) = session.wants(number) {
            session.supply(number, &bytes[range.start as usize..range.end as usize]);
        }
    }
    session.plan(&Answers([("types".to_owned(), "q,up,experts,other".to_owned())].into()));
    for mode in [Mode::Exact, Mode::Certified] {
        let task = Task {
            mode,
            ..(&Settings::default()).into()
        };
        let mut report = session.head("fuzz", 1);
        for (i, job) in session.jobs().iter().enumerate() {
            let ranges = session.ranges(i as u32);
            let bytes: Vec<Vec<u8>> = ranges
                .iter()
                .map(|r| files[r.file as usize].1[r.range.start as usize..r.range.end as usize].to_vec())
                .collect();
            for (model, matrix) in analyze::analyze(job, &bytes, &task, || 0.0) {
                report.models[model as usize].take(matrix);
            }
        }
        summary::apply(&mut report, &Settings::default());
        let stored = export::report(&report, &Settings::default());
        if let Err(why) = export::read(&stored) {
            panic!("{mode:?}: {why}");
        }
    }
}

/// `{"name":{...},...` with every tensor a 2 x 2 of F32.
fn entries_of(names: &[&str]) -> String {
    let mut text = String::from("{");
    for (i, name) in names.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        // Rust's form of a string is JSON's for all that matters here; what is not is refused by the reader.
        text += &format!(
            "{comma}{name:?}:{{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[{},{}]}}",
            16 * i,
            16 * i + 16
        );
    }
    text
}

/// Reads as the page does. A reader may ask for no range beyond the file, and must come to an end.
fn read(data: &[u8]) -> Result<Content, Error> {
    let mut reader = Reader::new(data.len() as u64);
    let mut asked = 0;
    while let Some(range) = reader.wants() {
        asked += 1;
        assert!(
            range.start <= range.end && range.end <= data.len() as u64,
            "asks for {range:?} of {}",
            data.len()
        );
        assert!(asked <= 1000 + data.len(), "never ends");
        reader.supply(&data[range.start as usize..range.end as usize]);
    }
    reader.content()
}
