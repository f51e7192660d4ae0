//! Text to tokens against the Python library: every text and case of the fixtures, and 100,000 made strings (`tests/fixtures/behave/strings.py`).

use crate::common::fixtures;
use crate::common::memory::measured;
use lorascope::error::Error;
use lorascope::text::{MOST_TEXT, Tokenizer, Tokens, utf16};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const FOLDERS: [&str; 6] = ["bert", "gpt2", "llama", "mistral", "qwen2", "roberta"];

fn bytes(path: &str) -> Vec<u8> {
    std::fs::read(fixtures().join("behave").join(path)).unwrap()
}

fn parsed(path: &str) -> Value {
    serde_json::from_slice(&bytes(path)).unwrap()
}

fn tokenizer(folder: &str) -> Tokenizer {
    Tokenizer::read(&bytes(&format!("{folder}/base/tokenizer.json"))).unwrap()
}

fn numbers<T: for<'de> Deserialize<'de>>(value: &Value) -> Vec<T> {
    serde_json::from_value(value.clone()).unwrap()
}

/// The ids without those that were added.
fn plain(tokens: &Tokens) -> Vec<u32> {
    let all = tokens.ids.iter().enumerate();
    all.filter(|(at, _)| !tokens.added.contains(at))
        .map(|(_, id)| *id)
        .collect()
}

/// In order, on characters, and none twice.
#[track_caller]
fn spans_are_in_order(text: &str, tokens: &Tokens) {
    assert_eq!(tokens.spans.len(), tokens.ids.len());
    let mut end = 0;
    for span in &tokens.spans {
        assert!(
            end <= span.start && span.start <= span.end,
            "{text:?} {:?}",
            tokens.spans
        );
        assert!(text.get(span.clone()).is_some(), "{text:?} {span:?}");
        end = span.end;
    }
    for at in &tokens.added {
        assert!(tokens.spans[*at].is_empty());
    }
    let units = utf16(text, &tokens.spans);
    let wide: Vec<u16> = text.encode_utf16().collect();
    for (span, unit) in tokens.spans.iter().zip(units) {
        assert_eq!(String::from_utf16(&wide[unit]).unwrap(), text[span.clone()]);
    }
}

#[test]
fn every_text_and_case_of_the_fixtures_has_the_tokens_of_the_library() {
    for folder in FOLDERS {
        let tokenizer = tokenizer(folder);
        let expected = &parsed(&format!("{folder}/expected.json"))["tokens"];
        for (name, texts) in expected["texts"].as_object().unwrap() {
            let text = String::from_utf8(bytes(&format!("{folder}/text_{name}.txt"))).unwrap();
            let tokens = tokenizer.encode(&text).unwrap();
            assert_eq!(tokens.ids, numbers::<u32>(&texts["ids"]), "{folder} {name}");
            assert_eq!(
                tokens.added,
                numbers::<usize>(&texts["added_positions"]),
                "{folder} {name}"
            );
            spans_are_in_order(&text, &tokens);
        }
        let cases = expected["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 59);
        for case in cases {
            let text = case["text"].as_str().unwrap();
            let tokens = tokenizer.encode(text).unwrap();
            assert_eq!(tokens.ids, numbers::<u32>(&case["ids"]), "{folder} {text:?}");
            assert_eq!(plain(&tokens), numbers::<u32>(&case["plain"]), "{folder} {text:?}");
            spans_are_in_order(text, &tokens);
        }
        let config = bytes(&format!("{folder}/base/tokenizer_config.json"));
        let mask = expected["mask_id"].as_u64().map(|id| id as u32);
        assert_eq!(tokenizer.mask(Some(&config), None).unwrap(), mask, "{folder}");
        assert_eq!(tokenizer.mask(None, None).unwrap(), mask, "{folder}");
        if let Some(id) = expected["unknown_id"].as_u64().map(|id| id as u32) {
            let piece = tokenizer.piece(id).unwrap();
            assert_eq!(tokenizer.id_of(&piece), Some(id), "{folder} {piece}");
        }
    }
}

/// splitmix64 (Steele, Lea, Flood 2014)
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// The generator of `strings.py`.
#[derive(Deserialize)]
struct Pools {
    words: Vec<String>,
    spaces: Vec<String>,
    marks: Vec<String>,
    code: Vec<String>,
    special: Vec<String>,
    ranges: Vec<(u32, u32)>,
}

impl Pools {
    fn read() -> Pools {
        serde_json::from_slice(&bytes("strings.json")).unwrap()
    }

    fn string(&self, random: &mut Random) -> String {
        let mut out = String::new();
        for _ in 0..1 + random.below(12) {
            let pool = match random.below(100) {
                0..50 => &self.words,
                50..62 => &self.spaces,
                62..76 => &self.marks,
                76..84 => &self.code,
                84..96 => {
                    let (from, to) = self.ranges[random.below(self.ranges.len())];
                    let point = from + random.below((to - from + 1) as usize) as u32;
                    out.push(char::from_u32(point).unwrap());
                    &Vec::new()
                }
                _ => &self.special,
            };
            if !pool.is_empty() {
                out.push_str(&pool[random.below(pool.len())]);
            }
            if random.below(2) == 1 {
                out.push(' ');
            }
        }
        out
    }

    fn block(&self, number: usize) -> Vec<String> {
        let mut random = Random(number as u64);
        (0..1000).map(|_| self.string(&mut random)).collect()
    }
}

/// FNV-1a, number by number.
fn hash(numbers: impl Iterator<Item = u64>) -> String {
    let hash = numbers.fold(0xcbf2_9ce4_8422_2325, |h: u64, n| {
        (h ^ n).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<u64> {
    let tokens = tokenizer.encode(text).unwrap();
    spans_are_in_order(text, &tokens);
    tokens.ids.iter().map(|id| u64::from(*id)).collect()
}

/// The ends of the pieces, in code points.
fn ends(tokenizer: &Tokenizer, text: &str) -> Vec<u64> {
    let tokens = tokenizer.encode(text).unwrap();
    let spans = tokens.spans.iter();
    spans.map(|span| text[..span.end].chars().count() as u64).collect()
}

/// The numbers of blocks whose hash is another. `LORASCOPE_STRINGS=FILE` takes the lines of `strings.py NAME N` and says which string it is.
fn differing(strings: &[Vec<String>], expected: &Value, name: &str, numbers: impl Fn(&str) -> Vec<u64>) -> Vec<usize> {
    let expected: Vec<String> = serde_json::from_value(expected.clone()).unwrap();
    assert_eq!(expected.len(), 100);
    let differing = |block: &usize| {
        let found = strings[*block].iter().flat_map(|text| {
            let numbers = numbers(text);
            std::iter::once(numbers.len() as u64).chain(numbers)
        });
        hash(found) != expected[*block]
    };
    let blocks: Vec<usize> = (0..strings.len()).filter(differing).collect();
    if let (false, Ok(file)) = (blocks.is_empty(), std::env::var("LORASCOPE_STRINGS")) {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let (text, theirs): (String, Vec<u64>) = serde_json::from_str(line).unwrap();
            let ours = numbers(&text);
            if ours != theirs {
                eprintln!("{name} {text:?}\n  {ours:?}\n  {theirs:?}");
            }
        }
    }
    blocks
}

fn strings(blocks: usize) -> Vec<Vec<String>> {
    let pools = Pools::read();
    (0..blocks).map(|block| pools.block(block)).collect()
}

#[test]
fn a_hundred_thousand_strings_have_the_tokens_of_the_library() {
    let strings = strings(100);
    let expected = &parsed("strings_expected.json")["ids"];
    for folder in FOLDERS {
        let tokenizer = tokenizer(folder);
        let blocks = differing(&strings, &expected[folder], folder, |text| ids(&tokenizer, text));
        assert!(blocks.is_empty(), "{folder}: blocks {blocks:?}");
    }
}

/// A tokenizer that only splits.
fn splitter(pattern: &str, behavior: &str, invert: bool) -> Tokenizer {
    let file = json!({
        "model": {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"},
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert},
    });
    Tokenizer::read(file.to_string().as_bytes()).unwrap()
}

#[test]
fn the_patterns_of_real_tokenizers_split_as_oniguruma_does() {
    let strings = strings(100);
    let expected = parsed("strings_expected.json");
    let mut wrong = BTreeMap::new();
    for (name, of) in expected["patterns"].as_object().unwrap() {
        let tokenizer = splitter(of["pattern"].as_str().unwrap(), "Isolated", false);
        let blocks = differing(&strings, &of["hashes"], name, |text| ends(&tokenizer, text));
        if !blocks.is_empty() {
            wrong.insert(name, blocks);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Every code point of Unicode, by the classes that patterns use.
#[test]
fn classes_hold_the_characters_that_oniguruma_holds() {
    let expected = parsed("strings_expected.json");
    let mut wrong = BTreeMap::new();
    for (at, (class, of)) in expected["classes"].as_object().unwrap().iter().enumerate() {
        let tokenizer = splitter(class, "Removed", true);
        let mut points = Vec::new();
        for start in (0..0x11_0000).step_by(4096) {
            let text: String = (start..start + 4096).filter_map(char::from_u32).collect();
            let tokens = tokenizer.encode(&text).unwrap();
            points.extend(
                tokens
                    .spans
                    .iter()
                    .map(|span| text[span.clone()].chars().next().unwrap() as u64),
            );
        }
        if hash(points.iter().copied()) != of["hash"].as_str().unwrap() {
            if let Ok(folder) = std::env::var("LORASCOPE_POINTS") {
                let theirs: Vec<u64> =
                    serde_json::from_slice(&std::fs::read(format!("{folder}/points-{at}.json")).unwrap()).unwrap();
                let sets =
                    [&points, &theirs].map(|list| list.iter().copied().collect::<std::collections::BTreeSet<_>>());
                let more: Vec<String> = sets[0].difference(&sets[1]).map(|c| format!("{c:x}")).collect();
                let less: Vec<String> = sets[1].difference(&sets[0]).map(|c| format!("{c:x}")).collect();
                eprintln!(
                    "{class}: more {} {:?}\n  less {} {:?}",
                    more.len(),
                    &more[..more.len().min(60)],
                    less.len(),
                    &less[..less.len().min(60)]
                );
            }
            wrong.insert(class.clone(), (points.len(), of["count"].clone()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn byte_level_tokens_cover_the_whole_text() {
    for folder in ["gpt2", "roberta", "llama"] {
        let tokenizer = tokenizer(folder);
        let mut joined = 0;
        for text in strings(2).concat() {
            let tokens = tokenizer.encode(&text).unwrap();
            let covered: String = tokens.spans.iter().map(|span| &text[span.clone()]).collect();
            assert_eq!(covered, text, "{folder}");
            joined += tokens.spans.iter().filter(|span| span.is_empty()).count() - tokens.added.len();
        }
        assert!(joined > 100, "{folder}: characters of several tokens");
    }
}

fn made(change: impl Fn(&mut Value)) -> Result<Tokenizer, Error> {
    let mut file = parsed("bert/base/tokenizer.json");
    change(&mut file);
    Tokenizer::read(file.to_string().as_bytes())
}

#[test]
fn what_the_file_says_of_length_and_chance_is_not_done() {
    let text = "The old farmer carries a red basket. ".repeat(40);
    let expected = tokenizer("bert").encode(&text).unwrap();
    let limited = made(|file| {
        file["truncation"] = json!({"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0});
        file["padding"] = json!({"strategy": {"Fixed": 900}, "direction": "Right", "pad_to_multiple_of": null,
            "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"});
    });
    assert_eq!(limited.unwrap().encode(&text).unwrap(), expected);
    let mut file = parsed("gpt2/base/tokenizer.json");
    file["model"]["dropout"] = json!(0.9);
    let steady = Tokenizer::read(file.to_string().as_bytes()).unwrap();
    assert_eq!(steady.encode(&text).unwrap(), tokenizer("gpt2").encode(&text).unwrap());
}

#[test]
fn old_files_and_byte_order_marks_are_read() {
    for folder in FOLDERS {
        let mut file = parsed(&format!("{folder}/base/tokenizer.json"));
        file["model"].as_object_mut().unwrap().remove("type");
        if let Some(merges) = file["model"]["merges"].as_array_mut() {
            for merge in merges {
                let two = merge.as_array().unwrap();
                *merge = json!(format!("{} {}", two[0].as_str().unwrap(), two[1].as_str().unwrap()));
            }
        }
        let old = Tokenizer::read(format!("\u{feff}{file}").as_bytes()).unwrap();
        let text = "An old lighthouse, 12 🙂 café.";
        assert_eq!(
            old.encode(text).unwrap(),
            tokenizer(folder).encode(text).unwrap(),
            "{folder}"
        );
    }
}

#[test]
fn the_mask_is_the_one_that_is_named() {
    let roberta = tokenizer("roberta");
    let named = |json: &str| roberta.mask(Some(json.as_bytes()), None);
    assert_eq!(named(r#"{"mask_token": {"content": "<pad>"}}"#).unwrap(), Some(1));
    assert_eq!(named(r#"{"mask_token": null}"#).unwrap(), Some(599));
    let map = br#"{"mask_token": "</s>"}"#;
    assert_eq!(roberta.mask(Some(b"{}"), Some(map)).unwrap(), Some(2));
    for wrong in [r#"{"mask_token": "[NONE]"}"#, "{", "\u{0}"] {
        assert_eq!(named(wrong).unwrap_err().told().code, "tokenizer-invalid");
    }
    assert_eq!(tokenizer("gpt2").mask(None, None).unwrap(), None);
}

/// A change to a file, and the code of the error that reading it, or a text, must give.
type Case<'a> = (&'a str, &'a dyn Fn(&mut Value), &'a str);

#[test]
fn a_file_that_would_stop_the_crate_is_an_error() {
    let text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! ﷺ b";
    let code = |change: &dyn Fn(&mut Value)| {
        let read = made(change).and_then(|tokenizer| tokenizer.encode(text));
        read.map_or_else(|e| e.told().code, |_| "read")
    };
    let set = |pointer: &'static str, value: Value| {
        move |file: &mut Value| {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            file.pointer_mut(parent).unwrap()[key] = value.clone();
        }
    };
    let split = |pattern: &str| {
        set(
            "/pre_tokenizer",
            json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false}),
        )
    };
    let bpe = |vocab: Value, merges: Value, prefix: Value| {
        set(
            "/model",
            json!({"type": "BPE", "vocab": vocab, "merges": merges, "continuing_subword_prefix": prefix}),
        )
    };
    let deep = (0..100).fold(
        json!({"type": "NFC"}),
        |inner, _| json!({"type": "Sequence", "normalizers": [inner]}),
    );
    let wide = json!({"type": "Sequence", "normalizers": vec![json!({"type": "NFC"}); 40]});
    let replace = |content: String| {
        set(
            "/normalizer",
            json!({"type": "Replace", "pattern": {"String": "a"}, "content": content}),
        )
    };
    let twice = json!({"type": "Replace", "pattern": {"Regex": "."}, "content": "aaaaaaaaaaaaaaaa"});
    let explosion = json!({"type": "Sequence", "normalizers": vec![twice; 12]});
    let charsmap = |bytes: &[u8]| {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        set(
            "/normalizer",
            json!({"type": "Precompiled", "precompiled_charsmap": text}),
        )
    };
    let template = |single: Value| {
        set(
            "/post_processor",
            json!({"type": "TemplateProcessing", "single": single, "pair": [],
                "special_tokens": {"x": {"id": "x", "ids": vec![1; 40], "tokens": []}}}),
        )
    };
    let a = json!({"Sequence": {"id": "A", "type_id": 0}});
    let x = json!({"SpecialToken": {"id": "x", "type_id": 0}});
    let invalid = "tokenizer-invalid";
    let unsupported = "tokenizer-unsupported";
    let cases: [Case; 29] = [
        (
            "merge without a whole",
            &bpe(json!({"a": 0, "b": 1}), json!([["a", "b"]]), Value::Null),
            invalid,
        ),
        (
            "merge of nothing",
            &bpe(json!({"a": 0}), json!([["a", "c"]]), Value::Null),
            invalid,
        ),
        (
            "short of a prefix",
            &bpe(json!({"a": 0, "b": 1}), json!([["a", "b"]]), json!("##")),
            invalid,
        ),
        (
            "within a letter",
            &bpe(json!({"a": 0, "é": 1}), json!([["a", "é"]]), json!("#")),
            invalid,
        ),
        (
            "three to merge",
            &bpe(json!({"a": 0}), json!(["a a a"]), Value::Null),
            invalid,
        ),
        (
            "unigram without unknown",
            &set(
                "/model",
                json!({"type": "Unigram", "vocab": [["a", -1.0]], "unk_id": 5}),
            ),
            invalid,
        ),
        (
            "unigram that covers little",
            &set("/model", json!({"type": "Unigram", "vocab": [["a", -1.0]]})),
            invalid,
        ),
        ("list for a map", &set("/model/vocab", json!([["a", 0.0]])), invalid),
        (
            "long words",
            &set("/model/max_input_chars_per_word", json!(1_000_000)),
            unsupported,
        ),
        (
            "unknown without an id",
            &set("/model/unk_token", json!("none")),
            invalid,
        ),
        ("another model", &set("/model/type", json!("Neural")), unsupported),
        ("no model", &set("/model", Value::Null), invalid),
        ("another version", &set("/version", json!("2.0")), unsupported),
        (
            "pieces of nothing",
            &set("/pre_tokenizer", json!({"type": "FixedLength", "length": 0})),
            unsupported,
        ),
        (
            "a pattern without end",
            &split(r"(?:a|aa|aaa)+(?!\w|!)z"),
            "tokenizer-pattern",
        ),
        ("a pattern that looks back", &split(r"(a*)*\1b"), "tokenizer-pattern"),
        ("a pattern that is none", &split(r"(a"), invalid),
        ("a class that is another", &split("[a--]"), unsupported),
        ("a pattern too large", &split(r"(?:\p{L}{1000}){1000}"), invalid),
        ("deep steps", &set("/normalizer", deep), invalid),
        ("many steps", &set("/normalizer", wide), unsupported),
        ("long replacement", &replace("b".repeat(5000)), unsupported),
        ("a text that grows", &set("/normalizer", explosion), unsupported),
        ("character map cut off", &charsmap(&[255, 255, 255, 255, 0]), invalid),
        (
            "character map that points out",
            &charsmap(&[4, 0, 0, 0, 0, 0xff, 0xff, 0xff]),
            invalid,
        ),
        (
            "template of two texts",
            &template(json!([a, {"Sequence": {"id": "B", "type_id": 0}}])),
            unsupported,
        ),
        ("template without text", &template(json!([x])), unsupported),
        (
            "template of what is not there",
            &template(json!([{"SpecialToken": {"id": "y", "type_id": 0}}, a])),
            invalid,
        ),
        ("template of many", &template(json!([x, x, a])), unsupported),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .map(|(name, change, expected)| (name, code(change), expected))
        .filter(|(_, code, expected)| code != *expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let long = "a".repeat(MOST_TEXT + 1);
    assert_eq!(
        tokenizer("bert").encode(&long).unwrap_err().told().code,
        "text-too-long"
    );
    assert!(Tokenizer::read(&vec![b' '; (64 << 20) + 1]).is_err_and(|e| e.told().code == "tokenizer-too-large"));
}

#[test]
fn reading_takes_memory_by_the_size_of_the_file() {
    let vocab = |n: u32| {
        (0..n)
            .map(|i| (format!("{i:x}"), json!(i)))
            .collect::<serde_json::Map<_, _>>()
    };
    let bpe = json!({"model": {"type": "BPE", "vocab": vocab(200_000), "merges": []}});
    let pieces: Vec<_> = (0..100_000).map(|i| json!([format!("{:x}", i * 7919), 0])).collect();
    let unigram = json!({"model": {"type": "Unigram", "vocab": pieces, "unk_id": 0}});
    let token = |i: u32| {
        json!({"id": i, "content": format!("<{i}>"), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": true, "special": false})
    };
    let added = json!({"model": {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"},
        "added_tokens": (0..50_000).map(token).collect::<Vec<_>>()});
    for (name, file, most) in [("bpe", bpe, 30.0), ("unigram", unigram, 100.0), ("added", added, 40.0)] {
        let file = file.to_string();
        let (read, took) = measured(|| Tokenizer::read(file.as_bytes()).map(drop));
        read.unwrap();
        let times = took.most as f64 / file.len() as f64;
        println!("{name}: {times:.1} times {} bytes", file.len());
        assert!(times < most, "{name}: {times:.1} times");
    }
}

/// Damage anywhere in a real file: an error, or tokens; never a panic.
#[test]
fn damaged_files_are_refused_or_read() {
    let pools = Pools::read();
    let mut random = Random(7);
    let mut read = 0;
    for folder in FOLDERS {
        let whole = parsed(&format!("{folder}/base/tokenizer.json"));
        for _ in 0..150 {
            let mut file = whole.clone();
            for _ in 0..1 + random.below(3) {
                damage(&mut file, &mut random);
            }
            let Ok(tokenizer) = Tokenizer::read(file.to_string().as_bytes()) else {
                continue;
            };
            for _ in 0..3 {
                let text = pools.string(&mut random);
                if let Ok(tokens) = tokenizer.encode(&text) {
                    spans_are_in_order(&text, &tokens);
                    read += 1;
                }
            }
        }
    }
    assert!(read > 500, "only {read} were read");
}

/// Another value somewhere: a step down at random until it stops.
fn damage(value: &mut Value, random: &mut Random) {
    let stop = random.below(6) == 0;
    match value {
        Value::Object(map) if !map.is_empty() && !stop => {
            let key = map.keys().nth(random.below(map.len())).unwrap().clone();
            damage(&mut map[&key], random);
        }
        Value::Array(list) if !list.is_empty() && !stop => {
            let at = random.below(list.len());
            damage(&mut list[at], random);
        }
        _ => {
            *value = match random.below(9) {
                0 => Value::Null,
                1 => json!(true),
                2 => json!(u64::MAX),
                3 => json!(-1),
                4 => json!(0),
                5 => json!(""),
                6 => json!("▁"),
                7 => json!({"type": "Sequence"}),
                _ => json!([["a", "b"]]),
            }
        }
    }
}
